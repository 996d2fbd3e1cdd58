using Acme.App.Configuration;
using FluentValidation;

namespace Acme.App.Keys;

/// <summary>Tells a key from what people leave in its place. Its messages never quote the value.</summary>
internal sealed class ApiKeyValidator : OptionsValidator<ApiKey>
{
    private const int MinimumLength = 20;
    private const int FewestLetters = 4;

    // Keys are random letters and digits: none of these turns up in one by chance.
    private static readonly string[] s_placeholders =
    [
        "api-key", "api_key", "apikey", "your-", "your_", "yourkey", "changeme", "change-me", "change_me", "placeholder", "example",
        "insert-", "replace", "paste-", "xxxxx", "dummy-", "${", "{{", "$(", "<", "...",
    ];

    /// <param name="others">The keys of other environments.</param>
    public ApiKeyValidator(IReadOnlyCollection<string> others)
    {
        ClassLevelCascadeMode = CascadeMode.Stop;
        Rule("Key", key => key.Reveal().Length > 0, "The key is empty.", "Put the key that Mistral's console shows there.");
        Rule("Key", key => key.Reveal().All(letter => letter is > ' ' and <= '~' and not ('"' or '\'' or '\\')),
            "The key holds a space, a line break, a quote, a backslash or a character outside ASCII.",
            "Copy the key again, without spaces or quotes around it.");
        Rule("Key", key => !IsPlaceholder(key.Reveal()), "The key is a placeholder.", "Replace it by a key from Mistral's console.");
        Rule("Key", key => key.Reveal().Length >= MinimumLength, $"The key has fewer than {MinimumLength} characters.", "Copy the whole key.");
        Rule("Key", key => !others.Contains(key.Reveal()),
            "The key is the same as another environment's key.", "Create a key of its own for each environment.");
    }

    private static bool IsPlaceholder(string value) =>
        value.Distinct().Count() < FewestLetters || s_placeholders.Any(placeholder => value.Contains(placeholder, StringComparison.OrdinalIgnoreCase));
}
