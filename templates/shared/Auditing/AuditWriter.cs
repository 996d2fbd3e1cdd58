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
internal sealed class AuditWriter(AuditOptions options, AuditFiles files, AuditKeys keys, string environment, TimeProvider time) : ILogEventSink, IDisposable
{
    public const string RecordsMissing = "records.missing";

    private static readonly TimeSpan s_lookInterval = TimeSpan.FromMilliseconds(100);
    private static readonly Caller s_program = new(null, null, null);

    private readonly Lock _gate = new();
    private readonly AuditLineWriter _lines = new(options, environment);
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
    private long _lastLook;
    private long _lost;
    private bool _started;

    public bool IsOpen => Volatile.Read(ref _file) is not null;

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
    public void Open() => Guarded(() => EnsureOpen(time.GetUtcNow().UtcDateTime, lines: null));

    /// <summary>Brings everything written so far to the disk and tells where the chain stands.</summary>
    public (long Sequence, string Mac) Flush()
    {
        var head = (0L, "");
        Guarded(() =>
        {
            EnsureOpen(time.GetUtcNow().UtcDateTime, lines: null);
            RandomAccess.FlushToDisk(_file!.SafeFileHandle);
            head = (_sequence, Convert.ToHexStringLower(_mac));
        });
        return head;
    }

    public void CountLost() => Interlocked.Increment(ref _lost);

    /// <summary>Sees to it that no other process writes this log for as long as this one lives.</summary>
    public void TakeLock()
    {
        try
        {
            _lock ??= AuditFiles.OpenPrivate(files.Lock, FileMode.OpenOrCreate, FileShare.None);
        }
        catch (IOException exception) when (exception.GetType() == typeof(IOException) && File.Exists(files.Lock))
        {
            throw new ConfigurationException([new ConfigurationProblem("Audit:Path", files.Current, "Another process writes this audit log.", "Stop it, or set \"Audit:Path\" to a file of this process's own.")]);
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
            }
            catch
            {
                Close();
                throw;
            }
        }
    }

    private void Append(AuditEntry entry)
    {
        var now = time.GetUtcNow().UtcDateTime;
        EnsureOpen(now, entry.Lines);
        if (_length >= options.MaxFileBytes || DateOnly.FromDateTime(now) > _day)
            Roll(now, entry.Lines);
        Chain(entry, now, entry.Lines);
        _known = _sequence;
    }

    private void EnsureOpen(DateTime now, StringBuilder? lines)
    {
        if (_file is not null)
        {
            if (time.GetElapsedTime(_lastLook) >= s_lookInterval)
                Look();
            return;
        }

        TakeLock();
        _seal = AuditFiles.OpenPrivate(files.Seal, FileMode.OpenOrCreate, FileShare.Read);
        _known = Math.Max(_known, SealedSequence());
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
        foreach (var note in OpeningNotes(isNew, torn))
            Chain(new AuditEntry(note, s_program, keepLines: false), now, lines);

        // The notes were written over the unfinished line, and only now its rest is cut off: at no moment is it gone and
        // nothing says so. The seal comes last for the same reason.
        if (_file.Length > _length)
            _file.SetLength(_length);
        WriteSeal();
        (_known, _started) = (_sequence, true);
    }

    private IEnumerable<AuditRecord> OpeningNotes(bool isNew, long torn)
    {
        var last = _sequence;
        if (isNew && last > 0)
            yield return Rolled();
        if (_known > last)
            yield return Recovered(RecordsMissing, $"The records {last + 1} to {_known} had been written and were gone; the numbers are given anew.");
        if (torn > 0)
            yield return Recovered("line.torn", $"An unfinished line of {torn} bytes was cut off.");
        yield return _started
            ? Recovered("log.unavailable", $"The log could not be written for a time; {Interlocked.Exchange(ref _lost, 0)} records were lost.")
            : new AuditRecord(AuditActions.AuditStarted);
    }

    private AuditRecord Rolled() => new(AuditActions.AuditRolled) { PreviousMac = Convert.ToHexStringLower(_mac) };

    private static AuditRecord Recovered(string errorCode, string detail) => new(AuditActions.AuditRecovered) { Success = false, ErrorCode = errorCode, Detail = detail };

    private void Chain(AuditEntry entry, DateTime now, StringBuilder? lines)
    {
        var body = _lines.Write(entry, _sequence + 1, now, keys.Current);
        AuditLine.ComputeTag(_hash, _mac, body, _tag);
        var line = _lines.Complete(_tag.AsSpan(0, AuditLine.MacBytes));
        RandomAccess.Write(_file!.SafeFileHandle, line, _length);
        _tag.AsSpan(0, AuditLine.MacBytes).CopyTo(_mac);
        _length += line.Length;
        _sequence++;
        lines?.Append(Encoding.ASCII.GetString(line));
    }

    private void Roll(DateTime now, StringBuilder? lines)
    {
        RandomAccess.FlushToDisk(_file!.SafeFileHandle);
        _file.Dispose();
        File.Move(files.Current, files.Full(_firstInFile));
        Volatile.Write(ref _file, AuditFiles.OpenPrivate(files.Current, FileMode.CreateNew, FileShare.Read));
        (_length, _firstInFile, _day) = (0, _sequence + 1, DateOnly.FromDateTime(now));
        Chain(new AuditEntry(Rolled(), s_program, keepLines: false), now, lines);
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
        RandomAccess.Write(_seal!.SafeFileHandle, text, 0);
    }

    private long SealedSequence()
    {
        Span<byte> text = stackalloc byte[AuditLine.SealLength];
        return AuditLine.ParseSeal(text[..RandomAccess.Read(_seal!.SafeFileHandle, text, 0)], out _);
    }

    private void Close()
    {
        _file?.Dispose();
        _seal?.Dispose();
        Volatile.Write(ref _file, null);
        _seal = null;
    }
}
