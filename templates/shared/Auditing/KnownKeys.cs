using System.Buffers;
using System.Text;
using Acme.App.Keys;

namespace Acme.App.Auditing;

/// <summary>Finds every key that was ever in use in a text: as it is, in base64, URL-encoded, or its first eight characters.</summary>
internal sealed class KnownKeys(Func<IApiKeys> keys)
{
    private const int MaxKeys = 32;
    private const int PrefixLength = 8;

    private readonly Lock _gate = new();
    private readonly List<ApiKey> _seen = [];
    private volatile Needles _needles = new([], SearchValues.Create([], StringComparison.Ordinal));

    /// <summary>The text itself when no key is in it.</summary>
    public string Mask(string text)
    {
        var needles = Refresh();
        if (!text.AsSpan().ContainsAny(needles.Search))
            return text;

        foreach (var (shape, mask) in needles.Masks)
            text = text.Replace(shape, mask, StringComparison.Ordinal);
        return text;
    }

    private Needles Refresh()
    {
        var current = keys().CurrentOrDefault;
        var newest = _seen.Count > 0 ? _seen[^1] : null;
        if (current is null || ReferenceEquals(current, newest))
            return _needles;

        lock (_gate)
        {
            _seen.RemoveAll(key => key.Fingerprint == current.Fingerprint);
            _seen.Add(current);
            if (_seen.Count > MaxKeys)
                _seen.RemoveAt(0);
            var masks = _seen.SelectMany(Shapes).ToArray();
            return _needles = new Needles(masks, SearchValues.Create([.. masks.Select(mask => mask.Shape)], StringComparison.Ordinal));
        }
    }

    private static IEnumerable<(string Shape, string Mask)> Shapes(ApiKey key)
    {
        var (value, mask) = (key.Reveal(), $"[key {key.Fingerprint}]");
        if (value.Length == 0)
            yield break;

        yield return (value, mask);
        yield return (Convert.ToBase64String(Encoding.UTF8.GetBytes(value)), mask);
        yield return (Uri.EscapeDataString(value), mask);
        if (value.Length >= 2 * PrefixLength)
            yield return (value[..PrefixLength], mask);
    }

    private sealed record Needles(IReadOnlyList<(string Shape, string Mask)> Masks, SearchValues<string> Search);
}
