using System.Security.Cryptography;
using System.Text;
using Acme.App.Configuration;

namespace Acme.App.Operations.Doctor;

/// <summary>
/// False alarms that somebody has looked at. Each line is a fingerprint, as the doctor prints it, and the reason why the value is no secret;
/// <c>#</c> begins a comment. The value itself never stands there.
/// </summary>
internal static class AllowFile
{
    public const string DefaultName = ".doctor-allow";

    private const int FingerprintLength = 12;
    private const int MaxBytes = 1024 * 1024;

    /// <exception cref="DoctorInputException">The file is named and not there, cannot be read, or a line is malformed.</exception>
    public static HashSet<string> Read(Patient patient)
    {
        var usual = patient.Folders.Select(folder => Path.Combine(folder, DefaultName)).Where(File.Exists);
        return [.. (patient.AllowPath is { } named ? [named] : usual).SelectMany(Read)];
    }

    /// <remarks>A private key has several lines, which git may end otherwise in the work tree than in its history.</remarks>
    public static string FingerprintOf(ReadOnlySpan<char> value)
    {
        var text = value.ToString().Replace("\r\n", "\n", StringComparison.Ordinal);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..FingerprintLength];
    }

    private static List<string> Read(string path)
    {
        try
        {
            var bytes = BoundedFile.Read(path, MaxBytes);
            if (bytes.Length > MaxBytes)
                throw new IOException("The file is too large.");
            // As any editor wrote it: PowerShell redirects in UTF-16.
            using var text = new StreamReader(new MemoryStream(bytes));
            var lines = text.ReadToEnd().ReplaceLineEndings("\n").Split('\n');
            return [.. lines.Select((line, index) => FingerprintIn(line.Trim(), $"{Path.GetFileName(path)} line {index + 1}")).OfType<string>()];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new DoctorInputException(
                $"The file with false alarms '{path}' cannot be read, or is larger than {MaxBytes / 1024} KiB. Correct its name, or let your user read it.");
        }
    }

    private static string? FingerprintIn(string line, string place)
    {
        if (line.Length == 0 || line[0] == '#')
            return null;
        var parts = line.Split(' ', 2, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (parts is not [{ Length: FingerprintLength } fingerprint, _] || !fingerprint.All(char.IsAsciiHexDigitLower))
            throw new DoctorInputException(
                $"{place} is malformed. Write the fingerprint that the doctor shows, 12 hexadecimal digits, then a space and the reason.");
        return fingerprint;
    }
}
