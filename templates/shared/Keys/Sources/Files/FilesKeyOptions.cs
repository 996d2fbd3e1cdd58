using FluentValidation;

namespace Acme.App.Keys.Sources;

/// <summary>Where the file with the key lies.</summary>
internal sealed class FilesKeyOptions
{
    public const string SectionName = "Keys:Files";

    /// <summary>The file's full path, for example <c>/run/secrets/mistral-api-key</c>. It holds the key and nothing else.</summary>
    public string Path { get; set; } = "";
}

internal sealed class FilesKeyOptionsValidator : AbstractValidator<FilesKeyOptions>
{
    public FilesKeyOptionsValidator() => RuleFor(options => options.Path)
        .Must(Path.IsPathFullyQualified).WithMessage("The path of the file with the key is not a full path.")
        .WithState(_ => "Set it to where the secret is mounted, for example /run/secrets/mistral-api-key.");
}
