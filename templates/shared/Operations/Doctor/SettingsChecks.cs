using System.Runtime.Versioning;
using Acme.App.Auditing;
using Acme.App.Configuration;
using Acme.App.Keys;
using Microsoft.Extensions.Hosting.Internal;

namespace Acme.App.Operations.Doctor;

/// <summary>The settings' files: a policy for each environment, nothing offline in Production, nothing that others may read.</summary>
internal static class SettingsChecks
{
    public static IEnumerable<DoctorCheck> All =>
    [
        new(11, "policies", "Each environment has a policy", CheckPolicies),
        new(13, "file-modes", "Only the program's user reads its secrets and its audit", CheckFileModes),
        new(14, "offline", "Production is never offline", CheckOffline),
    ];

    private static Verdict CheckPolicies(IServiceProvider services)
    {
        var home = services.GetRequiredService<Patient>().Home;
        var missing = PolicyOptions.KnownEnvironments.Where(name => !HasPolicy(home, name)).ToList();
        return missing.Count == 0
            ? Verdict.Passed($"{string.Join(", ", PolicyOptions.KnownEnvironments)} each have one.")
            : Verdict.Failed(
                $"There is no valid policy for {string.Join(", ", missing)}.",
                $"Write a Policy section into {string.Join(", ", missing.Select(ProgramHome.SettingsFileOf))} that lets the program start: "
                + "AllowedModels with the model of Mistral:Model, MaxTokensPerRequest, and OfflineAllowed in Development alone.");
    }

    private static Verdict CheckOffline(IServiceProvider services)
    {
        var home = services.GetRequiredService<Patient>().Home;
        if (Read(home, Environments.Production) is not { } production)
            return Verdict.Failed(
                $"{ProgramHome.SettingsFileOf(Environments.Production)} is missing or cannot be read.", "Put it back, with OfflineAllowed set to false.");
        var isOffline = services.GetRequiredService<IHostEnvironment>().IsProduction()
            && !IsOff(services.GetRequiredService<IConfiguration>()["Mistral:Offline"]);
        return isOffline || !IsOff(production["Mistral:Offline"]) || !IsOff(production["Policy:OfflineAllowed"])
            ? Verdict.Failed(
                "Production is offline, or may be.",
                $"Set Policy:OfflineAllowed in {ProgramHome.SettingsFileOf(Environments.Production)} and Mistral:Offline to false.")
            : Verdict.Passed("Production's policy does not allow the stand-in, and no setting asks for it.");
    }

    private static Verdict CheckFileModes(IServiceProvider services)
    {
        if (OperatingSystem.IsWindows())
            return Verdict.NotChecked("Windows keeps access lists instead of modes.", "See in the files' properties that only the program's user has access.");

        var home = services.GetRequiredService<Patient>().Home;
        var path = services.GetRequiredService<IConfiguration>()["Audit:Path"] is { Length: > 0 } own ? own : new AuditOptions().Path;
        var audit = Path.GetDirectoryName(Path.GetFullPath(path, home))!;
        var files = services.GetRequiredService<Patient>().Folders.SelectMany(folder => Directory.EnumerateFiles(folder, ".env*"))
            .Where(file => RepositoryChecks.IsDotEnv(Path.GetFileName(file)))
            .Concat(Directory.Exists(audit) ? Directory.EnumerateFiles(audit, Path.GetFileNameWithoutExtension(path) + "*") : []).ToList();
        const UnixFileMode ownerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        var open = new List<string>();
        foreach (var file in files)
            if (new FileInfo(file).LinkTarget is null && (File.GetUnixFileMode(file) & ~ownerOnly) != 0)
                open.Add(file);
        if (Directory.Exists(audit) && (File.GetUnixFileMode(audit) & UnixFileMode.OtherWrite) != 0)
            open.Add(audit);
        var secret = services.GetRequiredService<KeySource>().PrivateFile;
        if (secret is not null && IsOpenToOthers(secret))
            open.Add(secret);
        return open.Count == 0
            ? Verdict.Passed((files.Count == 0
                ? "There is no .env and no audit log yet."
                : "The .env files and the audit log are open to the program's user alone.")
                + (secret is null ? "" : " The file with the key is, too, or to its group."))
            : Verdict.Failed(
                $"Others may read or write {string.Join(", ", open)}.",
                "Run 'chmod 600' on each file, or 'chmod 640' on the key's where the program reads it by its group, and 'chmod 700' on the folder of the log.");
    }

    /// <summary>The program may read its key by its group. What Docker or Kubernetes mounts for it, everybody in the container may read.</summary>
    [UnsupportedOSPlatform("windows")]
    private static bool IsOpenToOthers(string file)
    {
        var isMounted = new FileInfo(file).LinkTarget is ['.', '.', ..] || file.Contains("/run/secrets/", StringComparison.Ordinal);
        var modes = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite | (isMounted ? UnixFileMode.None : UnixFileMode.OtherRead);
        return File.Exists(file) && (File.GetUnixFileMode(file) & modes) != 0;
    }

    // A value that is no such word is not off: who reads it may see it otherwise.
    private static bool IsOff(string? value) => string.IsNullOrEmpty(value) || (bool.TryParse(value, out var isOn) && !isOn);

    private static bool HasPolicy(string home, string environment)
    {
        try
        {
            var settings = Read(home, environment);
            return settings?.GetSection(PolicyOptions.SectionName).Get<PolicyOptions>() is { } policy
                && new PolicyOptionsValidator(new HostingEnvironment { EnvironmentName = environment }).Validate(policy).IsValid
                && (settings["Mistral:Model"] is not { } model || policy.AllowedModels.Contains(model));
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    /// <returns>The file over what all environments share, as that environment reads it; nothing when it is missing or malformed.</returns>
    private static IConfigurationRoot? Read(string home, string environment)
    {
        try
        {
            return new ConfigurationBuilder().AddJsonFile(Path.Combine(home, ProgramHome.SettingsFile), optional: true)
                .AddJsonFile(Path.Combine(home, ProgramHome.SettingsFileOf(environment))).Build();
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
