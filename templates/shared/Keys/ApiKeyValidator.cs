using FluentValidation;

namespace Acme.App.Keys;

/// <summary>Tells a key from what people leave in its place. Its messages never quote the value.</summary>
internal sealed class ApiKeyValidator : AbstractValidator<ApiKey>
{
    private const int MinimumLength = 20;
    private const int FewestLetters = 4;

    // Keys are random letters and digits: none of these turns up in one by chance.
    private static readonly string[] Placeholders =
        ["api-key", "api_key", "apikey", "your-", "your_", "yourkey", "changeme", "change-me", "change_me", "placeholder", "example", "insert-", "replace", "paste-", "xxxxx", "dummy-", "${", "{{", "$(", "<", "..."];

    /// <param name="others">The keys of other environments.</param>
    public ApiKeyValidator(IReadOnlyCollection<string> others)
    {
        RuleLevelCascadeMode = CascadeMode.Stop;
        RuleFor(key => key.Reveal())
            .Must(value => value.Length > 0).WithMessage("The key is empty.").WithState(_ => "Put the key that Mistral's console shows there.")
            .Must(value => value.All(letter => letter is > ' ' and <= '~')).WithMessage("The key holds a space, a line break or a character outside ASCII.").WithState(_ => "Copy the key again, without spaces or quotes around it.")
            .Must(value => !IsPlaceholder(value)).WithMessage("The key is a placeholder.").WithState(_ => "Replace it by a key from Mistral's console.")
            .Must(value => value.Length >= MinimumLength).WithMessage($"The key has fewer than {MinimumLength} characters.").WithState(_ => "Copy the whole key.")
            .Must(value => !others.Contains(value)).WithMessage("The key is the same as another environment's key.").WithState(_ => "Create a key of its own for each environment.")
            .OverridePropertyName("Key");
    }

    private static bool IsPlaceholder(string value) =>
        value.Distinct().Count() < FewestLetters || Placeholders.Any(placeholder => value.Contains(placeholder, StringComparison.OrdinalIgnoreCase));
}
