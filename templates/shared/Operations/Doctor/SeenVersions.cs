namespace Acme.App.Operations.Doctor;

/// <summary>
/// The last version of each file that was searched. A history holds mostly versions that differ in a few lines: what a version has in
/// common with the one before, at its start and at its end, was searched there.
/// </summary>
internal sealed class SeenVersions(int mostBytes = 64 * 1024 * 1024)
{
    // More than a detector reads back and on together; only a block with a private key may be longer.
    private const int Context = 2048;

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
        var (end, endBefore) = (text.Length, before.Length);
        while (end > same && endBefore > same && text[end - 1] == before[endBefore - 1])
            (end, endBefore) = (end - 1, endBefore - 1);
        end = Math.Min(text.Length, end + Context);
        return text[Math.Max(0, start - SecretFinder.Overlap)..end].IndexOf("-----BEGIN "u8) < 0 ? start..end : ..;
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
