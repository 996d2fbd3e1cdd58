using Acme.App.Configuration;
using Acme.App.Mistral;
using FluentValidation;
using Microsoft.Extensions.Options;

namespace Acme.App.Guards;

/// <summary>Judges <see cref="GuardOptions"/> before the program starts.</summary>
internal sealed class GuardOptionsValidator : OptionsValidator<GuardOptions>
{
    public GuardOptionsValidator(IOptions<MistralOptions> mistral)
    {
        Rule("Request:MaxMessages", options => options.Request.MaxMessages is >= 1 and <= 100,
            "The most messages of a request must be 1 to 100.", "Set it to 100 or less.");
        Rule("Request:MaxContentLength", options => options.Request.MaxContentLength is >= 1 and <= 100_000,
            "The most characters of a message must be 1 to 100,000.", "Set it to 100000 or less.");
        Rule("Request:MaxTotalLength", options => options.Request.MaxTotalLength is >= 1 and <= 10_000_000,
            "The most characters of a request must be 1 to 10,000,000.", "Set it to 400000.");
        Rule("Request:MaxTemperature", options => options.Request.MaxTemperature is >= 0 and <= 1.5f,
            "The highest temperature must be 0 to 1.5, as Mistral takes it.", "Set it to 1.");
        Rule("Request:MaxTokens", options => options.Request.MaxTokens is >= 1 and <= 4_000,
            "The most tokens of an answer must be 1 to 4,000.", "Set it to 4000 or less.");
        RuleForEach(options => options.SensitiveData.Shapes).Must(line => KeyShape.Parse(line).Count > 0)
            .WithMessage("A shape must be a name, prefixes and an alphabet with a length.").WithState(_ => "Write it like \"acme ACME- w32\".");
        RuleForEach(options => options.SensitiveData.Shapes).Must(line => KeyShape.Parse(line).TrueForAll(shape => shape.IsFindable))
            .WithMessage("A shape's prefix must hold a digit, '-' or '_' behind its first letter or digits must follow it, and no other mark than '.' and '/'.")
            .WithState(_ => "Write the prefix with the mark that follows it, like \"ACME-\", from its first letter on.");
        RuleForEach(options => options.SensitiveData.AllowedValues).Must(value => value.Length is >= 3 and <= TextWindow.Right && value.Trim() == value)
            .WithMessage("An allowed value must have 3 to 400 characters, without spaces around it.")
            .WithState(_ => "Write each value whole, as it stands in texts.");
        Rule("Moderation:Thresholds", options => !IsOn(options) || options.Moderation.Thresholds.Values.All(threshold => threshold is >= 0 and <= 1),
            "A threshold of moderation must be 0 to 1.", "Set each threshold to a score such as 0.5.");
        Rule("Moderation", options => !IsOn(options) || options.Moderation.Thresholds.Count > 0,
            "Moderation is on, but no category has a threshold.", "Name at least one category in \"Guards:Moderation:Thresholds\".");
        Rule("Moderation", options => !IsOn(options) || !mistral.ValueOrDefault().Offline,
            "Moderation asks Mistral, so it cannot be on while 'Mistral:Offline' is on.",
            "Turn \"Guards:Moderation:Input\" and \"Guards:Moderation:Output\" off, or \"Mistral:Offline\".");
    }

    private static bool IsOn(GuardOptions options) => options.Moderation.Input || options.Moderation.Output;
}
