namespace Acme.App.Auditing;

/// <summary>The names of the log's files: the one being written, the full ones before it, the seal and the lock.</summary>
internal sealed class AuditFiles(string path)
{
    private readonly string _stem = Path.GetFileNameWithoutExtension(path);
    private readonly string _extension = Path.GetExtension(path);

    public string Current { get; } = path;

    public string Folder { get; } = Path.GetDirectoryName(path)!;

    /// <summary>Holds the last line's number and seal.</summary>
    public string Seal { get; } = path + ".seal";

    public string Lock { get; } = path + ".lock";

    /// <summary>What the current file is called once it is full: its first record's number orders it.</summary>
    public string Full(long firstSequence) => Path.Combine(Folder, $"{_stem}-{firstSequence:D12}{_extension}");

    /// <summary>The full files, oldest first, then the current one, as far as they exist.</summary>
    public IReadOnlyList<string> Existing()
    {
        if (!Directory.Exists(Folder))
            return [];

        var full = Directory.GetFiles(Folder, $"{_stem}-*{_extension}").Where(IsFull).Order(StringComparer.Ordinal);
        return [.. full, .. File.Exists(Current) ? [Current] : Array.Empty<string>()];
    }

    private bool IsFull(string file) =>
        Path.GetFileNameWithoutExtension(file)[(_stem.Length + 1)..] is { Length: 12 } number && number.All(char.IsAsciiDigit);
}
