using System.Text.RegularExpressions;
using Acme.App.Keys;

namespace Acme.App.Operations.Doctor;

/// <summary>What a container file would put into the image, where every layer keeps it.</summary>
internal static class ContainerFileCheck
{
    private const int MostLength = 1000;

    private static readonly string[] s_kept = [".env", ".env.local", ".env.Production"];
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(1);
    private static readonly string[] s_names = ["Dockerfile", "Containerfile"];
    private static readonly char[] s_betweenWords = [' ', '\t', '"', '[', ']', ','];

    public static Verdict Run(IServiceProvider services)
    {
        var patient = services.GetRequiredService<Patient>();
        var files = patient.Folders.SelectMany(Directory.EnumerateFiles).Where(IsContainerFile).ToList();
        if (files.Count == 0)
            return Verdict.NotChecked("there is no container file here.");

        var (finder, allowed) = (SecretFinder.For(RepositoryChecks.GuardsOf(services), []), AllowFile.Read(patient));
        foreach (var file in files)
        {
            var found = new Dictionary<string, FoundSecret>();
            finder.FindInFile(new FileInfo(file), found);
            var secrets = found.Values.Where(secret => !allowed.Contains(secret.Fingerprint)).Select(secret => secret.Line);
            var carrying = Instructions(File.ReadLines(file)).Where(IsCarrying).Select(instruction => instruction.Line);
            if (secrets.Concat(carrying).FirstOrDefault() is var line and > 0)
                return Verdict.Failed(
                    $"{Path.GetFileName(file)} line {line} puts a secret into the image, where every layer keeps it.",
                    "Remove the line, and give the program its secrets when it starts.");
            // One that bears the container file's name is taken in place of the common one.
            var ignore = File.Exists(file + ".dockerignore") ? file + ".dockerignore" : Path.Combine(Path.GetDirectoryName(file)!, ".dockerignore");
            var patterns = File.Exists(ignore) ? Patterns(File.ReadLines(ignore)) : [];
            var home = Path.GetRelativePath(Path.GetDirectoryName(file)!, patient.Home).Replace('\\', '/');
            string[] folders = ["", home is "." or ['.', '.', ..] ? "src/App/" : home + "/"];
            if (folders.SelectMany(folder => s_kept.Select(name => folder + name)).FirstOrDefault(path => !IsIgnored(path, patterns)) is { } taken)
                return Verdict.Failed(
                    $"No {Path.GetFileName(ignore)} beside {Path.GetFileName(file)} keeps a file such as {taken} out of the build.",
                    "Write one with **/.env, **/.env.*, **/*.pem, **/*.key and **/secrets/, and !**/.env.example below them.");
        }

        return Verdict.Passed("The container file sets no key, and copies none.");
    }

    /// <summary>The instructions, each with the lines that a backslash goes on to, and with its first line.</summary>
    private static IEnumerable<(string Text, int Line)> Instructions(IEnumerable<string> lines)
    {
        var (text, first) = ("", 1);
        foreach (var (index, line) in lines.Select(line => line.Trim()).Index())
        {
            if (line is ['#', ..] or "")
                continue;
            first = text.Length == 0 ? index + 1 : first;
            text += line.TrimEnd('\\') + " ";
            if (line.EndsWith('\\'))
                continue;
            yield return (text, first);
            text = "";
        }

        if (text.Length > 0)
            yield return (text, first);
    }

    private static bool IsCarrying((string Text, int Line) instruction)
    {
        var words = instruction.Text.Split(s_betweenWords, StringSplitOptions.RemoveEmptyEntries);
        words = words is [var first, .. var rest] && first.Equals("ONBUILD", StringComparison.OrdinalIgnoreCase) ? rest : words;
        return words.FirstOrDefault()?.ToUpperInvariant() switch
        {
            "ENV" or "ARG" => instruction.Text.Contains(EnvironmentKeySource.Variable, StringComparison.Ordinal),
            "COPY" or "ADD" => words.SkipLast(1).SelectMany(word => word.Split('/')).Any(IsSecret),
            // What is read while it runs, from a mounted secret, is in no layer.
            _ => words.Any(word => word.StartsWith(EnvironmentKeySource.Variable, StringComparison.Ordinal) && word.Split('=', 2) is [_, [not '$', ..]]),
        };
    }

    private static bool IsContainerFile(string path)
    {
        var name = Path.GetFileName(path);
        return !name.EndsWith(".dockerignore", StringComparison.OrdinalIgnoreCase)
            && (s_names.Any(name.Contains) || name.Split('.').Intersect(s_names, StringComparer.OrdinalIgnoreCase).Any());
    }

    private static bool IsSecret(string name) => RepositoryChecks.IsDotEnv(name) || RepositoryChecks.IsPrivateKey(name) || name is "secrets" or ".env*";

    /// <summary>Docker's own rules: a pattern starts at the top, ignores what is below it too, and the last that matches counts.</summary>
    private static List<(bool Ignores, Regex Pattern)> Patterns(IEnumerable<string> lines) =>
    [
        .. lines.Select(line => line.Trim()).Where(line => line is not ("" or ['#', ..]) and { Length: < MostLength })
            .Select(line => (line[0] != '!', new Regex($"^{Expression(line.TrimStart('!').Trim().Trim('/'))}(/|$)", RegexOptions.NonBacktracking, s_limit))),
    ];

    private static string Expression(string pattern) => Regex.Escape(pattern)
        .Replace(@"\*\*/", "(.*/)?", StringComparison.Ordinal)
        .Replace(@"\*\*", ".*", StringComparison.Ordinal)
        .Replace(@"\*", "[^/]*", StringComparison.Ordinal)
        .Replace(@"\?", "[^/]", StringComparison.Ordinal)
        .Replace(@"\[", "[", StringComparison.Ordinal);

    private static bool IsIgnored(string path, List<(bool Ignores, Regex Pattern)> patterns) =>
        patterns.LastOrDefault(rule => rule.Pattern.IsMatch(path)).Ignores;
}
