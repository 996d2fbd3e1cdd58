using System.Globalization;
using System.Text;
using Acme.App.Configuration;
using Microsoft.Extensions.Options;

namespace Acme.App.Keys.Sources;

/// <summary>The key from a file: a Docker or Kubernetes secret. Each read opens the path anew, so a swapped link is followed.</summary>
internal sealed class FilesKeySource(IOptions<FilesKeyOptions> options) : KeySource
{
    private const int MaxBytes = 4096;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Others = UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    public override string Name => $"file {options.Value.Path}";

    public override string Setting => FilesKeyOptions.SectionName + ":Path";

    public override string? PrivateFile => options.Value.Path;

    public override string HowToReplace => $"Replace the file {options.Value.Path} by one that holds the new key.";

    public override async Task<ApiKey> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            // A file written in place is empty for a moment.
            if (BoundedFile.HasNoLength(options.Value.Path))
                throw Failed("The file with the key is empty, or no regular file.", "Write the key into it, best by replacing the file as a whole.");
            using var file = File.OpenHandle(options.Value.Path, share: FileShare.ReadWrite | FileShare.Delete, options: FileOptions.Asynchronous);
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

    /// <remarks>In its place, so that owner, group and access list stay those by which the program reads it. Whoever reads half a key tries it first.</remarks>
    public override async Task<bool> TryWriteAsync(ApiKey key, CancellationToken cancellationToken)
    {
        var path = options.Value.Path;
        var bytes = Encoding.UTF8.GetBytes(key.Reveal());
        try
        {
            if (new FileInfo(path).LinkTarget is not null)
                throw Failed("The file with the key is a link, which whoever mounted it keeps.",
                    "Change the secret where it is kept; the program takes it up by itself.");
            KeepFromOthers(path);
            await using var file = OpenForWriting(path);
            await file.WriteAsync(bytes, cancellationToken);
            file.SetLength(bytes.Length);
            file.Flush(flushToDisk: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Failed("The file with the key cannot be written.",
                "Let the operator's user write it, or change the secret where it is kept.");
        }

        return true;
    }

    private static FileStream OpenForWriting(string path)
    {
        var how = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write };
        if (OperatingSystem.IsWindows())
            return new FileStream(path, how);
        how.UnixCreateMode = OwnerOnly;
        if (!File.Exists(path))
            return new FileStream(path, how);
        var mode = File.GetUnixFileMode(path);
        try
        {
            return new FileStream(path, how);
        }
        catch (UnauthorizedAccessException) when (!mode.HasFlag(UnixFileMode.UserWrite))
        {
            // Its owner has taken the right to write from himself as well.
            File.SetUnixFileMode(path, mode | UnixFileMode.UserWrite);
            try
            {
                return new FileStream(path, how);
            }
            finally
            {
                File.SetUnixFileMode(path, mode);
            }
        }
    }

    /// <summary>Before the new key is in it.</summary>
    private void KeepFromOthers(string path)
    {
        if (OperatingSystem.IsWindows() || !File.Exists(path) || (File.GetUnixFileMode(path) & Others) == 0)
            return;
        try
        {
            File.SetUnixFileMode(path, File.GetUnixFileMode(path) & ~Others);
        }
        catch (UnauthorizedAccessException)
        {
            // It is another user's: what it is now tells.
        }

        // Where files have no modes of their own, none is changed, and nothing says so.
        if ((File.GetUnixFileMode(path) & Others) != 0)
            throw Failed("The file for the key is open to everybody, and cannot be closed to others.",
                $"Let its owner run 'chmod o= {path}', or keep it on a disk whose files have modes.");
    }
}
