using System.Text.RegularExpressions;

namespace MistralTemplates.Tests.Documents;

/// <summary>The commands and the links of a document.</summary>
internal static partial class Markdown
{
    /// <summary>Each line of the blocks that are marked as shell.</summary>
    public static IReadOnlyList<string> Commands(string text) =>
        [.. ShellBlock().Matches(text.ReplaceLineEndings("\n")).SelectMany(match => match.Groups[1].Value.Split('\n')).Where(line => line.Trim().Length > 0 && !line.StartsWith('#'))];

    /// <summary>The links to files and headings that do not hold, of all documents in a folder.</summary>
    public static IReadOnlyList<string> BrokenLinks(string folder)
    {
        var documents = Directory.EnumerateFiles(folder, "*.md", SearchOption.AllDirectories)
            .Where(file => !Path.GetRelativePath(folder, file).Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj" or "artifacts" or "node_modules" or "templates"))
            .ToArray();
        Assert.NotEmpty(documents);
        return [.. documents.SelectMany(file => BrokenLinksOf(folder, file))];
    }

    private static IEnumerable<string> BrokenLinksOf(string folder, string file)
    {
        foreach (var target in Link().Matches(File.ReadAllText(file)).Select(match => match.Groups[1].Value).Where(target => !target.Contains("://", StringComparison.Ordinal)))
        {
            var parts = target.Split('#', 2);
            var linked = parts[0].Length == 0 ? file : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, parts[0]));
            var holds = parts.Length == 1 ? Path.Exists(linked) : File.Exists(linked) && Headings(linked).Contains(parts[1]);
            if (!holds)
                yield return $"{Path.GetRelativePath(folder, file)}: {target}";
        }
    }

    private static IEnumerable<string> Headings(string file) =>
        Heading().Matches(File.ReadAllText(file)).Select(match => NoLetter().Replace(match.Groups[1].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-'));

    [GeneratedRegex("^```shell\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex ShellBlock();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NoLetter();
}
