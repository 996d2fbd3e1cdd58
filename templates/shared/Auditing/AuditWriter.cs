using System.Security.Cryptography;
using System.Text;
using Acme.App.Configuration;
using Serilog.Core;
using Serilog.Events;

namespace Acme.App.Auditing;

/// <summary>
/// The one writer of the log: chains the records, rolls the files, and takes up where the last process ended. A failure closes
/// the log, and the next record opens it anew.
/// </summary>
internal sealed class AuditWriter(AuditOptions options, AuditFiles files, AuditKeys keys, IHostEnvironment environment, TimeProvider time)
    : ILogEventSink, IDisposable
{
    public const string RecordsMissing = "records.missing";
    public const string SealInvalid = "seal.invalid";

    // The notes of the very first start stand before their seal, and a sudden end may come between.
    private const int MostFirstNotes = 2;

    private static readonly TimeSpan s_lookInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_rollInterval = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly AuditLineWriter _lines = new();
    private readonly StringBuilder _linesBefore = new();
    private readonly IncrementalHash _hash = keys.Current.CreateChainHash();
    private readonly byte[] _tag = new byte[AuditLine.TagBytes];
    private byte[] _mac = [];
    private FileStream? _lock;
    private FileStream? _seal;
    private FileStream? _file;
    private long _sequence;
    private long _known;
    private long _length;
    private long _firstInFile;
    private DateOnly _day;
    private DateTime _notRolled;
    private long _lastLook;
    private long _lost;
    private bool _started;
    private bool _letGo;

    public bool IsOpen => Volatile.Read(ref _file) is not null;

    /// <summary>Whether this process has written.</summary>
    public bool HasStarted => Volatile.Read(ref _started);

    /// <summary>Writes one record, safe from the process's end once this returns.</summary>
    public void Emit(LogEvent logEvent) => Guarded(() =>
    {
        Append(AuditEntry.From(logEvent));
        WriteSeal();
    });

    /// <summary>Writes records with one flush for all; they are on the disk once this returns.</summary>
    public void WriteDurably(IReadOnlyList<AuditEntry> entries) => Guarded(() =>
    {
        foreach (var entry in entries)
            Append(entry);
        RandomAccess.FlushToDisk(_file!.SafeFileHandle);
        Look();

        // Never before the records: a seal that is ahead of the log says that records are missing.
        WriteSeal();
    });

    /// <summary>Opens the log where it is closed, and sees that the file is still there.</summary>
    public void Open() => Guarded(() => EnsureOpen(time.GetUtcNow().UtcDateTime, _linesBefore));

    /// <summary>Brings everything written so far to the disk and tells where the chain then stood. Others go on writing meanwhile.</summary>
    public (long Sequence, string Mac) Flush()
    {
        FileStream? file = null;
        var head = (0L, "");
        Guarded(() =>
        {
            EnsureOpen(time.GetUtcNow().UtcDateTime, _linesBefore);
            head = (_sequence, Convert.ToHexStringLower(_mac));
            if (options.Shared)
                RandomAccess.FlushToDisk(_file!.SafeFileHandle);
            else
                file = _file;
        });
        if (file is not null)
            RandomAccess.FlushToDisk(file.SafeFileHandle);
        return head;
    }

    public void CountLost() => Interlocked.Increment(ref _lost);

    /// <summary>Sees to it that no other process writes this log until this one lets it go: at its end, or after a record where the log is shared.</summary>
    public void TakeLock()
    {
        // Its length, which is looked at from time to time, is not the file's, and a roll would leave the file behind.
        if (new FileInfo(files.Current).LinkTarget is not null)
            throw new ConfigurationException([new("Audit:Path", files.Current, "The audit file is a link.", "Set \"Audit:Path\" to the file itself.")]);
        try
        {
            _lock ??= AuditFiles.TakeTurn(files.Lock, options.Patience);
        }
        catch (IOException exception) when (AuditFiles.IsTaken(exception))
        {
            const string Remedy = "Stop it, set \"Audit:Path\" to a file of this process's own, or \"Audit:Shared\" to true for both.";
            throw new ConfigurationException([new("Audit:Path", files.Current, "Another process writes this audit log.", Remedy)]);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            Close();
            _lock?.Dispose();
            _lines.Dispose();
            _hash.Dispose();
        }
    }

    private void Guarded(Action action)
    {
        lock (_gate)
        {
            try
            {
                action();
                if (options.Shared)
                    Close();
                _letGo = options.Shared;
            }
            catch
            {
                Close();
                _letGo = false;
                throw;
            }
        }
    }

    private void Append(AuditEntry entry)
    {
        var now = time.GetUtcNow().UtcDateTime;
        EnsureOpen(now, entry.Lines);
        if ((_length >= options.MaxFileBytes || DateOnly.FromDateTime(now) != _day) && (now - _notRolled).Duration() >= s_rollInterval)
            Roll(now, entry.Lines);
        Chain(entry.Record, now, entry.Lines);
        _known = _sequence;
        // Opened between two records, it wrote lines that are forwarded with the next.
        entry.Lines?.Insert(0, _linesBefore);
        _linesBefore.Clear();
    }

    private void EnsureOpen(DateTime now, StringBuilder? lines)
    {
        if (_file is not null)
        {
            // Written behind what somebody cut off, the file would be as long as before, with a hole.
            if (_file.Length != _length || time.GetElapsedTime(_lastLook) >= s_lookInterval)
                Look();
            return;
        }

        TakeLock();
        _seal = AuditFiles.OpenPrivate(files.Seal, FileMode.OpenOrCreate, FileShare.Read);
        var (isSealed, sealedSequence, seal) = ReadSeal();
        _known = Math.Max(_known, sealedSequence);
        Volatile.Write(ref _file, AuditFiles.OpenPrivate(files.Current, FileMode.OpenOrCreate, FileShare.Read));
        var tail = AuditTail.Read(_file);
        (_length, _firstInFile, _day) = (tail.Length, tail.FirstSequence, tail.Day);
        var (torn, isNew) = (tail.TornBytes, tail.LastSequence == 0);
        if (isNew && files.Existing() is [.., var last, _])
        {
            using var full = new FileStream(last, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            tail = AuditTail.Read(full);
        }

        (_sequence, _mac) = (tail.LastSequence, tail.LastMac);
        if (isNew)
            (_firstInFile, _day) = (_sequence + 1, DateOnly.FromDateTime(now));
        var isSealGood = isSealed ? sealedSequence > _sequence || IsSealOf(sealedSequence, seal)
            : _sequence <= MostFirstNotes && tail.EndsInNote;
        var lost = Interlocked.Read(ref _lost);
        var notes = OpeningNotes(isNew, torn, isSealGood, lost).ToList();
        if (notes.Count == 0)
            return;
        foreach (var note in notes)
            Chain(note, now, lines);

        // The notes were written over the unfinished line, and only now its rest is cut off: at no moment is it gone and
        // nothing says so. The seal comes last for the same reason.
        if (_file.Length > _length)
            _file.SetLength(_length);
        RandomAccess.FlushToDisk(_file.SafeFileHandle);
        WriteSeal();
        _known = _sequence;
        Interlocked.Add(ref _lost, _started && !_letGo ? -lost : 0);
        Volatile.Write(ref _started, true);
    }

    private IEnumerable<AuditRecord> OpeningNotes(bool isNew, long torn, bool isSealGood, long lost)
    {
        var last = _sequence;
        if (isNew && last > 0)
            yield return Rolled();
        if (_known > last)
            yield return Recovered(RecordsMissing, $"The records {last + 1} to {_known} had been written and were gone; the numbers are given anew.");
        if (!isSealGood)
            yield return Recovered(SealInvalid, $"The seal beside the log was gone or was changed; records after {last} may have been cut off.");
        if (torn > 0)
            yield return Recovered("line.torn", $"An unfinished line of {torn} bytes was cut off.");
        if (!_started)
            yield return new AuditRecord(AuditActions.AuditStarted) { Environment = environment.EnvironmentName };
        else if (!_letGo)
            yield return Recovered("log.unavailable", $"The log could not be written for a time; records lost: {lost}.");
    }

    private AuditRecord Rolled() => new(AuditActions.AuditRolled) { PreviousMac = Convert.ToHexStringLower(_mac) };

    private static AuditRecord Recovered(string errorCode, string detail) =>
        new(AuditActions.AuditRecovered) { Success = false, ErrorCode = errorCode, Detail = detail };

    private void Chain(AuditRecord record, DateTime now, StringBuilder? lines)
    {
        var body = _lines.Write(record, _sequence + 1, now, keys.Current.Id);
        AuditLine.ComputeTag(_hash, _mac, body, _tag);
        var line = _lines.Complete(_tag.AsSpan(0, AuditLine.MacBytes));
        // At its place in one call of the system; to ask the stream for its handle makes another.
        _file!.Position = _length;
        _file.Write(line);
        _tag.AsSpan(0, AuditLine.MacBytes).CopyTo(_mac);
        _length += line.Length;
        _sequence++;
        lines?.Append(Encoding.ASCII.GetString(line));
    }

    private void Roll(DateTime now, StringBuilder? lines)
    {
        RandomAccess.FlushToDisk(_file!.SafeFileHandle);
        _file.Dispose();
        var isRolled = files.TryRoll(_firstInFile);
        Volatile.Write(ref _file, AuditFiles.OpenPrivate(files.Current, isRolled ? FileMode.CreateNew : FileMode.OpenOrCreate, FileShare.Read));
        if (!isRolled)
        {
            _notRolled = now;
            return;
        }

        (_length, _firstInFile, _day) = (0, _sequence + 1, DateOnly.FromDateTime(now));
        Chain(Rolled(), now, lines);
    }

    // An open file can be removed or replaced without its writer noticing, so its name is looked at from time to time.
    private void Look()
    {
        _lastLook = time.GetTimestamp();
        if (new FileInfo(files.Current) is not { Exists: true } found || found.Length != _length)
            throw new IOException("The audit file was removed, or something else wrote to it.");
    }

    private void WriteSeal()
    {
        Span<byte> text = stackalloc byte[AuditLine.SealLength];
        AuditLine.FormatSeal(_sequence, _tag, text);
        _seal!.Position = 0;
        _seal.Write(text);
    }

    private (bool IsWritten, long Sequence, string Seal) ReadSeal()
    {
        Span<byte> text = stackalloc byte[AuditLine.SealLength];
        var length = RandomAccess.Read(_seal!.SafeFileHandle, text, 0);
        return (length > 0, AuditLine.ParseSeal(text[..length], out var seal), seal);
    }

    /// <summary>Whether a seal is that of its record, which need not be the last: a sudden end may have come before the seal.</summary>
    private bool IsSealOf(long sequence, string seal)
    {
        if (AuditTail.IsSealOf(_file!, sequence, seal, keys.Chain) is { } isSeal)
            return isSeal;
        if (files.Existing() is not [.., var last, _])
            return false;
        using var full = new FileStream(last, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        return AuditTail.IsSealOf(full, sequence, seal, keys.Chain) == true;
    }

    private void Close()
    {
        _file?.Dispose();
        _seal?.Dispose();
        Volatile.Write(ref _file, null);
        _seal = null;
        if (!options.Shared)
            return;

        _lock?.Dispose();
        _lock = null;
    }
}
