using Acme.App.Auditing;

namespace Acme.App.Jobs;

/// <summary>The ways in which a job's file moves, none of which writes over another.</summary>
internal static class FileMoves
{
    public const int MostNamesakes = 1000;

    private const int MostGuesses = 100;

    /// <summary>A rename and nothing else, within one file system: File.Move copies and deletes where it cannot rename, which two workers can do.</summary>
    /// <returns>
    /// Whether the file was renamed; not when another worker was first, when a file of that name is there, or, on Windows, while somebody
    /// writes it.
    /// </returns>
    public static bool TryRename(string from, string to)
    {
        try
        {
            Directory.Move(from, to);
            return true;
        }
        catch (IOException exception) when (File.Exists(to) || !File.Exists(from) || AuditFiles.IsTaken(exception))
        {
            return false;
        }
    }

    /// <summary>Moves to the first name that is free: of two jobs of one name at the same time, both end somewhere.</summary>
    /// <param name="target">Where a file goes that has so many namesakes.</param>
    /// <returns>How many it has; the file may have been taken away meanwhile.</returns>
    public static int ToFree(string from, Func<int, string> target)
    {
        for (var tried = 0; tried < MostNamesakes + MostGuesses; tried++)
        {
            var namesake = tried < MostNamesakes ? tried : Random.Shared.Next(MostNamesakes, int.MaxValue / 2);
            var to = target(namesake);
            if ((!Path.Exists(to) && TryMove(from, to)) || !File.Exists(from))
                return namesake;
        }

        throw new IOException("Too many jobs bear the same name.");
    }

    /// <summary>Deletes a file if it is there, and on Windows as well if it may only be read.</summary>
    public static void Delete(string file)
    {
        if (OperatingSystem.IsWindows() && File.Exists(file))
            File.SetAttributes(file, FileAttributes.Normal);
        File.Delete(file);
    }

    /// <summary>Where a claim, named <c>attempt~name</c>, ends.</summary>
    public static string Ended(string folder, string claim, int namesake, string extension) => Path.Combine(
        folder, Path.GetFileNameWithoutExtension(Path.GetFileName(claim).Split('~', 2)[^1]) + (namesake == 0 ? "" : $"-{namesake + 1}") + extension);

    private static bool TryMove(string from, string to)
    {
        try
        {
            File.Move(from, to);
            return true;
        }
        catch (IOException exception) when (exception is FileNotFoundException || Path.Exists(to))
        {
            return false;
        }
    }
}
