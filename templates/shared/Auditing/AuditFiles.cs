using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Acme.App.Auditing;

/// <summary>The log's files: the one being written, the full ones before it, and what lies beside them.</summary>
internal sealed class AuditFiles(string path, string? checkpoints = null)
{
    // EWOULDBLOCK on Linux and on macOS, ERROR_SHARING_VIOLATION and ERROR_LOCK_VIOLATION on Windows.
    private const int WouldBlock = 11;
    private const int WouldBlockOnMac = 35;
    private const int SharingViolation = unchecked((int)0x80070020);
    private const int LockViolation = unchecked((int)0x80070021);

    private readonly string _folder = Path.GetDirectoryName(path)!;
    private readonly string _stem = Path.GetFileNameWithoutExtension(path) + "-";
    private readonly string _extension = Path.GetExtension(path);

    public string Current => path;

    /// <summary>Holds the last line's number and seal.</summary>
    public string Seal => path + ".seal";

    public string Lock => path + ".lock";

    public string DevelopmentKeys => path + ".keys";

    /// <summary>Holds the checkpoints of this log: beside it, where no other place is set.</summary>
    public string Checkpoints => checkpoints ?? path + ".checkpoints";

    /// <summary>What the current file is called once it is full: its first record's number orders it.</summary>
    public string Full(long firstSequence) => Path.Combine(_folder, $"{_stem}{firstSequence:D12}{_extension}");

    /// <summary>Whether a path names one of the log's own files, however it is written.</summary>
    public bool Owns(string file) => new[] { Current, Seal, Lock, DevelopmentKeys }.Contains(file, StringComparer.OrdinalIgnoreCase)
        || (string.Equals(Path.GetDirectoryName(file), _folder, StringComparison.OrdinalIgnoreCase)
            && Path.GetFileName(file).StartsWith(_stem, StringComparison.OrdinalIgnoreCase)
            && Path.GetExtension(file).Equals(_extension, StringComparison.OrdinalIgnoreCase) && IsFull(file));

    /// <summary>The full files, oldest first, then the current one, as far as they exist.</summary>
    public IReadOnlyList<string> Existing() => !Directory.Exists(_folder) ? [] :
        [.. Directory.GetFiles(_folder, $"{_stem}*{_extension}").Where(IsFull).Order(StringComparer.Ordinal),
            .. File.Exists(path) ? [path] : Array.Empty<string>()];

    /// <summary>Gives the current file, which nobody has open, the name of a full one.</summary>
    /// <returns>
    /// Whether it has it now; not where another file has that name already, which what verifies the log will tell of, nor, on Windows, while
    /// somebody reads it.
    /// </returns>
    public bool TryRoll(long firstSequence)
    {
        try
        {
            File.Move(Current, Full(firstSequence));
            return true;
        }
        catch (IOException exception) when (IsTaken(exception) || Path.Exists(Full(firstSequence)))
        {
            return false;
        }
    }

    /// <summary>Opens a file, with its folder, that only the program's own user may read.</summary>
    public static FileStream OpenPrivate(string path, FileMode mode, FileShare share)
    {
        var folder = Path.GetDirectoryName(path)!;
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = share, BufferSize = 0 };
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
            return new FileStream(path, options);
        }

        // Whoever may write into the folder may put another file in this one's place.
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var stream = new FileStream(path, options);
        File.SetUnixFileMode(stream.SafeFileHandle, options.UnixCreateMode.Value);
        return stream;
    }

    /// <summary>Takes a lock file, and waits while another process has it.</summary>
    public static FileStream TakeTurn(string path, TimeSpan patience)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return OpenPrivate(path, FileMode.OpenOrCreate, FileShare.None);
            }
            catch (IOException exception) when (IsTaken(exception) && Stopwatch.GetElapsedTime(started) < patience)
            {
                Thread.Sleep(Random.Shared.Next(1, 10));
            }
        }
    }

    /// <summary>Whether a file could not be opened because another process has it.</summary>
    public static bool IsTaken(IOException exception) => exception.HResult is WouldBlock or WouldBlockOnMac or SharingViolation or LockViolation;

    private bool IsFull(string file) => Path.GetFileNameWithoutExtension(file)[_stem.Length..] is { Length: 12 } number && number.All(char.IsAsciiDigit);
}

/// <summary>How a file of the log ends: after its last whole line there may be one that was not finished.</summary>
internal sealed record AuditTail(long Length, long TornBytes, long FirstSequence, long LastSequence, byte[] LastMac, DateOnly Day, bool EndsInNote)
{
    // Where several processes write one log, each reads this for each record.
    private const int AFewLines = 4096;

    public static AuditTail Read(FileStream file)
    {
        var (head, tail) = ReadEnds(file, AFewLines);
        if (file.Length > AFewLines && (!head.Contains((byte)'\n') || tail.AsSpan().Count((byte)'\n') < 2))
            (head, tail) = ReadEnds(file, 2 * AuditLine.MaxBytes);
        var end = tail.AsSpan().LastIndexOf((byte)'\n');
        if (end < 0 && file.Length < AuditLine.MaxBytes)
            return new AuditTail(0, file.Length, 0, 0, new byte[AuditLine.MacBytes], default, EndsInNote: true);

        var lastLine = tail.AsSpan(0, Math.Max(0, end));
        if (!AuditLine.TryParse(lastLine[(lastLine.LastIndexOf((byte)'\n') + 1)..], out var last)
            || !AuditLine.TryParse(head.AsSpan(0, head.AsSpan().IndexOf((byte)'\n')), out var first))
        {
            throw new InvalidDataException(
                $"\"{Path.GetFileName(file.Name)}\" does not begin and end with audit records. "
                + "Run \"audit verify\", and move the log's files elsewhere to begin a new log.");
        }

        var torn = tail.Length - end - 1;
        var day = DateOnly.ParseExact(Encoding.ASCII.GetString(last.Timestamp[..10]), "yyyy-MM-dd", CultureInfo.InvariantCulture);
        var isNote = last.Body.IndexOf("\"action\":\"audit."u8) >= 0;
        return new AuditTail(file.Length - torn, torn, first.Sequence, last.Sequence, Convert.FromHexString(Encoding.ASCII.GetString(last.Mac)), day, isNote);
    }

    /// <returns>
    /// Whether a seal is that of its record; null where this file does not hold the record. Under a key that is not known it passes:
    /// the verifier will not take such a record.
    /// </returns>
    public static bool? IsSealOf(FileStream file, long sequence, string seal, IReadOnlyList<AuditKey> keys)
    {
        for (long most = AFewLines; ; most *= 16)
        {
            var text = ReadAt(file, Math.Max(0, file.Length - most), (int)Math.Min(most, Array.MaxLength));
            if (IsSealIn(text, text.Length == file.Length, sequence, seal, keys) is { } isSeal)
                return isSeal;
            if (text.Length == file.Length || most > Array.MaxLength)
                return null;
        }
    }

    private static bool? IsSealIn(ReadOnlySpan<byte> text, bool isWhole, long sequence, string seal, IReadOnlyList<AuditKey> keys)
    {
        Span<byte> previous = stackalloc byte[AuditLine.MacBytes];
        // Of what begins in the midst of a line, the first whole line tells the MAC before the next.
        var isKnown = isWhole;
        for (int end; (end = text.IndexOf((byte)'\n')) >= 0; text = text[(end + 1)..])
        {
            if (!AuditLine.TryParse(text[..end], out var line))
                continue;
            if (isWhole && line.Sequence > 1 && previous.IndexOfAnyExcept((byte)0) < 0)
                line.TryReadPreviousMac(previous);
            if (line.Sequence == sequence)
                return isKnown ? KeyOf(line, keys) is not { } key || line.SealAfter(previous, key) == seal : null;
            isKnown = Convert.FromHexString(line.Mac, previous, out _, out _) == OperationStatus.Done;
        }

        return null;
    }

    private static AuditKey? KeyOf(AuditLine line, IReadOnlyList<AuditKey> keys)
    {
        var id = Encoding.ASCII.GetString(line.KeyId);
        return keys.FirstOrDefault(key => key.Id == id);
    }

    private static (byte[] Head, byte[] Tail) ReadEnds(FileStream file, int most) =>
        (ReadAt(file, 0, most), ReadAt(file, Math.Max(0, file.Length - most), most));

    private static byte[] ReadAt(FileStream file, long position, int most)
    {
        var bytes = new byte[Math.Min(file.Length - position, most)];
        file.Position = position;
        file.ReadExactly(bytes);
        return bytes;
    }
}
