using Acme.App.Configuration;

namespace Acme.App.Keys.Sources;

/// <summary>Where the file with the key lies.</summary>
internal sealed class FilesKeyOptions
{
    public const string SectionName = "Keys:Files";

    /// <summary>The file's full path, for example <c>/run/secrets/mistral-api-key</c>. It holds the key and nothing else.</summary>
    public string Path { get; set; } = "";
}

internal sealed class FilesKeyOptionsValidator : OptionsValidator<FilesKeyOptions>
{
    public FilesKeyOptionsValidator() => Rule(nameof(FilesKeyOptions.Path), options => Path.IsPathFullyQualified(options.Path),
        "The path of the file with the key is not a full path.", "Set it to where the secret is mounted, for example /run/secrets/mistral-api-key.");
}
