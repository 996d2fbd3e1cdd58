namespace Acme.App.Configuration;

/// <summary>Reads a small file that may be none: a device has no end, and a pipe perhaps nobody who writes to it.</summary>
internal static class BoundedFile
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    /// <summary>Whether a file is empty, or a device or a pipe: whoever opens one that nobody writes to waits for ever.</summary>
    public static bool HasNoLength(string path) =>
        (File.ResolveLinkTarget(path, returnFinalTarget: true) ?? new FileInfo(path)) is FileInfo { Exists: true, Length: 0 };

    /// <returns>The file's bytes; one more than <paramref name="mostBytes"/> where it has more.</returns>
    /// <exception cref="IOException">It cannot be read, or not in time.</exception>
    public static byte[] Read(string path, int mostBytes)
    {
        try
        {
            return HasNoLength(path) ? Task.Run(ReadNow).WaitAsync(s_patience).GetAwaiter().GetResult() : ReadNow();
        }
        catch (TimeoutException exception)
        {
            throw new IOException($"'{path}' gave nothing to read.", exception);
        }

        byte[] ReadNow()
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var bytes = new byte[mostBytes + 1];
            return bytes[..file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
        }
    }
}
