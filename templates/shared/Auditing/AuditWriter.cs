using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Acme.App.Configuration;
using Serilog.Core;
using Serilog.Events;

namespace Acme.App.Auditing;

/// <summary>
/// The one writer of the log: chains the records, rolls the files, and takes up where the last process ended. After a failure
/// the log is closed, and the next record opens it anew.
/// </summary>
internal sealed class AuditWriter(AuditOptions options, AuditFiles files, AuditKeys keys, string environment, TimeProvider time) : ILogEventSink, IDisposable
{
    private static readonly TimeSpan s_lookInterval = TimeSpan.FromMilliseconds(100);
    private static readonly Caller s_program = new(null, null, null);

    private readonly Lock _gate = new();
    private readonly Lock _flushGate = new();
    private readonly AuditLineWriter _lines = new(options, environment);
    private readonly IncrementalHash _hash = keys.Current.CreateHash();
    private readonly byte[] _tag = new byte[2 * AuditLine.MacBytes];
    private byte[] _mac = new byte[AuditLine.MacBytes];
    private FileStream? _lock;
    private FileStream? _seal;
    private FileStream? _file;
    private long _sequence;
    private long _known;
    private long _length;
    private long _firstInFile;
    private DateOnly _day;
    private long _lastLook;
    private int _timesClosed;
    private bool _started;

    /// <summary>The records that were lost since the last one that was written.</summary>
    public long Lost;

    public bool IsOpen => Volatile.Read(ref _file) is not null;

    public void Emit(LogEvent logEvent) => Append(AuditEntry.From(logEvent));

    /// <summary>Opens the log where it is closed.</summary>
    public void Open() => Locked(() => EnsureOpen(time.GetUtcNow().UtcDateTime, written: null));

    public void Append(AuditEntry entry) => Locked(() =>
    {
        var now = time.GetUtcNow().UtcDateTime;
        EnsureOpen(now, entry.Written);
        if (_length >= options.MaxFileBytes || DateOnly.FromDateTime(now) > _day)
            Roll(now, entry.Written);
        Chain(entry, now, entry.Written);
        _known = _sequence;
        if (options.Durability == AuditDurability.Process)
            WriteSeal(_sequence, _tag);
    });

    /// <summary>Brings everything written so far to the disk and tells where the chain then stands.</summary>
    public (long Sequence, string Mac) Flush()
    {
        long sequence = 0;
        var closed = 0;
        var tag = new byte[_tag.Length];
        Locked(() =>
        {
            (sequence, closed) = (_sequence, _timesClosed);
            _tag.CopyTo(tag, 0);
        });
        lock (_flushGate)
        {
            if (_file is null || closed != _timesClosed)
                throw new IOException("The audit log was closed before its records were on the disk.");
            RandomAccess.FlushToDisk(_file.SafeFileHandle);
            WriteSeal(sequence, tag);
        }

        Locked(() => Look(always: true));
        return (sequence, Convert.ToHexStringLower(tag.AsSpan(0, AuditLine.MacBytes)));
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

    private void Locked(Action action)
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

    private void EnsureOpen(DateTime now, StringBuilder? written)
    {
        if (_file is not null)
        {
            Look(always: false);
            return;
        }

        Directory.CreateDirectory(files.Folder);
        TakeLock();
        _seal = PrivateFile.Open(files.Seal, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        _known = Math.Max(_known, SealedSequence(_seal));
        var file = PrivateFile.Open(files.Current, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        Volatile.Write(ref _file, file);
        var tail = AuditTail.Read(file);
        var (torn, isNewFile) = (tail.TornBytes, tail.LastSequence == 0);
        _length = tail.Length;
        if (isNewFile && files.Existing() is [.., var last, _])
        {
            using var full = new FileStream(last, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            tail = AuditTail.Read(full);
        }

        (_sequence, _mac, _firstInFile, _day) = (tail.LastSequence, tail.LastMac, isNewFile ? tail.LastSequence + 1 : tail.FirstSequence, isNewFile ? DateOnly.FromDateTime(now) : tail.Day);
        foreach (var note in OpeningNotes(isNewFile, torn))
            Chain(new AuditEntry(note, s_program), now, written);

        // The notes are written over the unfinished line, and only then its rest is cut off: there is no moment at which it
        // is gone and nothing says so. The seal comes last for the same reason.
        if (file.Length > _length)
            file.SetLength(_length);
        WriteSeal(_sequence, _tag);
        (_known, Lost, _started) = (_sequence, 0, true);
    }

    private IEnumerable<AuditRecord> OpeningNotes(bool isNewFile, long torn)
    {
        var last = _sequence;
        if (isNewFile && last > 0)
            yield return Rolled();
        if (_known > last)
            yield return Recovered(AuditErrors.RecordsMissing, $"The records {last + 1} to {_known} had been written and were not there any more; {last + 1} and what follows are new.");
        if (torn > 0)
            yield return Recovered(AuditErrors.LineTorn, $"An unfinished line of {torn} bytes was cut off.");
        yield return _started
            ? Recovered(AuditErrors.LogUnavailable, $"The log could not be written for a time; {Lost} records were lost.")
            : new AuditRecord(AuditActions.AuditStarted);
    }

    private AuditRecord Rolled() => new(AuditActions.AuditRolled) { PreviousMac = Convert.ToHexStringLower(_mac) };

    private static AuditRecord Recovered(string errorCode, string detail) =>
        new(AuditActions.AuditRecovered) { Success = false, ErrorCode = errorCode, Detail = detail };

    private void Chain(AuditEntry entry, DateTime now, StringBuilder? written)
    {
        var body = _lines.Write(entry, _sequence + 1, now, keys.Current);
        AuditLine.ComputeTag(_hash, _mac, body, _tag);
        var line = _lines.Complete(_tag.AsSpan(0, AuditLine.MacBytes));
        RandomAccess.Write(_file!.SafeFileHandle, line, _length);
        _tag.AsSpan(0, AuditLine.MacBytes).CopyTo(_mac);
        _length += line.Length;
        _sequence++;
        written?.Append(Encoding.ASCII.GetString(line));
    }

    private void Roll(DateTime now, StringBuilder? written)
    {
        lock (_flushGate)
        {
            if (options.Durability == AuditDurability.Disk)
                RandomAccess.FlushToDisk(_file!.SafeFileHandle);
            _file!.Dispose();
            File.Move(files.Current, files.Full(_firstInFile));
            Volatile.Write(ref _file, PrivateFile.Open(files.Current, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read));
            (_length, _firstInFile, _day) = (0, _sequence + 1, DateOnly.FromDateTime(now));
        }

        Chain(new AuditEntry(Rolled(), s_program), now, written);
    }

    // An open file can be removed or replaced without the writer noticing, so its name is looked at from time to time.
    private void Look(bool always)
    {
        if (_file is null || (!always && time.GetElapsedTime(_lastLook) < s_lookInterval))
            return;

        _lastLook = time.GetTimestamp();
        if (new FileInfo(files.Current) is not { Exists: true } found || found.Length != _length)
            throw new IOException("The audit file was removed, or something else wrote to it.");
    }

    public void TakeLock()
    {
        try
        {
            _lock ??= PrivateFile.Open(files.Lock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception) when (exception.GetType() == typeof(IOException) && File.Exists(files.Lock))
        {
            throw new ConfigurationException([new ConfigurationProblem($"{AuditOptions.SectionName}:{nameof(AuditOptions.Path)}", files.Current,
                "Another process writes this audit log.", "Stop it, or set \"Audit:Path\" to a file of this process's own.")]);
        }
    }

    private void WriteSeal(long sequence, ReadOnlySpan<byte> tag)
    {
        Span<byte> text = stackalloc byte[AuditSeal.Length];
        AuditSeal.Format(sequence, tag[AuditLine.MacBytes..], text);
        RandomAccess.Write(_seal!.SafeFileHandle, text, 0);
    }

    private static long SealedSequence(FileStream seal)
    {
        var text = new byte[AuditSeal.Length];
        return RandomAccess.Read(seal.SafeFileHandle, text, 0) == text.Length && AuditSeal.TryParse(text, out var sequence, out _) ? sequence : 0;
    }

    private void Close()
    {
        lock (_flushGate)
        {
            _file?.Dispose();
            _seal?.Dispose();
            Volatile.Write(ref _file, null);
            _seal = null;
            _timesClosed++;
        }
    }
}
