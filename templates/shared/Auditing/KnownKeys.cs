using System.Buffers;
using System.Text;
using Acme.App.Keys;

namespace Acme.App.Auditing;

/// <summary>Finds every key that was ever in use in a text: as it is, in base64, URL-encoded, or its first eight characters alone.</summary>
internal sealed class KnownKeys(Func<ApiKey?> current)
{
    private const int MaxKeys = 32;
    private const int PrefixLength = 8;

    private readonly Lock _gate = new();
    private readonly List<ApiKey> _seen = [];
    private volatile Shapes _shapes = new([], SearchValues.Create([], StringComparison.Ordinal), Newest: null);

    /// <returns>The text itself when no key is in it.</returns>
    public string Mask(string text)
    {
        var shapes = current() is { } key && !ReferenceEquals(key, _shapes.Newest) ? Learn(key) : _shapes;
        if (!text.AsSpan().ContainsAny(shapes.Search))
            return text;

        return shapes.All.Aggregate(text, (masked, shape) => masked.Replace(shape.Text, shape.Mask, StringComparison.Ordinal));
    }

    private Shapes Learn(ApiKey key)
    {
        lock (_gate)
        {
            _seen.RemoveAll(seen => seen.Fingerprint == key.Fingerprint);
            _seen.Add(key);
            _seen.RemoveRange(0, Math.Max(0, _seen.Count - MaxKeys));
            var all = _seen.SelectMany(ShapesOf).ToArray();
            return _shapes = new Shapes(all, SearchValues.Create([.. all.Select(shape => shape.Text)], StringComparison.Ordinal), key);
        }
    }

    // Longest first: the first characters alone are looked for in what is left.
    private static IEnumerable<(string Text, string Mask)> ShapesOf(ApiKey key)
    {
        var (value, mask) = (key.Reveal(), $"[key {key.Fingerprint}]");
        string[] texts = [Convert.ToBase64String(Encoding.UTF8.GetBytes(value)), Uri.EscapeDataString(value), value, value.Length >= 2 * PrefixLength ? value[..PrefixLength] : value];
        return texts.Where(text => text.Length > 0).Select(text => (text, mask));
    }

    private sealed record Shapes(IReadOnlyList<(string Text, string Mask)> All, SearchValues<string> Search, ApiKey? Newest);
}
