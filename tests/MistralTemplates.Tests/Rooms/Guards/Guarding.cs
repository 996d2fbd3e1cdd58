using Acme.App.Configuration;
using Acme.App.Guards;
using Acme.App.Mistral;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace MistralTemplates.Tests.Rooms.Guards;

/// <summary>Guards as tests need them.</summary>
internal static class Guarding
{
    public static GuardOptions Options(Action<GuardOptions>? change = null)
    {
        var options = new GuardOptions();
        change?.Invoke(options);
        return options;
    }

    public static SensitiveDataOptions MaskEverything() => new()
    {
        Secrets = Mask(),
        Cards = Mask(),
        Ibans = Mask(),
        SocialSecurityNumbers = Mask(),
        Emails = Mask(),
        Phones = Mask(),
        IpAddresses = Mask(),
    };

    public static SensitiveDataDetector Everything() => new(MaskEverything(), modes => modes.Output);

    public static TextGuard Output(Action<SafeTextOptions>? change = null)
    {
        var options = new GuardOptions { SensitiveData = MaskEverything() };
        change?.Invoke(options.SafeText);
        return new TextGuard(options, isOutput: true);
    }

    /// <summary>The refusal that the road's rules give, or none.</summary>
    public static async Task<ChatRefusedException?> RefusalAsync(IEnumerable<ChatMessage> messages, ChatOptions options, Action<GuardOptions>? change = null)
    {
        var rules = new RequestRules(Microsoft.Extensions.Options.Options.Create(Options(change)), Microsoft.Extensions.Options.Options.Create(Policy()));
        using var road = new RequestRulesChatClient(new ScriptedClient(), rules, Microsoft.Extensions.Options.Options.Create(new MistralOptions { Model = "mistral-small-latest" }));
        try
        {
            await road.GetResponseAsync(messages, options);
            return null;
        }
        catch (ChatRefusedException refused)
        {
            return refused;
        }
    }

    public static PolicyOptions Policy() => new() { AllowedModels = ["mistral-small-latest", "mistral-large-latest"], MaxTokensPerRequest = 2_000 };

    private static GuardModes Mask() => new(GuardMode.Mask, GuardMode.Mask);
}
