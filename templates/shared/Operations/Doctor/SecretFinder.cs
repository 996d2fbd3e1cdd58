using System.Buffers;
using System.Text;
using Acme.App.Guards;

namespace Acme.App.Operations.Doctor;

/// <summary>A secret in a text: its line and its fingerprint, and never its value.</summary>
internal readonly record struct FoundSecret(int Line, string Fingerprint);

/// <summary>
/// Looks for secrets of every kind that the guards know, and for the program's own keys letter by letter, in a file that is read piece by
/// piece: however large it is, two pieces are held. Made once for each thread.
/// </summary>
internal sealed class SecretFinder(SensitiveDataDetector detector, IReadOnlyList<string> keys)
{
    public const int PieceBytes = 256 * 1024;

    // More than a detector reads back and on together, a private key of 16 KiB at most, so that what a piece's end cuts is whole in the next.
    private const int Overlap = 20 * 1024;
    private const int LookForBinary = 8000;
    private const double MostZeros = 0.6;

    // What no text has: all control characters but tabs, ends of lines and the escape that colours a log.
    private static readonly SearchValues<byte> s_controls = SearchValues.Create(
        [.. Enumerable.Range(1, 31).Select(number => (byte)number).Except("\t\n\f\r\u001b"u8.ToArray())]);

    private readonly (byte[] Bytes, string Key)[] _keys =
        [.. keys.SelectMany(key => new[] { (Encoding.UTF8.GetBytes(key), key), (Encoding.Unicode.GetBytes(key), key) })];
    private readonly char[] _chars = new char[Overlap + PieceBytes];
    private readonly List<Range> _changed = [];
    private byte[] _bytes = new byte[Overlap + PieceBytes];

    // The last text that was whole in one piece.
    private byte[] _before = new byte[Overlap + PieceBytes];
    private int _beforeLength;
    private string? _beforePath;

    public static SecretFinder For(SensitiveDataOptions guards, IReadOnlyList<string> keys) => new(DetectorOf(guards), keys);

    public SecretFinder ForAnotherThread() => new(detector, keys);

    /// <summary>Secrets alone, with the shapes and the values to let pass that the guards have.</summary>
    public static SensitiveDataDetector DetectorOf(SensitiveDataOptions guards) =>
        new(guards, modes => modes == guards.Secrets ? GuardMode.Block : GuardMode.Allow);

    /// <summary>Whether the last file was binary: then only the program's own keys were looked for.</summary>
    public bool WasBinary { get; private set; }

    public void FindInFile(FileInfo file, Dictionary<string, FoundSecret> found)
    {
        WasBinary = false;
        // A pipe or a device has no length, and would not end.
        if (file.Length == 0)
            return;
        using var stream = file.Open(FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        Find(stream, file.Length, found);
    }

    /// <param name="length">The bytes of the file; fewer when the stream ends.</param>
    /// <param name="found">Takes the findings, each value once.</param>
    /// <param name="path">When the file before was a version of the same one, only what differs is searched.</param>
    public void Find(Stream stream, long length, Dictionary<string, FoundSecret> found, string? path = null)
    {
        var (kept, line, encoding) = (0, 1, (Encoding?)null);
        while (true)
        {
            var wanted = (int)Math.Min(length, PieceBytes);
            var read = stream.ReadAtLeast(_bytes.AsSpan(kept, wanted), wanted, throwOnEndOfStream: false);
            length = read < wanted ? 0 : length - read;
            var piece = _bytes.AsSpan(0, kept + read);
            if (encoding is null && length == 0 && (encoding = EncodingOf(piece)) == Encoding.Latin1 && !WasBinary && path is not null)
            {
                FindInVersion(piece, path, found);
                return;
            }

            encoding ??= EncodingOf(piece);
            FindInPiece(piece, line, encoding, length == 0, found);
            if (length == 0)
                return;

            kept = Math.Min(Overlap, piece.Length);
            line += piece[..^kept].Count((byte)'\n');
            piece[^kept..].CopyTo(_bytes);
        }
    }

    /// <summary>Looks in a text that git decoded.</summary>
    public void FindInText(string text, Dictionary<string, FoundSecret> found) => FindInText(text, 1, isFinal: true, found);

    private void FindInVersion(ReadOnlySpan<byte> text, string path, Dictionary<string, FoundSecret> found)
    {
        var before = _before.AsSpan(0, _beforeLength);
        // A private key is one finding with all of its lines, so that a change in one changes it.
        var holdsBlock = text.IndexOf("-----BEGIN "u8) >= 0;
        if (path != _beforePath || holdsBlock)
        {
            FindInPiece(text, 1, Encoding.Latin1, isFinal: true, found);
        }
        else
        {
            ChangedLines.Find(before, text, _changed);
            foreach (var part in _changed)
                FindInPiece(text[part], 1 + text[..part.Start].Count((byte)'\n'), Encoding.Latin1, isFinal: true, found);
        }

        (_before, _bytes, _beforeLength, _beforePath) = (_bytes, _before, text.Length, holdsBlock ? null : path);
    }

    private void FindInPiece(ReadOnlySpan<byte> piece, int line, Encoding encoding, bool isFinal, Dictionary<string, FoundSecret> found)
    {
        if (WasBinary)
        {
            foreach (var (bytes, key) in _keys)
                if (piece.IndexOf(bytes) is var at and >= 0)
                    Add(key, line + piece[..at].Count((byte)'\n'), found);
            return;
        }

        var text = _chars.AsSpan(0, encoding.GetChars(piece, _chars));
        FindInText(text.Contains('\0') ? WithoutZerosOfUtf16(text) : text, line, isFinal, found);
    }

    private void FindInText(ReadOnlySpan<char> text, int line, bool isFinal, Dictionary<string, FoundSecret> found)
    {
        foreach (var key in keys)
            if (text.IndexOf(key) is var at and >= 0)
                Add(key, line + text[..at].Count('\n'), found);
        var (position, floor, counted) = (0, 0, 0);
        while (detector.Next(text, isFinal, ref position, ref floor, out _) is { } finding)
        {
            line += text[counted..finding.Start].Count('\n');
            counted = finding.Start;
            Add(text[finding.Start..finding.End], line, found);
        }
    }

    private static void Add(ReadOnlySpan<char> value, int line, Dictionary<string, FoundSecret> found)
    {
        var fingerprint = AllowFile.FingerprintOf(value);
        found.TryAdd(fingerprint, new FoundSecret(line, fingerprint));
    }

    // Secrets are ASCII, so that Latin-1 reads them in every encoding but UTF-16, which PowerShell's ">" writes.
    private Encoding EncodingOf(ReadOnlySpan<byte> start)
    {
        WasBinary = false;
        if (start is [0xFF, 0xFE, not 0, ..] or [0xFF, 0xFE, 0, not 0, ..])
            return Encoding.Unicode;
        if (start is [0xFE, 0xFF, ..])
            return Encoding.BigEndianUnicode;
        // PowerShell's ">>" writes UTF-16 behind whatever is there, so that up to half of a text may be zeros, and more of a short one.
        var head = start[..Math.Min(start.Length, LookForBinary)];
        var zeros = head.Count((byte)0);
        WasBinary = zeros > 0 && (zeros > head.Length * MostZeros || head.ContainsAny(s_controls));
        return Encoding.Latin1;
    }

    /// <summary>They stand at every second place; any other zero ends a value.</summary>
    private static string WithoutZerosOfUtf16(ReadOnlySpan<char> text)
    {
        var kept = new StringBuilder(text.Length);
        for (var index = 0; index < text.Length; index++)
        {
            var isBehind = index > 1 && text[index - 1] != '\0' && text[index - 2] == '\0';
            var isBefore = index < text.Length - 2 && text[index + 1] != '\0' && text[index + 2] == '\0';
            if (text[index] != '\0' || !(isBehind || isBefore))
                kept.Append(text[index]);
        }

        return kept.ToString();
    }
}
