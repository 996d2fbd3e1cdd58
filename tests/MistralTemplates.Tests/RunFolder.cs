namespace MistralTemplates.Tests;

/// <summary>
/// A folder for one run of the tests. Two runs at once have one each; a folder whose run has ended is removed by the next run.
/// Files of the same name as the repository's stand in it, so that what is created below is built as in a folder far from here.
/// </summary>
internal sealed class RunFolder : IDisposable
{
    private const string LockName = "run.lock";

    private readonly FileStream _lock;

    private RunFolder(string path, FileStream held)
    {
        Path = path;
        _lock = held;
    }

    public string Path { get; }

    public static RunFolder Claim(string parent)
    {
        Directory.CreateDirectory(parent);
        foreach (var old in Directory.GetDirectories(parent).Where(IsLeft))
            Remove(old);

        var path = System.IO.Path.Combine(parent, "run-" + Environment.ProcessId);
        Directory.CreateDirectory(path);
        var held = new FileStream(System.IO.Path.Combine(path, LockName), FileMode.Create, FileAccess.ReadWrite, FileShare.None);
        foreach (var name in (string[])["Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props"])
            File.WriteAllText(System.IO.Path.Combine(path, name), "<Project />\n");
        File.WriteAllText(System.IO.Path.Combine(path, ".editorconfig"), "root = true\n");
        return new RunFolder(path, held);
    }

    public void Dispose() => _lock.Dispose();

    /// <summary>Two runs may want to remove the same folder: the one that renames it first does.</summary>
    private static void Remove(string folder)
    {
        var renamed = $"{folder}-{Guid.NewGuid():n}";
        try
        {
            Directory.Move(folder, renamed);
            Directory.Delete(renamed, recursive: true);
        }
        catch (IOException)
        {
            // Another run has it, or a program that a test left behind; the next run tries again.
        }
    }

    private static bool IsLeft(string folder)
    {
        var name = System.IO.Path.Combine(folder, LockName);
        if (!File.Exists(name))
            return Directory.GetLastWriteTimeUtc(folder) < DateTime.UtcNow.AddMinutes(-1);
        try
        {
            using var free = new FileStream(name, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return true;
        }
        catch (IOException)
        {
            // Held by its run, or gone.
            return false;
        }
    }
}
