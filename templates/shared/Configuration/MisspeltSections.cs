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
        var (shorter, longer) = one.Length <= other.Length ? (one, other) : (other, one);
        var same = 0;
        while (same < shorter.Length && AreSame(shorter[same], longer[same]))
            same++;
        return longer.Length - shorter.Length <= 1 && same < longer.Length
            && (EndsSame(shorter, same, longer, same + 1) || EndsSame(shorter, same + 1, longer, same + 1)
                || (same + 1 < shorter.Length && AreSame(shorter[same], longer[same + 1]) && AreSame(shorter[same + 1], longer[same])
                    && EndsSame(shorter, same + 2, longer, same + 2)));
    }

    private static bool EndsSame(string one, int at, string other, int otherAt) =>
        at <= one.Length && otherAt <= other.Length && one.AsSpan(at).Equals(other.AsSpan(otherAt), StringComparison.OrdinalIgnoreCase);

    private static bool AreSame(char one, char other) => char.ToUpperInvariant(one) == char.ToUpperInvariant(other);
}
