using System.Security.Cryptography;
using System.Text;

namespace Acme.App.Guards;

/// <summary>
/// Values in the shape of a secret that their providers publish for everybody, in samples, emulators and documentation. They are known
/// by digest, so that no scanner of source code takes the list for a leak.
/// </summary>
internal static class PublishedValues
{
    private const int DigestBytes = 16;
    private static readonly HashSet<string> s_digests = [.. KeyShape.ReadTable("published-values.txt").Select(line => line[..(2 * DigestBytes)])];

    public static bool Contains(ReadOnlySpan<char> value) =>
        value.Length <= TextWindow.Right
        && s_digests.Contains(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(value.ToArray())).AsSpan(0, DigestBytes)));
}
