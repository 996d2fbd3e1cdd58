using System.Runtime.Versioning;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Acme.App.Jobs;

/// <summary>What lies beside a claim: the draft of what came of it, and the answer or the reason once that counts.</summary>
internal static class ClaimFiles
{
    public const string AnswerSuffix = ".done";
    public const string ReasonSuffix = ".reason";
    public const string DraftSuffix = ".tmp";

    private const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Writes what came of a job; from then on it counts.</summary>
    public static void Commit<T>(string claim, string suffix, T value, JsonTypeInfo<T> type, bool toDisk)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = ModeOf(File.Exists(claim) ? claim : claim + suffix);
        using (var stream = new FileStream(claim + DraftSuffix, options))
        {
            JsonSerializer.Serialize(stream, value, type);
            stream.Flush(flushToDisk: toDisk);
        }

        File.Move(claim + DraftSuffix, claim + suffix, overwrite: true);
    }

    public static bool IsCommitted(string claim) => File.Exists(claim + AnswerSuffix) || File.Exists(claim + ReasonSuffix);

    /// <summary>The jobs in a worker's folder. Where what came of one cannot be moved out, the claim itself may be gone.</summary>
    public static int Count(string folder) => !Directory.Exists(folder) ? 0 : Directory.EnumerateFiles(folder)
        .Select(file => Path.GetExtension(file) is AnswerSuffix or ReasonSuffix ? Path.ChangeExtension(file, null) : file)
        .Where(file => Path.GetExtension(file).Equals(".json", StringComparison.OrdinalIgnoreCase)).Distinct().Count();

    // An answer is as confidential as its question: the worker's group reads it only where the question's group read that.
    [UnsupportedOSPlatform("windows")]
    private static UnixFileMode ModeOf(string file)
    {
        try
        {
            return Own | (File.GetUnixFileMode(file) & UnixFileMode.GroupRead);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Own;
        }
    }
}
