namespace Acme.App.Configuration;

/// <summary>Reads files that may be none: a device has no end, and a pipe perhaps nobody who writes to it.</summary>
internal static class BoundedFile
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    /// <summary>Whether a file is empty, or a device or a pipe: whoever opens one that nobody writes to waits for ever.</summary>
    public static bool HasNoLength(string path) =>
        (File.ResolveLinkTarget(path, returnFinalTarget: true) ?? new FileInfo(path)) is FileInfo { Exists: true, Length: 0 };

    /// <returns>The file's bytes; one more than <paramref name="mostBytes"/> where it has more.</returns>
    /// <exception cref="IOException">It cannot be read, or not in time.</exception>
    public static byte[] Read(string path, int mostBytes) => InTime(path, () =>
    {
        using var file = OpenToRead(path);
        var bytes = new byte[mostBytes + 1];
        return bytes[..file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
    });

    /// <summary>Opens a file of any length to be read beside whoever writes it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="takesPipe">Whether a pipe will do that somebody writes to.</param>
    /// <exception cref="IOException">It cannot be opened, or is a pipe that will not do.</exception>
    public static FileStream OpenBeside(string path, bool takesPipe = false)
    {
        var file = InTime(path, () => OpenToRead(path));
        if (file.CanSeek || takesPipe)
            return file;
        file.Dispose();
        throw new IOException($"'{path}' is no file.");
    }

    private static FileStream OpenToRead(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);

    private static T InTime<T>(string path, Func<T> read)
    {
        try
        {
            return HasNoLength(path) ? Task.Run(read).WaitAsync(s_patience).GetAwaiter().GetResult() : read();
        }
        catch (TimeoutException exception)
        {
            throw new IOException($"'{path}' gave nothing to read.", exception);
        }
    }
}
