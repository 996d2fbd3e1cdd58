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
        Verdict.NotChecked("the packages are not restored, or their feed did not answer.", "Restore the packages, and see that the feed can be reached.");
    private static readonly string[] s_mustBeIgnored = [".env", ".env.local", ".env.Production.local", "server.pem", "server.key", "secrets/key"];
    private static readonly string[] s_samples = [".example", ".sample", ".template", ".dist"];
    private static readonly string[] s_keyFiles = [".key", ".pfx", ".p12", ".jks", ".ppk", "id_rsa", "id_ecdsa", "id_ed25519"];
    private static readonly TimeSpan s_feedLimit = TimeSpan.FromSeconds(60);

    public static IEnumerable<DoctorCheck> All =>
    [
        new(2, "ignored-files", "Key files are ignored by git", CheckIgnored),
        new(12, "secrets-in-git", "No secret in git", SearchAllAsync),
        new(15, "packages", "No package is known to be vulnerable", CheckPackages),
        new(16, "container-file", "The container file holds no secret", ContainerFileCheck.Run),
    ];

    /// <summary>The checks of the next commit, which need the repository alone.</summary>
    public static IEnumerable<DoctorCheck> Staged =>
    [
        new(2, "ignored-files", "Key files are ignored by git", (services, token) => CheckTracked(
            services.GetRequiredService<Patient>(), "Git tracks no .env, no variant of it and no key file that it is told to ignore.", token)),
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
        var rules = git.List(["check-ignore", "-v", "-z", "--stdin", "--no-index"], cancellationToken, [.. names.Select(name => name + '\0')]);
        // Each rule is its file, line, pattern and the name. Only a .gitignore of the repository is everybody's.
        var ignored = rules.Chunk(4)
            .Where(rule => rule is [var file, _, not ['!', ..], _] && !Path.IsPathRooted(file) && Path.GetFileName(file) == ".gitignore")
            .Select(rule => rule[3]);
        return names.Except(ignored).ToList() is { Count: > 0 } open
            ? Verdict.Failed(
                $"In the repository {git.Top}, git does not ignore {string.Join(", ", open)}.",
                $"Add these names to {Path.Combine(git.Top, ".gitignore")}, below any line with '!' that un-ignores them.")
            : CheckTracked(patient, "Git ignores .env, its variants, key files and secrets/, and tracks none of them.", cancellationToken);
    }

    /// <summary>No <c>.env</c> may be tracked; a certificate may be, where a '!' takes it in.</summary>
    private static Verdict CheckTracked(Patient patient, string passed, CancellationToken cancellationToken)
    {
        var tracked = patient.Git!.List(["ls-files", "-z", "-c", "-i", "--exclude-standard"], cancellationToken).Where(IsKeyFile)
            .Union(patient.Git.List(["ls-files", "-z", "-c"], cancellationToken).Where(path => IsDotEnv(Path.GetFileName(path)))).ToList();
        return tracked.Count == 0
            ? Verdict.Passed(passed)
            : Verdict.Failed(
                $"Git tracks {string.Join(", ", tracked)}, which must not be in it.",
                "Run 'git rm --cached' on each. If it was pushed, revoke what it holds first.",
                [.. tracked.Select(path => new Place(path))]);
    }

    private static bool IsKeyFile(string path)
    {
        var name = Path.GetFileName(path);
        return IsDotEnv(name) || IsPrivateKey(name) || Path.GetExtension(name).ToUpperInvariant() is ".ENV" or ".PEM"
            || path.Split('/').SkipLast(1).Contains("secrets");
    }

    /// <summary>A file that is named as one with a private key; in PEM stand certificates as well.</summary>
    public static bool IsPrivateKey(string name) => s_keyFiles.Any(file => name.EndsWith(file, StringComparison.OrdinalIgnoreCase)
        && (file[0] == '.' || name.Length == file.Length || name[^(file.Length + 1)] is '_' or '-' or '.'));

    /// <summary>What shows which variables there are is meant to be committed.</summary>
    public static bool IsDotEnv(string name) => name.Equals(".env", StringComparison.OrdinalIgnoreCase)
        || (name.StartsWith(".env.", StringComparison.OrdinalIgnoreCase)
            && !s_samples.Any(ending => name.EndsWith(ending, StringComparison.OrdinalIgnoreCase)));

    private static async Task<Verdict> SearchAllAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        var patient = services.GetRequiredService<Patient>();
        if (patient.Git is not { } git)
            return s_noRepository;
        var keys = await KeyChecks.ValuesAsync(services, cancellationToken);
        return new SecretSearch(git, AllowFile.Read(patient), GuardsOf(services), keys).SearchAll(cancellationToken);
    }

    private static Verdict SearchStaged(IServiceProvider services, CancellationToken cancellationToken)
    {
        var patient = services.GetRequiredService<Patient>();
        // The program's settings are not read, so that a commit does not wait for them; the environment and .env may have its keys.
        var environment = new ConfigurationBuilder().AddEnvironmentVariables();
        environment.Hide(EnvironmentKeySource.Variable);
        var keys = KeyChecks.Values(KeyChecks.VisibleKeys(environment.Build(), patient));
        return new SecretSearch(patient.Git!, AllowFile.Read(patient), new(), keys).SearchStaged(cancellationToken);
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
        // What was restored for the build is judged: to restore once more takes as long again.
        string[] list = ["list", project, "package", "--vulnerable", "--include-transitive", "--no-restore", "--format", "json"];
        using var dotnet = new ToolRun("dotnet", list, [], limit.Token);
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
}
