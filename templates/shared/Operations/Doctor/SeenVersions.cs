namespace Acme.App.Operations.Doctor;

/// <summary>
/// The last version of each file that was searched. A history holds mostly versions that differ in a few lines: what a version has in
/// common with the one before, at its start and at its end, was searched there.
/// </summary>
internal sealed class SeenVersions(int mostBytes = 64 * 1024 * 1024)
{
    // More than a detector reads back and on together; only a block with a private key may be longer.
    private const int Context = 2048;
    private const int Block = 256;

    private readonly Dictionary<string, Version> _versions = [];
    private int _bytes;

    /// <summary>Takes a version in, and gives what must be searched: what changed, from the start of a line, and what a detector reads around it.</summary>
    public Range ChangeOf(string path, ReadOnlySpan<byte> text)
    {
        var change = _versions.TryGetValue(path, out var known) ? Compare(known.Text, text) : ..;
        if (known is null)
            _versions[path] = known = new Version();
        _bytes += known.Keep(text);
        if (_bytes > mostBytes)
        {
            _versions.Clear();
            _bytes = 0;
        }

        return change;
    }

    private static Range Compare(ReadOnlySpan<byte> before, ReadOnlySpan<byte> text)
    {
        var same = text.CommonPrefixLength(before);
        var start = text[..Math.Max(0, same - Context)].LastIndexOf((byte)'\n') + 1;
        var after = Math.Max(0, CommonSuffixLength(text[same..], before[same..]) - Context);
        return HoldsBlock(text, start, after) || HoldsBlock(before, start, after) ? .. : start..^after;
    }

    // A private key is one finding with all that it holds, so that its first line, once there or gone, changes what is found far below.
    private static bool HoldsBlock(ReadOnlySpan<byte> text, int start, int after) => text[Math.Max(0, start - SecretFinder.Overlap)..^after].IndexOf("-----BEGIN "u8) >= 0;

    private static int CommonSuffixLength(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other)
    {
        var (length, most) = (0, Math.Min(one.Length, other.Length));
        while (length + Block <= most && one[^(length + Block)..^length].SequenceEqual(other[^(length + Block)..^length]))
            length += Block;
        while (length < most && one[^(length + 1)] == other[^(length + 1)])
            length++;
        return length;
    }

    /// <summary>A text in an array that its next versions use again.</summary>
    private sealed class Version
    {
        private byte[] _bytes = [];
        private int _length;

        public ReadOnlySpan<byte> Text => _bytes.AsSpan(0, _length);

        /// <returns>The bytes by which the array has grown.</returns>
        public int Keep(ReadOnlySpan<byte> text)
        {
            var grown = 0;
            if (text.Length > _bytes.Length)
            {
                var larger = new byte[text.Length + (text.Length / 4)];
                grown = larger.Length - _bytes.Length;
                _bytes = larger;
            }

            text.CopyTo(_bytes);
            _length = text.Length;
            return grown;
        }
    }
}
