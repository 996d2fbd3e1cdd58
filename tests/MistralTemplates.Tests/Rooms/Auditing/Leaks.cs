using System.Text;

namespace MistralTemplates.Tests.Rooms.Auditing;

/// <summary>The shapes in which a canary must not be found.</summary>
internal static class Leaks
{
    public static IEnumerable<string> Shapes(string canary) =>
        [canary, Convert.ToBase64String(Encoding.UTF8.GetBytes(canary)), Uri.EscapeDataString(canary), canary[..8]];
}
