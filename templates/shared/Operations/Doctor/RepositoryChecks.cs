using System.Text.Json;
using Acme.App.Configuration;
using Acme.App.Guards;
using Acme.App.Keys;
using Microsoft.Extensions.Options;

namespace Acme.App.Operations.Doctor;

/// <summary>The repository around the program: what git ignores and remembers, the packages, the container file.</summary>
internal static class RepositoryChecks
{
    private static readonly Verdict s_noRepository = Verdict.NotChecked("there is no git repository here, or no git.");
    private static readonly Verdict s_noAnswer =
        Verdict.NotChecked("the package feed did not answer.", "Restore the packages, and see that the feed can be reached.");
    private static readonly string[] s_mustBeIgnored = [".env", ".env.local", ".env.Production.local", "server.pem", "server.key", "secrets/key"];
    private static readonly string[] s_secretEndings = [".pem", ".key", ".pfx", ".p12"];
    private static readonly TimeSpan s_feedLimit = TimeSpan.FromSeconds(60);

    public static IEnumerable<DoctorCheck> All =>
    [
        new(2, "ignored-files", "Key files are ignored by git", CheckIgnored),
        new(12, "secrets-in-git", "No secret in git", SearchAll),
        new(15, "packages", "No package is known to be vulnerable", CheckPackages),
        new(16, "container-file", "The container file holds no secret", CheckContainerFile),
    ];

    /// <summary>The checks of the next commit, which need the repository alone.</summary>
    public static IEnumerable<DoctorCheck> Staged =>
    [
        new(2, "ignored-files", "Key files are ignored by git", (services, token) => CheckTracked(services.GetRequiredService<Patient>(), token)),
        new(12, "secrets-in-git", "No secret is staged", SearchStaged),
    ];

    private static Verdict CheckIgnored(IServiceProvider services, CancellationToken cancellationToken)
    {
        var patient = services.GetRequiredService<Patient>();
        if (patient.Git is not { } git)
            return s_noRepository;

        var names = patient.Folders
            .SelectMany(folder => s_mustBeIgnored.Select(name => Path.GetRelativePath(git.Top, Path.Combine(folder, name)).Replace('\\', '/')))
            .Where(name => !name.StartsWith("../", StringComparison.Ordinal)).Distinct().ToList();
        var ignored = git.List(["check-ignore", "-z", "--stdin", "--no-index"], cancellationToken, [.. names.Select(name => name + '\0')]);
        return names.Except(ignored).ToList() is { Count: > 0 } open
            ? Verdict.Failed(
                $"In the repository {git.Top}, git does not ignore {string.Join(", ", open)}.",
                $"Add these names to {Path.Combine(git.Top, ".gitignore")}, below any line with '!' that takes them out.")
            : CheckTracked(patient, cancellationToken);
    }

    private static Verdict CheckTracked(Patient patient, CancellationToken cancellationToken)
    {
        var tracked = patient.Git!.List(["ls-files", "-z", "-c", "-i", "--exclude-standard"], cancellationToken).Where(IsKeyFile).ToList();
        if (tracked.Count == 0)
            return Verdict.Passed("Git ignores .env, its variants, key files and secrets/, and tracks none of them.");

        var verdict = Verdict.Failed(
            $"Git tracks {string.Join(", ", tracked)}, which it is told to ignore.",
            "Run 'git rm --cached' on each. If it was pushed, revoke what it holds first.");
        return verdict with { Places = [.. tracked.Select(path => new Place(path))] };
    }

    private static bool IsKeyFile(string path)
    {
        var name = Path.GetFileName(path);
        return name.Equals(".env", StringComparison.OrdinalIgnoreCase)
            || (name.StartsWith(".env.", StringComparison.OrdinalIgnoreCase) && !name.EndsWith(".example", StringComparison.OrdinalIgnoreCase))
            || s_secretEndings.Any(ending => name.EndsWith(ending, StringComparison.OrdinalIgnoreCase))
            || path.Split('/').SkipLast(1).Contains("secrets");
    }

    private static Verdict SearchAll(IServiceProvider services, CancellationToken cancellationToken)
    {
        var patient = services.GetRequiredService<Patient>();
        return patient.Git is { } git
            ? new SecretSearch(git, AllowFile.Read(patient), GuardsOf(services), KeyChecks.Values(services)).SearchAll(cancellationToken)
            : s_noRepository;
    }

    private static Verdict SearchStaged(IServiceProvider services, CancellationToken cancellationToken)
    {
        var patient = services.GetRequiredService<Patient>();
        return new SecretSearch(patient.Git!, AllowFile.Read(patient), new(), []).SearchStaged(cancellationToken);
    }

    // Guards whose settings are wrong are told of elsewhere; secrets are looked for all the same.
    public static SensitiveDataOptions GuardsOf(IServiceProvider services) =>
        services.GetRequiredService<IOptions<GuardOptions>>().ValueOrDefault().SensitiveData;

    private static Verdict CheckPackages(IServiceProvider services, CancellationToken cancellationToken)
    {
        if (Directory.EnumerateFiles(services.GetRequiredService<Patient>().Home, "*.csproj").FirstOrDefault() is not { } project)
            return Verdict.NotChecked("the project's file is not here.");

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_feedLimit);
        using var dotnet = new ToolRun("dotnet", ["list", project, "package", "--vulnerable", "--include-transitive", "--format", "json"], [], limit.Token);
        try
        {
            var json = dotnet.Text.ReadToEnd();
            return JudgePackages(dotnet.End(out _), json);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return s_noAnswer;
        }
    }

    /// <summary>Judges what <c>dotnet list package --vulnerable --format json</c> wrote.</summary>
    public static Verdict JudgePackages(int exitCode, string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var report = document.RootElement;
            if (exitCode != 0 || report.TryGetProperty("problems", out _) || !report.TryGetProperty("projects", out _))
                return s_noAnswer;
            var packages = Elements(report, "projects").SelectMany(project => Elements(project, "frameworks"))
                .SelectMany(framework => Elements(framework, "topLevelPackages").Concat(Elements(framework, "transitivePackages")))
                .Where(package => Elements(package, "vulnerabilities").Any())
                .Select(package => $"{package.GetProperty("id")} {package.GetProperty("resolvedVersion")}").ToList();
            return packages.Count == 0
                ? Verdict.Passed("The feed knows of no vulnerability in the packages used.")
                : Verdict.Failed(
                    $"Known to be vulnerable: {string.Join(", ", packages)}.",
                    "Raise their versions: 'dotnet list package --vulnerable --include-transitive' names the advisories.");
        }
        catch (JsonException)
        {
            return s_noAnswer;
        }
    }

    private static JsonElement.ArrayEnumerator Elements(JsonElement element, string name) =>
        element.TryGetProperty(name, out var array) ? array.EnumerateArray() : default;

    private static Verdict CheckContainerFile(IServiceProvider services)
    {
        var files = services.GetRequiredService<Patient>().Folders.SelectMany(folder => Directory.EnumerateFiles(folder, "*Dockerfile*")).ToList();
        if (files.Count == 0)
            return Verdict.NotChecked("there is no container file here.");

        var (finder, found) = (SecretFinder.For(GuardsOf(services), []), new Dictionary<string, FoundSecret>());
        foreach (var file in files)
        {
            finder.FindInFile(new FileInfo(file), found);
            var lines = File.ReadLines(file).Select((text, index) => (Text: text.Trim(), Line: index + 1));
            var carrying = lines.FirstOrDefault(line =>
                (Begins(line.Text, "ENV ") || Begins(line.Text, "ARG ")) && line.Text.Contains(EnvironmentKeySource.Variable, StringComparison.Ordinal)
                || (Begins(line.Text, "COPY ") || Begins(line.Text, "ADD ")) && line.Text.Contains(".env", StringComparison.Ordinal));
            var line = found.Count > 0 ? found.Values.First().Line : carrying.Line;
            if (line > 0)
                return Verdict.Failed(
                    $"{Path.GetFileName(file)} line {line} puts a secret into the image, where every layer keeps it.",
                    "Remove the line, and give the program its secrets when it starts.");
            if (!File.Exists(Path.Combine(Path.GetDirectoryName(file)!, ".dockerignore")))
                return Verdict.Failed(
                    $"There is no .dockerignore beside {Path.GetFileName(file)}, so that a .env goes into the build.",
                    "Write a .dockerignore with **/.env, **/.env.*, **/*.pem, **/*.key and **/secrets/.");
        }

        return Verdict.Passed("The container file sets no key, and copies none.");
    }

    private static bool Begins(string line, string word) => line.StartsWith(word, StringComparison.OrdinalIgnoreCase);
}
