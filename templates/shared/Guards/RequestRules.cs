using Acme.App.Configuration;
using FluentValidation;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace Acme.App.Guards;

/// <summary>
/// The rules of a request, the same for the endpoints, the terminal, the jobs and whoever else asks. Errors name fields as the caller
/// writes them and never repeat the value.
/// </summary>
internal sealed class RequestRules : AbstractValidator<RequestRules.Asked>
{
    public RequestRules(IOptions<GuardOptions> guards, IOptions<PolicyOptions> policy)
    {
        var limits = guards.Value.Request;
        MaxTokens = Math.Min(limits.MaxTokens, policy.Value.MaxTokensPerRequest);

        RuleFor(asked => asked.Options.ModelId)
            .Must(model => policy.Value.AllowedModels.Contains(model, StringComparer.Ordinal))
            .WithMessage("The model is not on this environment's list, \"Policy:AllowedModels\".")
            .OverridePropertyName("model");
        RuleFor(asked => asked.Messages)
            .Must(messages => messages.Count >= 1 && messages.Count <= limits.MaxMessages)
            .WithMessage($"There must be 1 to {limits.MaxMessages} messages.")
            .Must(messages => messages.Sum(message => (long)GuardedContent.LengthOf(message)) <= limits.MaxTotalLength)
            .WithMessage($"All messages together must have at most {limits.MaxTotalLength} characters.")
            .OverridePropertyName("messages");
        RuleFor(asked => asked.Messages).Custom((messages, context) =>
        {
            foreach (var (index, message) in messages.Index())
            {
                if (!IsRoleOf(message))
                    context.AddFailure($"messages[{index}].role", "The role must be system, user or assistant.");
                if (message.Contents.All(content => content is TextContent { Text: "" }))
                    context.AddFailure($"messages[{index}].content", "The content must not be empty.");
                if (GuardedContent.LengthOf(message) > limits.MaxContentLength)
                    context.AddFailure($"messages[{index}].content", $"The content must have at most {limits.MaxContentLength} characters.");
            }
        });
        RuleFor(asked => asked.Options.Temperature)
            .Must(temperature => temperature is null || (temperature >= 0 && temperature <= limits.MaxTemperature))
            .WithMessage(FormattableString.Invariant($"The temperature must be 0 to {limits.MaxTemperature}."))
            .OverridePropertyName("temperature");
        RuleFor(asked => asked.Options.MaxOutputTokens)
            .Must(tokens => tokens >= 1 && tokens <= MaxTokens)
            .WithMessage($"The maximum of tokens must be 1 to {MaxTokens}.")
            .OverridePropertyName("maxTokens");
    }

    /// <summary>The most tokens that an answer may have here.</summary>
    public int MaxTokens { get; }

    /// <summary>A tool speaks by its results alone.</summary>
    private static bool IsRoleOf(ChatMessage message) => message.Role.Value switch
    {
        "system" or "user" or "assistant" => true,
        "tool" => message.Contents.Count > 0 && message.Contents.All(content => content is FunctionResultContent),
        _ => false,
    };

    /// <summary>What goes along the road. A class and not a record, so that no log prints it.</summary>
    internal sealed class Asked(IReadOnlyList<ChatMessage> messages, ChatOptions options)
    {
        public IReadOnlyList<ChatMessage> Messages { get; } = messages;

        public ChatOptions Options { get; } = options;
    }
}
