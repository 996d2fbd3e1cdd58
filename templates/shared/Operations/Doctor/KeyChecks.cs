using System.Globalization;
using Acme.App.Configuration;
using Acme.App.Guards;
using Acme.App.Keys;
using Microsoft.Extensions.Options;

namespace Acme.App.Operations.Doctor;

/// <summary>A key that can be seen from here, and the setting that holds it.</summary>
internal sealed record VisibleKey(string Setting, string Source, ApiKey Key);

/// <summary>Where the key is, whether each environment has its own, and how old it may become.</summary>
internal static class KeyChecks
{
    private const int ShortestKey = 16;

    private static readonly string[] s_read = [".cs", ".json", ".csproj", ".props", ".targets", ".config", ".xml", ".yml", ".yaml", ".ini", ".http"];
    private static readonly string[] s_unread = ["bin", "obj", "node_modules", ".git", "audit"];
    private static readonly string[] s_unreadOfJobs = ["inbox", "waiting", "working", "done", "failed"];

    public static IEnumerable<DoctorCheck> All =>
    [
        new(1, "key-place", "The key is in no code and no settings file", CheckPlaceAsync),
        new(3, "key-per-environment", "Each environment has a key of its own", CheckEnvironments),
        new(10, "key-rotation", "Rotation is scheduled, and the key is young enough", CheckAgeAsync),
    ];

    /// <summary>The keys in the settings and in the <c>.env</c> files, which only Development reads but anybody may have left.</summary>
    public static IReadOnlyList<VisibleKey> VisibleKeys(IConfiguration configuration, Patient patient)
    {
        var keys = EnvironmentKeySource.Variables.Where(name => !string.IsNullOrWhiteSpace(configuration.Hidden(name)))
            .Select(name => new VisibleKey(name, configuration.OriginOf(name), new ApiKey(configuration.Hidden(name)!, name))).ToList();
        var files = patient.Folders.SelectMany(folder => DotEnvSource.Names.Select(name => Path.Combine(folder, name)));
        foreach (var file in files.Where(File.Exists).Select(path => new DotEnvFile(path)))
            keys.AddRange(EnvironmentKeySource.Variables.Where(name => file.Values.TryGetValue(name, out var value) && !string.IsNullOrWhiteSpace(value))
                .Select(name => new VisibleKey(name, file.Name, new ApiKey(file.Values[name], name))));
        return keys;
    }

    /// <summary>The keys' values that can be looked for letter by letter: long enough, and nothing that stands in a document as well.</summary>
    public static IReadOnlyList<string> Values(IEnumerable<VisibleKey> keys) =>
        [.. keys.Select(key => key.Key.Reveal()).Where(value => value.Length >= ShortestKey && !SecretValue.IsPlaceholder(value, ofKey: true)).Distinct()];

    /// <summary>Those values, and the one that the program would use, wherever it is kept.</summary>
    public static async Task<IReadOnlyList<string>> ValuesAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        var keys = VisibleKeysOf(services).ToList();
        try
        {
            if (!KeyCheck.IsOffline(services.GetRequiredService<IConfiguration>()))
                keys.Add(new VisibleKey("", "", await ReadAsync(services, cancellationToken)));
        }
        catch (KeySourceException)
        {
            // The check of the key's place tells of it.
        }

        return Values(keys);
    }

    private static IReadOnlyList<VisibleKey> VisibleKeysOf(IServiceProvider services) =>
        VisibleKeys(services.GetRequiredService<IConfiguration>(), services.GetRequiredService<Patient>());

    private static async Task<Verdict> CheckPlaceAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        var patient = services.GetRequiredService<Patient>();
        var keys = await ValuesAsync(services, cancellationToken);
        var finder = SecretFinder.For(RepositoryChecks.GuardsOf(services), keys);
        var allowed = AllowFile.Read(patient);
        var places = new List<Place>();
        foreach (var file in Sources(new DirectoryInfo(patient.Home)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var found = new Dictionary<string, FoundSecret>();
            finder.FindInFile(file, found);
            places.AddRange(found.Values.Where(secret => !allowed.Contains(secret.Fingerprint))
                .Select(secret => new Place(Path.GetRelativePath(patient.Folders[0], file.FullName), secret.Line, Fingerprint: secret.Fingerprint)));
        }

        if (places.Count > 0)
            return Verdict.Failed(
                "A secret stands in code or settings.",
                $"Revoke it, remove it there, and set {EnvironmentKeySource.Variable} in the environment instead.",
                places);
        if (KeyCheck.IsOffline(services.GetRequiredService<IConfiguration>()))
            return Verdict.Passed("No secret in code or settings. No key is needed while Mistral:Offline is on.");

        var source = services.GetRequiredService<KeySource>();
        try
        {
            var key = await ReadAsync(services, cancellationToken);
            if (services.GetRequiredService<KeyRing>().Judge(key) is { } problem)
                return Verdict.Failed(problem.Problem, problem.Remedy);
            return Verdict.Passed($"The key {key.Fingerprint} comes from {source.Name}. No secret in code or settings.");
        }
        catch (KeySourceException exception)
        {
            return Verdict.Failed(exception.Problem.Problem, exception.Problem.Remedy);
        }
    }

    // A store that hangs, or a file that is a pipe, must not keep the doctor.
    private static Task<ApiKey> ReadAsync(IServiceProvider services, CancellationToken cancellationToken) =>
        services.GetRequiredService<Patient>().KeyAsync(() => services.GetRequiredService<KeyRing>()
            .ReadAsync(services.GetRequiredService<IOptions<KeyOptions>>().ValueOrDefault().Timeout, cancellationToken));

    private static IEnumerable<FileInfo> Sources(DirectoryInfo folder) => folder.EnumerateFiles()
        .Where(file => s_read.Contains(file.Extension) && file.LinkTarget is null)
        .Concat(folder.EnumerateDirectories()
            .Where(below => !s_unread.Contains(below.Name) && !IsOfJobs(below) && below.LinkTarget is null).SelectMany(Sources));

    /// <summary>What others put in is no setting.</summary>
    private static bool IsOfJobs(DirectoryInfo folder) =>
        folder.Parent?.Name.Equals("jobs", StringComparison.OrdinalIgnoreCase) is true && s_unreadOfJobs.Contains(folder.Name);

    private static Verdict CheckEnvironments(IServiceProvider services)
    {
        var all = VisibleKeysOf(services);
        var shared = all.GroupBy(key => key.Key.Fingerprint).FirstOrDefault(group => group.DistinctBy(key => key.Setting).Count() > 1);
        if (shared is not null)
            return Verdict.Failed(
                $"{string.Join(" and ", shared.Select(key => $"{key.Setting} ({key.Source})"))} hold the same key {shared.Key}.",
                "Create a key for each environment in Mistral's console, and revoke the shared one.");
        var keys = all.DistinctBy(key => key.Setting).ToList();
        return keys.Count > 1
            ? Verdict.Passed($"{string.Join(", ", keys.Select(key => $"{key.Setting} {key.Key.Fingerprint}"))}: all different.")
            : Verdict.NotChecked(
                $"{(keys.Count == 0 ? "no key" : "one key")} can be seen from here.",
                "Compare the fingerprints that 'keys verify' shows in each environment.");
    }

    private static async Task<Verdict> CheckAgeAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        var options = services.GetRequiredService<IOptions<KeyOptions>>().Value;
        if (options.MaxAge is not { } most)
            return Verdict.Failed("No age is set at which the key must have been replaced.", "Set Keys:MaxAge, for example to 90.00:00:00.");
        if (KeyCheck.IsOffline(services.GetRequiredService<IConfiguration>()))
            return Verdict.NotChecked("there is no key while Mistral:Offline is on.");

        try
        {
            var key = await ReadAsync(services, cancellationToken);
            if (key.Since is not { } since)
                return Verdict.NotChecked(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"the key's source does not say how old it is. It is to be replaced every {most.TotalDays:F0} days."),
                    "Note the day of the last 'keys rotate'.");
            var age = services.GetRequiredService<TimeProvider>().GetUtcNow() - since;
            var found = string.Create(CultureInfo.InvariantCulture, $"The key is {age.TotalDays:F0} days old; at most {most.TotalDays:F0} are allowed.");
            return age <= most ? Verdict.Passed(found) : Verdict.Failed(found, "Run 'keys rotate'.");
        }
        catch (KeySourceException exception)
        {
            return Verdict.NotChecked($"the key cannot be read. {exception.Problem.Problem}", exception.Problem.Remedy);
        }
    }
}
