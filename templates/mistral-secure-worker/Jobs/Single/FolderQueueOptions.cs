using Acme.App.Configuration;

namespace Acme.App.Jobs;

/// <summary>Where the jobs are, and what their results survive.</summary>
internal sealed class FolderQueueOptions
{
    public const string SectionName = "Jobs:Folder";

    /// <summary>The folder; a relative path starts at the program's home. The default is <c>jobs</c>.</summary>
    public string Path { get; set; } = "jobs";

    /// <summary>What a result survives before its job counts as done. The default is the process's end.</summary>
    public Durability Durability { get; set; } = Durability.Process;
}

internal sealed class FolderQueueOptionsValidator : OptionsValidator<FolderQueueOptions>
{
    public FolderQueueOptionsValidator() =>
        Rule(nameof(FolderQueueOptions.Path), options => !string.IsNullOrWhiteSpace(options.Path),
            "The jobs have no folder.", "Set it to a folder, for example jobs.");
}
