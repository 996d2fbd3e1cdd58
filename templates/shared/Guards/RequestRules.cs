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

        Rule("model", asked => policy.Value.AllowedModels.Contains(asked.Options.ModelId, StringComparer.Ordinal),
            "The model is not on this environment's list, \"Policy:AllowedModels\".");
        Rule("messages", asked => asked.Messages.Count >= 1 && asked.Messages.Count <= limits.MaxMessages,
            $"There must be 1 to {limits.MaxMessages} messages.");
        Rule("messages", asked => asked.Messages.Sum(message => (long)GuardedContent.LengthOf(message)) + GuardedContent.LengthOf(asked.Options)
                <= limits.MaxTotalLength,
            $"All messages, tools and schemas together must have at most {limits.MaxTotalLength} characters.");
        Rule("temperature", asked => asked.Options.Temperature is not { } temperature || (temperature >= 0 && temperature <= limits.MaxTemperature),
            FormattableString.Invariant($"The temperature must be 0 to {limits.MaxTemperature}."));
        Rule("maxTokens", asked => asked.Options.MaxOutputTokens >= 1 && asked.Options.MaxOutputTokens <= MaxTokens,
            $"The most tokens of an answer must be 1 to {MaxTokens}.");
        RuleFor(asked => asked).Custom((asked, context) =>
        {
            // More are refused by their number, and an error for each of a million would be an answer larger than the request.
            foreach (var (index, message) in asked.Messages.Take(limits.MaxMessages).Index())
            {
                if (!IsRoleOf(message))
                    context.AddFailure($"messages[{index}].role", "The role must be system, user or assistant.");
                if (message.Contents.All(content => content is TextContent { Text: "" }))
                    context.AddFailure($"messages[{index}].content", "The content must not be empty.");
                if (GuardedContent.LengthOf(message) > limits.MaxContentLength)
                    context.AddFailure($"messages[{index}].content", $"The content must have at most {limits.MaxContentLength} characters.");
            }
        });
    }

    /// <summary>The most tokens that an answer may have here.</summary>
    public int MaxTokens { get; }

    /// <summary>A rule on the request as a whole: one on a number would be compiled at every start.</summary>
    private void Rule(string field, Func<Asked, bool> isKept, string message) =>
        RuleFor(asked => asked).Must(isKept).WithMessage(message).OverridePropertyName(field);

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
