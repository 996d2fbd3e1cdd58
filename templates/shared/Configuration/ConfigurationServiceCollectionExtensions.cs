using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.Configuration.KeyPerFile;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.FileProviders;

namespace Acme.App.Configuration;

/// <summary>What was found while the settings were read, before there was anyone to tell.</summary>
internal sealed record SettingsRead(IReadOnlyList<ConfigurationProblem> Problems, IReadOnlyList<string> Warnings);

internal static class ConfigurationServiceCollectionExtensions
{
    /// <summary>Names a folder with one file for each setting, as Docker and Kubernetes mount them: <c>Mistral__Endpoint</c>.</summary>
    public const string SettingsFolder = "SettingsFolder";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    /// <summary>Reads the settings in their order and brings in the environment's policy. The first room to add.</summary>
    /// <param name="home">The program's home; without it, the builder's content root.</param>
    public static IHostApplicationBuilder AddConfiguration(this IHostApplicationBuilder builder, ProgramHome? home = null)
    {
        home ??= ProgramHome.At(builder.Environment.ContentRootPath);
        builder.Environment.ContentRootPath = home.Folder;
        var problems = new List<ConfigurationProblem>(home.Problems);
        if (CheckEnvironment(builder.Environment, home.Folder) is { } problem)
            problems.Add(problem);

        var dotEnv = builder.Environment.IsDevelopment() ? new DotEnvSource(home.Folder) : null;
        problems.AddRange(dotEnv?.Files.SelectMany(file => file.Problems) ?? []);
        ReplaceSources(builder, home, dotEnv);
        if (AddSettingsFolder(builder.Configuration, home.Folder) is { } unread)
            problems.Add(unread);

        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(new SettingsRead(problems, dotEnv?.Warnings ?? []));
        builder.Services.AddSingleton(new StartUpCheck((services, _) =>
        {
            var misspelt = MisspeltSections.Find(builder.Configuration, services.GetServices<ValidatedSection>()).ToList();
            return misspelt.Count == 0 ? Task.CompletedTask : throw new ConfigurationException(misspelt);
        }));
        return builder.AddValidatedOptions<PolicyOptions, PolicyOptionsValidator>(PolicyOptions.SectionName);
    }

    private static ConfigurationProblem? CheckEnvironment(IHostEnvironment environment, string home)
    {
        const string Unknown = "The environment is not one that this program knows, so there is no policy for it.";
        const string Names = "DOTNET_ENVIRONMENT, ASPNETCORE_ENVIRONMENT or --environment";
        if (PolicyOptions.KnownEnvironments.FirstOrDefault(known => environment.IsEnvironment(known)) is not { } name)
            return new(
                PolicyOptions.SectionName, Names, Unknown, $"Set DOTNET_ENVIRONMENT to one of these: {string.Join(", ", PolicyOptions.KnownEnvironments)}.");

        environment.EnvironmentName = name;
        var (file, remedy) = (ProgramHome.SettingsFileOf(name), $"Put {ProgramHome.SettingsFileOf(name)} with a Policy section into the program's folder.");
        return File.Exists(Path.Combine(home, file))
            ? null
            : new(PolicyOptions.SectionName, $"{file}, which does not exist", $"The environment {name} has no policy.", remedy);
    }

    /// <summary>
    /// The host's own settings stay; its files give way to ours, so that .env comes above the files and below user secrets,
    /// environment variables and the command line.
    /// </summary>
    private static void ReplaceSources(IHostApplicationBuilder builder, ProgramHome home, DotEnvSource? dotEnv)
    {
        var sources = builder.Configuration.Sources;
        var program = builder.Environment.ApplicationName;
        var kept = sources.Where(source => !IsSettingsFile(source, program)).ToList();
        var at = sources.TakeWhile(source => !IsSettingsFile(source, program)).Count();

        var files = new[] { ProgramHome.SettingsFile, ProgramHome.SettingsFileOf(builder.Environment.EnvironmentName) }
            .Where(file => home.Problems.All(problem => problem.Setting != file) && File.Exists(Path.Combine(home.Folder, file)))
            .Select(file => new JsonConfigurationSource { Path = Path.Combine(home.Folder, file) }).ToList();
        files.ForEach(file => file.ResolveFileProvider());
        kept.InsertRange(at, dotEnv is null ? files : [.. files, dotEnv]);

        sources.Clear();
        foreach (var source in kept)
            sources.Add(source);
    }

    /// <summary>Its files win over environment variables; only the command line wins over them.</summary>
    private static ConfigurationProblem? AddSettingsFolder(IConfigurationManager configuration, string home)
    {
        if (configuration[SettingsFolder] is not { Length: > 0 } named)
            return null;

        var folder = Path.GetFullPath(named, home);
        if (!Directory.Exists(folder))
            return Problem("The folder with one file for each setting does not exist.", "Mount it, or correct or remove the setting.");

        var variables = configuration.Sources.OfType<EnvironmentVariablesConfigurationSource>().LastOrDefault();
        try
        {
            var files = new KeyPerFileConfigurationSource { FileProvider = new PhysicalFileProvider(folder), ReloadOnChange = false };
            // A pipe that nobody writes to would keep the start for ever.
            Task.Run(() => new ConfigurationBuilder().Add(files).Build()).WaitAsync(s_patience).GetAwaiter().GetResult();
            configuration.Sources.Insert(variables is null ? configuration.Sources.Count : configuration.Sources.IndexOf(variables) + 1, files);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or TimeoutException)
        {
            return Problem("A file in the folder with one file for each setting cannot be read.", "Let the program's user read each of them.");
        }
        catch (ArgumentException)
        {
            return Problem("Two files in the folder set the same setting: case does not tell settings apart.", "Remove one of them.");
        }

        ConfigurationProblem Problem(string problem, string remedy) => new(SettingsFolder, configuration.OriginOf(SettingsFolder), problem, remedy);
    }

    private static bool IsSettingsFile(IConfigurationSource source, string program) => source is JsonConfigurationSource { Path: { } path }
        && (Path.GetFileName(path).StartsWith("appsettings", StringComparison.OrdinalIgnoreCase)
            || Path.GetFileName(path).StartsWith(program + ".settings", StringComparison.OrdinalIgnoreCase));
}
