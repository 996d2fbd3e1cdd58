using FluentValidation.Results;

namespace Acme.App.Guards;

/// <summary>A guard refused a request or an answer. It names kinds, places and rules, never what was written.</summary>
internal sealed class ChatRefusedException(string code, string message) : Exception(message)
{
    public const string InvalidRequest = "request.invalid";
    public const string SensitiveData = "sensitive.data";
    public const string Moderated = "moderation.flagged";
    public const string ModerationFailed = "moderation.failed";
    public const string GuardFailed = "guard.failed";
    public const string TooManyRequests = "limit.requests";
    public const string TooManyAtOnce = "limit.concurrency";
    public const string TooManyTokens = "limit.tokens";
    public const string LimitsUnavailable = "limits.unavailable";

    /// <summary>Why, for programs: one of the constants above.</summary>
    public string Code { get; } = code;

    /// <summary>The kinds found: <c>secret</c>, <c>card</c>, or categories of moderation.</summary>
    public IReadOnlyCollection<string> Kinds { get; init; } = [];

    /// <summary>The rules broken, by field: <c>messages[0].content</c>.</summary>
    public IReadOnlyDictionary<string, string[]> Errors { get; init; } = new Dictionary<string, string[]>();

    /// <summary>How long to wait before the next try, when a limit is what refused.</summary>
    public TimeSpan? RetryAfter { get; init; }

    public static ChatRefusedException Invalid(ValidationResult result)
    {
        var errors = result.ToDictionary().AsReadOnly();
        return new ChatRefusedException(InvalidRequest, $"The request breaks the rules of {string.Join(", ", errors.Keys)}.") { Errors = errors };
    }
}
