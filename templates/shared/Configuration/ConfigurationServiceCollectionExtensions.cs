using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Acme.App.Configuration;

internal static class ConfigurationServiceCollectionExtensions
{
    private static readonly string[] KnownEnvironments = [Environments.Development, Environments.Staging, Environments.Production];

    /// <summary>Reads the settings in their order and brings in the environment's policy. The first room to add.</summary>
    /// <param name="builder">The host's builder.</param>
    /// <param name="home">The program's home; without it, the builder's content root.</param>
    public static IHostApplicationBuilder AddConfiguration(this IHostApplicationBuilder builder, ProgramHome? home = null)
    {
        home ??= ProgramHome.At(builder.Environment.ContentRootPath);
        builder.Environment.ContentRootPath = home.Folder;
        var problems = new List<ConfigurationProblem>(home.Problems);
        problems.AddRange(CheckEnvironment(builder.Environment, home.Folder));

        var dotEnv = builder.Environment.IsDevelopment() ? new DotEnvSource(home.Folder) : null;
        problems.AddRange(dotEnv?.Files.SelectMany(file => file.Problems) ?? []);
        ReplaceSources(builder, home, dotEnv);

        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(new SettingsRead(problems, dotEnv?.Warnings ?? []));
        builder.Services.TryAddSingleton<StartUpChecks>();
        builder.Services.AddHostedService(services => services.GetRequiredService<StartUpChecks>());
        return builder.AddValidatedOptions<PolicyOptions, PolicyOptionsValidator>(PolicyOptions.SectionName);
    }

    private static IEnumerable<ConfigurationProblem> CheckEnvironment(IHostEnvironment environment, string home)
    {
        const string setting = "DOTNET_ENVIRONMENT";
        if (KnownEnvironments.FirstOrDefault(known => environment.IsEnvironment(known)) is not { } name)
        {
            yield return new(setting, "environment variable or --environment", "The environment is not one that this program knows.", $"Set it to {string.Join(", ", KnownEnvironments[..^1])} or {KnownEnvironments[^1]}.");
            yield return new(PolicyOptions.SectionName, ConfigurationOrigin.NotSet, "An unknown environment has no policy.", $"Mend {setting} first.");
            yield break;
        }

        environment.EnvironmentName = name;
        if (!File.Exists(Path.Combine(home, SettingsFiles.For(name))))
            yield return new(PolicyOptions.SectionName, $"{SettingsFiles.For(name)}, which does not exist", $"The environment {name} has no policy.", $"Put {SettingsFiles.For(name)} with a Policy section into the program's folder.");
    }

    /// <summary>
    /// The host's own settings stay; its files give way to ours, so that .env comes above the files and below user secrets,
    /// environment variables and the command line.
    /// </summary>
    private static void ReplaceSources(IHostApplicationBuilder builder, ProgramHome home, DotEnvSource? dotEnv)
    {
        var sources = builder.Configuration.Sources;
        var kept = sources.Where(source => !IsSettingsFile(source)).ToList();
        var files = sources.FirstOrDefault(IsSettingsFile);
        var at = files is null ? kept.Count : sources.Take(sources.IndexOf(files)).Count(source => !IsSettingsFile(source));

        var ours = new[] { SettingsFiles.Base, SettingsFiles.For(builder.Environment.EnvironmentName) }
            .Where(file => home.Problems.All(problem => problem.Setting != file) && File.Exists(Path.Combine(home.Folder, file)))
            .Select(file =>
            {
                var source = new JsonConfigurationSource { Path = Path.Combine(home.Folder, file) };
                source.ResolveFileProvider();
                return (IConfigurationSource)source;
            });
        kept.InsertRange(at, dotEnv is null ? ours : ours.Append(dotEnv));

        sources.Clear();
        foreach (var source in kept)
            sources.Add(source);
    }

    private static bool IsSettingsFile(IConfigurationSource source) =>
        source is JsonConfigurationSource { Path: { } path } && Path.GetFileName(path).StartsWith("appsettings", StringComparison.OrdinalIgnoreCase);
}
