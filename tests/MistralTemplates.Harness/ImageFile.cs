using System.Text.Json;

namespace MistralTemplates.Harness;

/// <summary>What a generated Dockerfile publishes and starts, for doing the same without a container.</summary>
public sealed class ImageFile
{
    private const string Publish = "RUN dotnet ";
    private const string EntryPoint = "ENTRYPOINT ";
    private const string Folder = "/app";

    private readonly string[] _lines;

    private ImageFile(string[] lines) => _lines = lines;

    public static async Task<ImageFile> ReadAsync(string repository, CancellationToken cancellationToken) =>
        new(await File.ReadAllLinesAsync(Path.Combine(repository, "Dockerfile"), cancellationToken));

    /// <summary>The arguments to <c>dotnet</c> by which the program is published, into a folder that stands for the image's.</summary>
    /// <exception cref="InvalidOperationException">There is not one such line.</exception>
    public string[] PublishArguments(string folder) =>
        [.. Line(Publish).Split(" && ")[0].Split(' ').Select(argument => argument == Folder ? folder : argument)];

    /// <summary>The published program's file in that folder.</summary>
    /// <exception cref="InvalidOperationException">There is not one such line, or it holds arguments.</exception>
    public string ProgramIn(string folder) =>
        Path.Combine(folder, Path.GetRelativePath(Folder, JsonSerializer.Deserialize<string[]>(Line(EntryPoint))!.Single())) + (OperatingSystem.IsWindows() ? ".exe" : "");

    private string Line(string start) => _lines.Single(line => line.StartsWith(start, StringComparison.Ordinal))[start.Length..];
}
