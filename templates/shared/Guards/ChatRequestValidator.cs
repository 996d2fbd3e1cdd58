using Acme.App.Configuration;
using FluentValidation;
using FluentValidation.Results;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace Acme.App.Guards;

/// <summary>
/// The rules of a request, the same for the endpoint, the terminal, the jobs and the road. Errors name fields as the caller
/// writes them and never repeat the value.
/// </summary>
internal sealed class ChatRequestValidator : AbstractValidator<ChatRequest>
{
    private const string RoadRoles = nameof(RoadRoles);
    private static readonly string[] Roles = ["system", "user", "assistant"];

    public ChatRequestValidator(IOptions<GuardOptions> guards, IOptions<PolicyOptions> policy)
    {
        var limits = guards.Value.Request;
        var maxTokens = Math.Min(limits.MaxTokens, policy.Value.MaxTokensPerRequest);

        RuleFor(request => request.Model)
            .Must(model => model is null || policy.Value.AllowedModels.Contains(model, StringComparer.Ordinal))
            .WithMessage("The model is not on this environment's list, \"Policy:AllowedModels\".");
        RuleFor(request => request.Messages)
            .Must(messages => messages is { Count: > 0 } && messages.Count <= limits.MaxMessages)
            .WithMessage($"There must be 1 to {limits.MaxMessages} messages.");
        RuleFor(request => request.Messages)
            .Must(messages => messages!.Sum(message => (long)(message?.Length ?? 0)) <= limits.MaxTotalLength)
            .When(request => request.Messages is not null)
            .WithMessage($"All messages together must have at most {limits.MaxTotalLength} characters.");
        RuleForEach(request => request.Messages)
            .Must(message => message is not null)
            .WithMessage("A message must be an object with a role and content.");
        RuleForEach(request => request.Messages).Where(message => message is not null).ChildRules(message =>
        {
            message.RuleFor(item => item.Role)
                .Must((_, role, context) => Roles.Contains(role, StringComparer.Ordinal) || (role == "tool" && IsOnTheRoad(context)))
                .WithMessage("The role must be system, user or assistant.");
            message.RuleFor(item => item.Content)
                .Must((_, content, context) => content is { Length: > 0 } || IsOnTheRoad(context))
                .WithMessage("The content must not be empty.");
            message.RuleFor(item => item.Content)
                .Must((item, _) => item.Length <= limits.MaxContentLength)
                .WithMessage($"The content must have at most {limits.MaxContentLength} characters.");
        });
        // Rules on the request as a whole: one on a number would be compiled at every start.
        RuleFor(request => request)
            .Must(request => request.Temperature is null || (request.Temperature >= 0 && request.Temperature <= limits.MaxTemperature))
            .OverridePropertyName(nameof(ChatRequest.Temperature))
            .WithMessage(FormattableString.Invariant($"The temperature must be 0 to {limits.MaxTemperature}."));
        RuleFor(request => request)
            .Must(request => request.MaxTokens is null || (request.MaxTokens >= 1 && request.MaxTokens <= maxTokens))
            .OverridePropertyName(nameof(ChatRequest.MaxTokens))
            .WithMessage($"The maximum of tokens must be 1 to {maxTokens}.");
    }

    /// <summary>Judges what goes along the road, where tools may speak and an assistant may call them without a word.</summary>
    public ValidationResult ValidateOnTheRoad(ChatOptions options, IReadOnlyList<ChatMessage> messages)
    {
        var asked = messages.Select(message => new ChatRequestMessage { Role = message.Role.Value, Content = message.Text, Length = GuardedContent.LengthOf(message.Contents) });
        var instructions = options.Instructions is { Length: > 0 } text ? [new ChatRequestMessage { Role = "system", Content = text }] : Array.Empty<ChatRequestMessage>();
        var context = new ValidationContext<ChatRequest>(new ChatRequest
        {
            Model = options.ModelId,
            Messages = [.. asked, .. instructions],
            Temperature = options.Temperature,
            MaxTokens = options.MaxOutputTokens,
        });
        context.RootContextData[RoadRoles] = true;
        return Validate(context);
    }

    public override ValidationResult Validate(ValidationContext<ChatRequest> context)
    {
        var result = base.Validate(context);
        foreach (var failure in result.Errors)
        {
            failure.PropertyName = ToFieldPath(failure.PropertyName);
            failure.AttemptedValue = null;
        }

        return result;
    }

    private static bool IsOnTheRoad<T>(ValidationContext<T> context) => context.RootContextData.ContainsKey(RoadRoles);

    private static string ToFieldPath(string propertyName) =>
        string.Join('.', propertyName.Split('.').Select(part => part.Length == 0 ? part : char.ToLowerInvariant(part[0]) + part[1..]));
}
