using System.Globalization;
using System.Text;
using Microsoft.Extensions.Options;

namespace Acme.App.Keys.Sources;

/// <summary>The key from a file: a Docker or Kubernetes secret. Each read opens the path anew, so a swapped link is followed.</summary>
internal sealed class FilesKeySource(IOptions<FilesKeyOptions> options) : KeySource
{
    private const int MaxBytes = 4096;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerAndGroup = OwnerOnly | UnixFileMode.GroupRead;

    public override string Name => $"file {options.Value.Path}";

    public override string Setting => FilesKeyOptions.SectionName + ":Path";

    public override string? PrivateFile => options.Value.Path;

    public override string HowToReplace => $"Replace the file {options.Value.Path} by one that holds the new key.";

    public override async Task<ApiKey> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            // A file written in place is empty for a moment.
            if (HasNoLength(options.Value.Path))
                throw Failed("The file with the key is empty, or no regular file.", "Write the key into it, best by replacing the file as a whole.");
            using var file = File.OpenHandle(options.Value.Path, options: FileOptions.Asynchronous);
            var bytes = new byte[MaxBytes + 1];
            var length = await RandomAccess.ReadAsync(file, bytes, 0, cancellationToken);
            if (length > MaxBytes)
                throw Failed("The file holds more than a key.", "Put the key into it and nothing else.");

            var value = Encoding.UTF8.GetString(bytes, 0, length).TrimEnd('\r', '\n');
            if (value.Length == 0)
                throw Failed("The file with the key is empty.", "Write the key into it, best by replacing the file as a whole.");

            var since = new DateTimeOffset(File.GetLastWriteTimeUtc(file), TimeSpan.Zero);
            return new ApiKey(value, since.ToString("yyyyMMdd'T'HHmmss.fff'Z'", CultureInfo.InvariantCulture), since);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Failed("There is no file with the key.", "Mount the secret there, or correct the path.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Failed("The file with the key cannot be read.", "Let the program's user read it, and see that it is a file and not a folder.");
        }
    }

    public override async Task<bool> TryWriteAsync(ApiKey key, CancellationToken cancellationToken)
    {
        var path = options.Value.Path;
        var next = path + ".new";
        try
        {
            if (new FileInfo(path).LinkTarget is not null)
                throw Failed("The file with the key is a link, which whoever mounted it keeps.",
                    "Change the secret where it is kept; the program takes it up by itself.");

            var create = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                create.UnixCreateMode = OwnerOnly;

            // A crash between the two steps leaves the old key whole, and a second run begins again.
            File.Delete(next);
            var file = new FileStream(next, create);
            try
            {
                await using (file)
                {
                    // The operator's umask takes nothing from the group that the program reads by.
                    if (!OperatingSystem.IsWindows() && File.Exists(path))
                        File.SetUnixFileMode(file.SafeFileHandle, File.GetUnixFileMode(path) & OwnerAndGroup);
                    await file.WriteAsync(Encoding.UTF8.GetBytes(key.Reveal()), cancellationToken);
                    file.Flush(flushToDisk: true);
                }

                File.Move(next, path, overwrite: true);
                return true;
            }
            catch
            {
                // A file that is mounted by itself cannot be replaced; the new key must not stay beside it.
                File.Delete(next);
                throw;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Failed("The file with the key cannot be written.",
                "Let the operator's user write it and its folder, or change the secret where it is kept.");
        }
    }
}
