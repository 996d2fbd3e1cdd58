using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace MistralTemplates.Tests.Rooms.Auditing;

/// <summary>The shapes in which a canary must not be found.</summary>
internal static class Leaks
{
    public static IEnumerable<string> Shapes(string canary) =>
        [canary, Convert.ToBase64String(Encoding.UTF8.GetBytes(canary)), Uri.EscapeDataString(canary), canary[..8]];

    /// <summary>A canary as it stands in a Basic header (RFC 7617), without base64's padding, and escaped in JSON.</summary>
    public static IEnumerable<string> HiddenShapes(string canary) =>
    [
        .. new[] { "", "a:", "ab:", "user:" }.Select(user => Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}{canary}!")).TrimEnd('=')),
        Base64Url.EncodeToString(Encoding.UTF8.GetBytes(canary)),
        JsonEncodedText.Encode(canary).Value,
    ];
}

/// <summary>Looks for a canary key and a canary prompt; what it finds it tells by its place alone, so that no test's output leaks it either.</summary>
internal sealed class LeakSearch(string key, string prompt)
{
    private readonly string[] _key = [.. Leaks.Shapes(key)];
    private readonly string[] _prompt = [prompt, prompt[16..], Uri.EscapeDataString(prompt), Convert.ToBase64String(Encoding.UTF8.GetBytes(prompt))];

    public List<string> Found { get; } = [];

    public int Searched { get; private set; }

    public void Search(string place, params IEnumerable<string> texts)
    {
        Searched++;
        var text = string.Join('\n', texts);
        foreach (var (name, shapes) in new[] { ("key", _key), ("prompt", _prompt) })
            if (shapes.Any(shape => text.Contains(shape, StringComparison.OrdinalIgnoreCase)))
                Found.Add($"{place}: {name}");
    }
}
