using Acme.App.Keys;

namespace Acme.App.Operations.Doctor;

/// <summary>What a container file would put into the image, where every layer keeps it.</summary>
internal static class ContainerFileCheck
{
    private const string Example = ".env.example";

    private static readonly char[] s_betweenWords = [' ', '\t', '"', '[', ']', ','];

    public static Verdict Run(IServiceProvider services)
    {
        var patient = services.GetRequiredService<Patient>();
        var files = patient.Folders.SelectMany(folder => Directory.EnumerateFiles(folder, "*Dockerfile*"))
            .Where(file => !file.EndsWith(".dockerignore", StringComparison.Ordinal)).ToList();
        if (files.Count == 0)
            return Verdict.NotChecked("there is no container file here.");

        var (finder, allowed) = (SecretFinder.For(RepositoryChecks.GuardsOf(services), []), AllowFile.Read(patient));
        foreach (var file in files)
        {
            var found = new Dictionary<string, FoundSecret>();
            finder.FindInFile(new FileInfo(file), found);
            var secrets = found.Values.Where(secret => !allowed.Holds(secret.Fingerprint)).Select(secret => secret.Line);
            var carrying = Instructions(File.ReadLines(file)).Where(IsCarrying).Select(instruction => instruction.Line);
            if (secrets.Concat(carrying).FirstOrDefault() is var line and > 0)
                return Verdict.Failed(
                    $"{Path.GetFileName(file)} line {line} puts a secret into the image, where every layer keeps it.",
                    "Remove the line, and give the program its secrets when it starts.");
            if (!IgnoresDotEnv(Path.Combine(Path.GetDirectoryName(file)!, ".dockerignore")))
                return Verdict.Failed(
                    $"No .dockerignore beside {Path.GetFileName(file)} names .env, so that one goes into the build.",
                    "Write a .dockerignore with **/.env, **/.env.*, **/*.pem, **/*.key and **/secrets/.");
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
        return words.FirstOrDefault()?.ToUpperInvariant() switch
        {
            "ENV" or "ARG" => instruction.Text.Contains(EnvironmentKeySource.Variable, StringComparison.Ordinal),
            "COPY" or "ADD" => words.Select(word => word.Split('/')[^1])
                .Any(name => name == ".env" || (name.StartsWith(".env.", StringComparison.Ordinal) && name != Example)),
            // What is read while it runs, from a mounted secret, is in no layer.
            _ => words.Any(word => word.StartsWith(EnvironmentKeySource.Variable, StringComparison.Ordinal) && word.Split('=', 2) is [_, [not '$', ..]]),
        };
    }

    private static bool IgnoresDotEnv(string file) => File.Exists(file) && File.ReadLines(file).Select(line => line.Trim().TrimStart('/'))
        .Any(line => line is "*" or "**" or ".env" or ".env*" or "*.env" or "**/.env" or "**/.env*" or "**/*.env");
}
