namespace Acme.App.Configuration;

/// <summary>Reads a small file that may be none: a device has no end, and a pipe perhaps nobody who writes to it.</summary>
internal static class BoundedFile
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    /// <returns>The file's bytes; one more than <paramref name="mostBytes"/> where it has more.</returns>
    /// <exception cref="IOException">It cannot be read, or not in time.</exception>
    public static byte[] Read(string path, int mostBytes)
    {
        try
        {
            // What is no regular file has no length.
            return new FileInfo(path).Length > 0 ? ReadNow() : Task.Run(ReadNow).WaitAsync(s_patience).GetAwaiter().GetResult();
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
