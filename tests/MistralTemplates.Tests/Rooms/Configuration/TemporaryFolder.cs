namespace MistralTemplates.Tests.Rooms.Configuration;

/// <summary>A folder with files for one test, gone afterwards.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mistral-templates-");

    public string Path => _folder.FullName;

    public string Write(string name, string text)
    {
        var path = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    public void Dispose()
    {
        // Windows deletes nothing that is read-only, as git's objects are.
        if (OperatingSystem.IsWindows())
            foreach (var file in _folder.EnumerateFiles("*", SearchOption.AllDirectories))
                file.Attributes = FileAttributes.Normal;
        _folder.Delete(recursive: true);
    }
}
