using System.CommandLine;
using System.Globalization;
using Acme.App.Configuration;
using Acme.App.Keys;
using Acme.App.Mistral;
using Microsoft.Extensions.Options;
using Spectre.Console;

namespace Acme.App.Operations;

/// <summary><c>keys verify</c> and <c>keys rotate</c>. A key is shown by its fingerprint only.</summary>
internal static class KeysCommand
{
    public const string NewKeyVariable = "MISTRAL_API_KEY_NEW";

    public static Command Create(Func<IHost> buildHost, TextWriter results, IAnsiConsole terminal)
    {
        return new Command("keys", "Looks after the API key.")
        {
            Make("verify", "Asks Mistral whether it takes the key, and which models the key may use.", (host, token) => VerifyAsync(host, results, token)),
            Make("rotate", $"Checks a new key and puts it in place. The key comes from {NewKeyVariable} or a prompt, never from an argument.",
                (host, token) => RotateAsync(host, () => ReadNewKeyAsync(terminal, token), results, token)),
        };

        Command Make(string name, string description, Func<IHost, CancellationToken, Task<ExitCode>> runAsync)
        {
            var command = new Command(name, description);
            command.SetAction(async (_, cancellationToken) =>
            {
                using var host = buildHost();
                return (int)await runAsync(host, cancellationToken);
            });
            return command;
        }
    }

    internal static async Task<ExitCode> VerifyAsync(IHost host, TextWriter results, CancellationToken cancellationToken)
    {
        await host.CheckConfigurationAsync(cancellationToken);
        var health = host.Services.GetRequiredService<KeyRing>().Health;
        if (health.Fingerprint is null)
            return await EndAsync(results, ExitCode.CheckFailed, "There is no key to verify: Mistral:Offline is on.");

        var since = host.Services.GetRequiredService<IApiKeys>().Current.Since;
        await results.WriteLineAsync($"Source       {health.Source}");
        await results.WriteLineAsync($"Fingerprint  {health.Fingerprint}");
        await results.WriteLineAsync($"Version      {health.Version}");
        await results.WriteLineAsync(since is null
            ? "Age          unknown: this source does not say"
            : string.Create(CultureInfo.InvariantCulture, $"Age          {health.Age.TotalDays:F1} days"));
        if (health.Warning is { } warning)
            await results.WriteLineAsync($"Warning      {warning}");

        try
        {
            var models = await host.Services.GetRequiredService<MistralModels>().ListAsync(cancellationToken);
            await results.WriteLineAsync($"Mistral      takes the key; models it may use: {models.Count}");
            var allowed = host.Services.GetRequiredService<IOptions<PolicyOptions>>().Value.AllowedModels;
            var missing = false;
            foreach (var name in allowed)
            {
                var model = models.FirstOrDefault(one => one.IsCalled(name));
                missing |= model is null;
                await results.WriteLineAsync($"Model        {name}: {Describe(model)}");
            }

            return missing || !health.Ready ? ExitCode.CheckFailed : ExitCode.Success;
        }
        catch (MistralException exception) when (exception.Kind == MistralErrorKind.Authentication)
        {
            return await EndAsync(results, ExitCode.CheckFailed, "Mistral      refuses the key. Replace it: run keys rotate.");
        }
        catch (MistralException exception)
        {
            return await EndAsync(results, ExitCode.CheckFailed, $"Mistral      did not say whether it takes the key. {exception.Message}");
        }
    }

    internal static async Task<ExitCode> RotateAsync(IHost host, Func<Task<string?>> readNewKey, TextWriter results, CancellationToken cancellationToken)
    {
        var source = host.Services.GetRequiredService<KeySource>();
        // Where the source's own settings are wrong, this says so before anyone has typed a key.
        var place = source.Name;
        var ring = host.Services.GetRequiredService<KeyRing>();
        var current = await CurrentAsync(host, source, ring, cancellationToken);
        if (await readNewKey() is not { } value)
            return await EndAsync(results, ExitCode.Usage, $"There is no terminal to ask for the key. Set {NewKeyVariable} instead.");

        var key = new ApiKey(value.Trim(), "new");
        if (current?.SameAs(key) == true)
            return await EndAsync(results, ExitCode.Success, $"{place} holds the key {key.Fingerprint} already. Nothing is left to do here.");
        if (ring.Judge(key) is { } problem)
            return await EndAsync(results, ExitCode.CheckFailed, $"{problem.Problem} {problem.Remedy} Nothing was changed.");

        var verdict = await host.Services.GetRequiredService<IKeyVerifier>().VerifyAsync(key, cancellationToken);
        if (verdict == KeyVerdict.Rejected)
            return await EndAsync(results, ExitCode.CheckFailed, $"Mistral refuses the key {key.Fingerprint}. Nothing was changed.");
        if (verdict == KeyVerdict.Inconclusive)
            return await EndAsync(
                results, ExitCode.CheckFailed,
                $"Mistral did not say whether it takes the key {key.Fingerprint}. Nothing was changed. Try again.");

        await results.WriteLineAsync($"Mistral takes the new key {key.Fingerprint}.");
        var step = 0;
        try
        {
            var isStored = await source.TryWriteAsync(key, cancellationToken);
            await results.WriteLineAsync(isStored ? $"It was stored in {place}." : $"{++step}. {source.HowToReplace}");
        }
        catch (KeySourceException exception)
        {
            return await EndAsync(results, ExitCode.CheckFailed, $"{exception.Problem.Problem} {exception.Problem.Remedy}");
        }

        await results.WriteLineAsync(source.CanChange
            ? $"{++step}. Running programs take it up by themselves, within {host.Services.GetRequiredService<IOptions<KeyOptions>>().Value.PollInterval}."
            : $"{++step}. Restart the program: this source is read once, at the start.");
        await results.WriteLineAsync($"{++step}. Run keys verify where the program runs, as its user; it must show the fingerprint {key.Fingerprint}.");
        await results.WriteLineAsync($"{++step}. Then revoke the old key{(current is null ? "" : $", {current.Fingerprint},")} in Mistral's console.");
        return ExitCode.Success;
    }

    // A key that is missing or wrong must not keep the operator from putting a good one in its place.
    private static async Task<ApiKey?> CurrentAsync(IHost host, KeySource source, KeyRing ring, CancellationToken cancellationToken)
    {
        try
        {
            await host.CheckConfigurationAsync(cancellationToken);
            return ring.Health.Fingerprint is null ? null : ring.Current;
        }
        catch (ConfigurationException exception)
            when (exception.Problems.All(problem => problem.Setting == source.Setting || problem.Setting == EnvironmentKeySource.Variable))
        {
            return null;
        }
    }

    private static async Task<string?> ReadNewKeyAsync(IAnsiConsole terminal, CancellationToken cancellationToken)
    {
        if (Environment.GetEnvironmentVariable(NewKeyVariable) is { Length: > 0 } given)
            return given;
        return terminal.Profile.Capabilities.Interactive && !Console.IsInputRedirected
            ? await terminal.PromptAsync(new TextPrompt<string>("New key (not shown):").Secret(mask: null), cancellationToken)
            : null;
    }

    private static string Describe(MistralModel? model) => model switch
    {
        null => "not open to this key",
        { Deprecation: { } end } => string.Create(
            CultureInfo.InvariantCulture,
            $"open, but switched off on {end:yyyy-MM-dd}; Mistral names {model.DeprecationReplacementModel ?? "no model"} instead"),
        _ => "open",
    };

    private static async Task<ExitCode> EndAsync(TextWriter results, ExitCode exitCode, string sentence)
    {
        await results.WriteLineAsync(sentence);
        return exitCode;
    }
}
