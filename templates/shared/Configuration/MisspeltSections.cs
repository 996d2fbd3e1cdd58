namespace Acme.App.Configuration;

/// <summary>Sections that nobody reads, whose name is that of one but for a letter: their settings would be passed over in silence.</summary>
internal static class MisspeltSections
{
    /// <summary>Environment variables are left out, since they are others' as well.</summary>
    public static IEnumerable<ConfigurationProblem> Find(IConfiguration configuration, IEnumerable<ValidatedSection> sections)
    {
        var known = sections.Select(section => section.Name.Split(':')[0]).Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        foreach (var name in configuration.GetChildren().Select(child => child.Key).Except(known, StringComparer.OrdinalIgnoreCase))
            if (known.FirstOrDefault(section => Distance(section, name) == 1) is { } meant
                && configuration.OriginOf(name) is var origin && !origin.StartsWith("environment variable", StringComparison.Ordinal))
                yield return new(name, origin, "There is no such section.", $"Write '{meant}' where that is meant, or give the section another name.");
    }

    /// <summary>How many letters are to be put in, taken out or changed (Levenshtein), whatever their case.</summary>
    private static int Distance(string one, string other)
    {
        var row = Enumerable.Range(0, other.Length + 1).ToArray();
        for (var i = 1; i <= one.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= other.Length; j++)
            {
                var cost = char.ToUpperInvariant(one[i - 1]) == char.ToUpperInvariant(other[j - 1]) ? 0 : 1;
                (diagonal, row[j]) = (row[j], Math.Min(diagonal + cost, Math.Min(row[j], row[j - 1]) + 1));
            }
        }

        return row[^1];
    }
}
