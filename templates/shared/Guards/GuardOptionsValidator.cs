using Acme.App.Mistral;
using FluentValidation;
using Microsoft.Extensions.Options;

namespace Acme.App.Guards;

/// <summary>Judges <see cref="GuardOptions"/> before the program starts.</summary>
internal sealed class GuardOptionsValidator : AbstractValidator<GuardOptions>
{
    public GuardOptionsValidator(IOptions<MistralOptions> mistral)
    {
        RuleFor(options => options.Request.MaxMessages).Must(count => count is >= 1 and <= 100)
            .WithMessage("The most messages of a request must be 1 to 100.").WithState(_ => "Set it to 100 or less.");
        RuleFor(options => options.Request.MaxContentLength).Must(length => length is >= 1 and <= 100_000)
            .WithMessage("The most characters of a message must be 1 to 100,000.").WithState(_ => "Set it to 100000 or less.");
        RuleFor(options => options.Request.MaxTotalLength).Must(length => length is >= 1 and <= 10_000_000)
            .WithMessage("The most characters of a request must be 1 to 10,000,000.").WithState(_ => "Set it to 400000.");
        RuleFor(options => options.Request.MaxTemperature).Must(temperature => temperature is >= 0 and <= 1.5f)
            .WithMessage("The highest temperature must be 0 to 1.5, as Mistral takes it.").WithState(_ => "Set it to 1.");
        RuleFor(options => options.Request.MaxTokens).Must(tokens => tokens is >= 1 and <= 4_000)
            .WithMessage("The most tokens of an answer must be 1 to 4,000.").WithState(_ => "Set it to 4000 or less.");
        RuleForEach(options => options.SensitiveData.Shapes).Must(line => KeyShape.Parse(line).Count > 0)
            .WithMessage("A shape must be a name, prefixes and an alphabet with a length.").WithState(_ => "Write it like \"acme ACME- w32\".");
        RuleForEach(options => options.SensitiveData.Shapes).Must(line => KeyShape.Parse(line).TrueForAll(shape => shape.IsFindable))
            .WithMessage("A shape's prefix must hold a digit, '-' or '_', or digits must follow it.").WithState(_ => "Write the prefix with the mark that follows it, like \"ACME-\".");
        RuleForEach(options => options.SensitiveData.AllowedValues).Must(value => value.Length is >= 3 and <= TextWindow.Right && value.Trim() == value)
            .WithMessage("An allowed value must have 3 to 400 characters, without spaces around it.").WithState(_ => "Write each value whole, as it stands in texts.");
        RuleForEach(options => options.Moderation.Thresholds).Must(threshold => threshold.Value is >= 0 and <= 1)
            .WithMessage("A threshold of moderation must be 0 to 1.").WithState(_ => "Set each threshold to a score such as 0.5.");
        RuleFor(options => options.Moderation).Must(moderation => moderation.Thresholds.Count > 0 || !(moderation.Input || moderation.Output))
            .WithMessage("Moderation is on, but no category has a threshold.").WithState(_ => "Name at least one category in \"Guards:Moderation:Thresholds\".");
        RuleFor(options => options.Moderation).Must(moderation => !(moderation.Input || moderation.Output) || !IsOffline(mistral))
            .WithMessage("Moderation asks Mistral, so it cannot be on while 'Mistral:Offline' is on.").WithState(_ => "Turn \"Guards:Moderation:Input\" and \"Guards:Moderation:Output\" off, or \"Mistral:Offline\".");
    }

    /// <summary>Settings of Mistral that are wrong themselves are reported by their own validator.</summary>
    private static bool IsOffline(IOptions<MistralOptions> mistral)
    {
        try
        {
            return mistral.Value.Offline;
        }
        catch (OptionsValidationException)
        {
            return false;
        }
    }
}
