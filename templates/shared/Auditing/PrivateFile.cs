namespace Acme.App.Auditing;

/// <summary>Opens files that only the program's own user may read.</summary>
internal static class PrivateFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public static FileStream Open(string path, FileMode mode, FileAccess access, FileShare share)
    {
        var options = new FileStreamOptions { Mode = mode, Access = access, Share = share, BufferSize = 0 };
        if (OperatingSystem.IsWindows())
            return new FileStream(path, options);

        options.UnixCreateMode = OwnerOnly;
        var stream = new FileStream(path, options);
        File.SetUnixFileMode(stream.SafeFileHandle, OwnerOnly);
        return stream;
    }
}
