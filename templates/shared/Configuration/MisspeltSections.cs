namespace Acme.App.Configuration;

/// <summary>Sections that nobody reads, whose name is nearly that of one: their settings would be passed over in silence.</summary>
internal static class MisspeltSections
{
    // Those that .NET reads.
    private static readonly string[] s_others = ["Authentication", "Logging"];

    /// <summary>Environment variables are left out, since they are others' as well.</summary>
    public static IEnumerable<ConfigurationProblem> Find(IConfiguration configuration, IEnumerable<ValidatedSection> sections)
    {
        var known = sections.Select(section => section.Name.Split(':')[0]).Concat(s_others).Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        foreach (var name in configuration.GetChildren().Select(child => child.Key).Except(known, StringComparer.OrdinalIgnoreCase))
            if (known.FirstOrDefault(section => IsNear(section, name)) is { } meant
                && configuration.OriginOf(name) is var origin && !origin.StartsWith("environment variable", StringComparison.Ordinal))
                yield return new(name, origin, "There is no such section.", $"Write '{meant}' where that is meant, or give the section another name.");
    }

    /// <summary>Whether one letter is too many, lacks or is another one, or two neighbours are exchanged; whatever their case.</summary>
    private static bool IsNear(string one, string other)
    {
        var (left, right) = (one.ToUpperInvariant(), other.ToUpperInvariant());
        var same = left.AsSpan().CommonPrefixLength(right);
        (left, right) = (left[same..], right[same..]);
        return (left is [_, .. var one1] && (one1 == right || (right is [_, .. var rest] && one1 == rest)))
            || (right is [_, .. var other1] && left == other1)
            || (left is [var first, var second, .. var end] && right == $"{second}{first}{end}");
    }
}
