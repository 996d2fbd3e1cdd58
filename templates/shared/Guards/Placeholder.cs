using System.Buffers;

namespace Acme.App.Guards;

/// <summary>Tells random values from what people write in their place.</summary>
internal static class Placeholder
{
    private static readonly SearchValues<string> Words = SearchValues.Create(
        ["example", "placeholder", "changeme", "your", "xxxx", "redacted", "sample", "dummy", "insert", "todo", "cleartext", "plaintext", "...", "****", "${", "{{", "$(", "abcdefgh", "123456789012", "process.env", "environ", "getenv"],
        StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a value looks made by a machine or a person to be secret, and not put there for somebody to replace.</summary>
    public static bool IsUnlikely(ReadOnlySpan<char> value, bool ofKey) =>
        Entropy(value) >= (!ofKey ? 1.5 : value.Length < 20 ? 2.4 : 2.8) && (value.Length > 80 || !value.ContainsAny(Words));

    /// <summary>Shannon's entropy in bits for each character.</summary>
    public static double Entropy(ReadOnlySpan<char> value)
    {
        Span<ushort> counts = stackalloc ushort[128];
        counts.Clear();
        foreach (var character in value)
            counts[character & 127]++;

        var sum = 0.0;
        foreach (var count in counts)
            if (count > 1)
                sum += count * Math.Log2(count);
        return value.Length == 0 ? 0 : Math.Log2(value.Length) - (sum / value.Length);
    }
}
