using Acme.App.Configuration;

namespace Acme.App.Keys;

/// <summary>The key from an environment variable, or while developing from <c>.env</c> or user secrets. The environment's own variable wins.</summary>
internal sealed class EnvironmentKeySource(IConfiguration configuration, IHostEnvironment environment) : KeySource
{
    public const string Variable = "MISTRAL_API_KEY";

    private static readonly OwnVariable[] s_own =
    [
        new(Environments.Development, Variable + "_DEV"),
        new(Environments.Staging, Variable + "_STAGING"),
        new(Environments.Production, Variable + "_PROD"),
    ];

    /// <summary>Where a key may be, for any environment.</summary>
    public static IReadOnlyList<string> Variables { get; } = [Variable, .. s_own.Select(one => one.Variable)];

    public override string Name => configuration.OriginOf(Setting);

    public override string Setting => OwnVariableOf(environment) is { } own && !string.IsNullOrEmpty(configuration.Hidden(own)) ? own : Variable;

    public override bool CanChange => false;

    public override string HowToReplace => $"Set {Setting} to the new key where it is set now ({Name}).";

    /// <summary>Whether there is a key for this environment; one for another does not count.</summary>
    public static bool IsSet(IConfiguration configuration, IHostEnvironment environment) =>
        !string.IsNullOrEmpty(configuration.Hidden(Variable))
        || (OwnVariableOf(environment) is { } own && !string.IsNullOrEmpty(configuration.Hidden(own)));

    /// <summary>The keys that are set for environments other than this one.</summary>
    public static IEnumerable<string> OfOtherEnvironments(IConfiguration configuration, IHostEnvironment environment) =>
        s_own.Where(one => !environment.IsEnvironment(one.Environment))
            .Select(one => configuration.Hidden(one.Variable)).OfType<string>().Select(value => value.TrimEnd('\r', '\n'));

    public override Task<ApiKey> ReadAsync(CancellationToken cancellationToken)
    {
        var setting = Setting;
        var value = configuration.Hidden(setting);
        if (string.IsNullOrEmpty(value))
            throw Failed("No API key is set.", Remedy(environment));
        if (Name == "command line")
            throw Failed("The key was given on the command line, where every user of this machine can see it.", Remedy(environment));
        // The user secrets' own name.
        if (Name.EndsWith(".json", StringComparison.OrdinalIgnoreCase) && Path.GetFileName(Name) != "secrets.json")
            throw Failed("The key stands in a settings file, which is committed with the code.",
                $"Remove it there, and revoke it if it was ever committed. {Remedy(environment)}");

        return Task.FromResult(new ApiKey(value, setting));
    }

    /// <summary>What to do where there is no key, in this environment.</summary>
    public static string Remedy(IHostEnvironment environment) => environment.IsDevelopment()
        ? $"Set {Variable} or {OwnVariableOf(environment)}, "
            + "in the environment or in the .env file; or set Mistral__Offline=true to try the program without a key."
        : $"Set the environment variable {(OwnVariableOf(environment) is { } own ? own + " or " : "")}{Variable}. "
            + "The .env file and Mistral__Offline are for Development only.";

    private static string? OwnVariableOf(IHostEnvironment environment) => s_own.FirstOrDefault(one => environment.IsEnvironment(one.Environment))?.Variable;

    private sealed record OwnVariable(string Environment, string Variable);
}
