using System.Text;
using Acme.App.Guards;

namespace Acme.App.Operations.Doctor;

/// <summary>A secret in a text: its line and its fingerprint, and never its value.</summary>
internal readonly record struct FoundSecret(int Line, string Fingerprint);

/// <summary>
/// Looks for secrets of every kind that the guards know, and for the program's own keys letter by letter, in a file that is read piece by
/// piece: however large it is, two pieces are held. Made once for each thread.
/// </summary>
/// <param name="guards">Their shapes, and the values that they let pass.</param>
/// <param name="keys">The program's own.</param>
/// <param name="seen">What was searched under the same path before, so that only what changed is searched again.</param>
internal sealed class SecretFinder(SensitiveDataOptions guards, IReadOnlyList<string> keys, SeenVersions? seen = null)
{
    public const int PieceBytes = 256 * 1024;

    // More than a detector reads back and on together, a private key of 16 KiB at most, so that what a piece's end cuts is whole in the next.
    public const int Overlap = 20 * 1024;
    private const int LookForBinary = 8000;

    private readonly SensitiveDataDetector _detector = new(OnlySecrets(guards), modes => modes.Output);
    private readonly byte[][] _keys = [.. keys.Select(Encoding.UTF8.GetBytes)];
    private readonly byte[] _bytes = new byte[Overlap + PieceBytes];
    private readonly char[] _chars = new char[Overlap + PieceBytes];

    /// <summary>Whether the last file was binary: then only the program's own keys were looked for.</summary>
    public bool WasBinary { get; private set; }

    /// <param name="stream">Read from here.</param>
    /// <param name="length">The bytes of the file; fewer when the stream ends.</param>
    /// <param name="found">Takes the findings, each value once.</param>
    /// <param name="path">Under which the file's other versions were searched.</param>
    public void Find(Stream stream, long length, Dictionary<string, FoundSecret> found, string? path = null)
    {
        var (kept, line, isFirst) = (0, 1, true);
        Encoding encoding = Encoding.Latin1;
        WasBinary = false;
        while (true)
        {
            var wanted = (int)Math.Min(length, PieceBytes);
            var read = stream.ReadAtLeast(_bytes.AsSpan(kept, wanted), wanted, throwOnEndOfStream: false);
            length = read < wanted ? 0 : length - read;
            var piece = _bytes.AsSpan(0, kept + read);
            if (isFirst)
                encoding = EncodingOf(piece);
            var isWholeText = isFirst && length == 0 && !WasBinary && encoding == Encoding.Latin1;
            isFirst = false;
            var part = isWholeText && path is not null && seen is not null ? seen.ChangeOf(path, piece) : ..;
            var (start, size) = part.GetOffsetAndLength(piece.Length);
            var isFinal = length == 0 && start + size == piece.Length;
            var firstLine = line + piece[..start].Count((byte)'\n');
            FindKeys(piece[part], firstLine, found);
            if (!WasBinary)
                FindShapes(_chars.AsSpan(0, encoding.GetChars(piece[part], _chars)), firstLine, isFinal, found);
            if (length == 0)
                return;

            kept = Math.Min(Overlap, piece.Length);
            line += piece[..^kept].Count((byte)'\n');
            piece[^kept..].CopyTo(_bytes);
        }
    }

    private void FindKeys(ReadOnlySpan<byte> piece, int line, Dictionary<string, FoundSecret> found)
    {
        for (var index = 0; index < _keys.Length; index++)
            if (piece.IndexOf(_keys[index]) is var at and >= 0)
                Add(keys[index], line + piece[..at].Count((byte)'\n'), found);
    }

    private void FindShapes(ReadOnlySpan<char> text, int line, bool isFinal, Dictionary<string, FoundSecret> found)
    {
        var (position, floor, counted) = (0, 0, 0);
        while (_detector.Next(text, isFinal, ref position, ref floor, out _) is { } finding)
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
        if (start is [0xFF, 0xFE, ..])
            return Encoding.Unicode;
        if (start is [0xFE, 0xFF, ..])
            return Encoding.BigEndianUnicode;
        WasBinary = start[..Math.Min(start.Length, LookForBinary)].Contains((byte)0);
        return Encoding.Latin1;
    }

    private static SensitiveDataOptions OnlySecrets(SensitiveDataOptions guards) => new()
    {
        Secrets = new(GuardMode.Block, GuardMode.Block),
        Cards = new(),
        Ibans = new(),
        SocialSecurityNumbers = new(),
        Emails = new(),
        Phones = new(),
        IpAddresses = new(),
        Shapes = guards.Shapes,
        AllowedValues = guards.AllowedValues,
    };
}
