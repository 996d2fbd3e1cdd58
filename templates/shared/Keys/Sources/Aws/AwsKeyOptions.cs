using Acme.App.Configuration;

namespace Acme.App.Keys.Sources;

/// <summary>Which secret of AWS Secrets Manager holds the key. Region and credentials come from AWS's own settings.</summary>
internal sealed class AwsKeyOptions
{
    public const string SectionName = "Keys:Aws";

    /// <summary>The secret's name.</summary>
    public string Secret { get; set; } = "";

    /// <summary>The field that holds the key, where the secret is a JSON object. The default is none: the secret is the key.</summary>
    public string? Field { get; set; }
}

internal sealed class AwsKeyOptionsValidator : OptionsValidator<AwsKeyOptions>
{
    // The letters that Secrets Manager allows in a name.
    public AwsKeyOptionsValidator() => Rule(
        nameof(AwsKeyOptions.Secret),
        options => options.Secret.Length > 0 && options.Secret.All(letter => char.IsAsciiLetterOrDigit(letter) || "/_+=.@-".Contains(letter)),
        "The secret is not named, or its name holds a letter that AWS does not allow.", "Set the secret's name, for example mistral/production.");
}
