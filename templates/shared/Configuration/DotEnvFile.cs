using System.Text;
using dotenv.net;

namespace Acme.App.Configuration;

/// <summary>
/// One <c>.env</c> file. Readers of such files disagree about many inputs; whatever two of them would read differently is
/// refused with its line, and only what is beyond doubt is handed to dotenv.net.
/// </summary>
internal sealed class DotEnvFile
{
    private const int MaxBytes = 256 * 1024;
    private const string Export = "export ";

    private static readonly UTF8Encoding s_strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly StringBuilder _accepted = new();

    public DotEnvFile(string path)
    {
        Name = Path.GetFileName(path);
        try
        {
            var bytes = BoundedFile.Read(path, MaxBytes);
            if (bytes.Length > MaxBytes)
                Refuse(1, Name, "The file is too large.", $"Keep it under {MaxBytes / 1024} KiB.");
            else
                Scan(s_strictUtf8.GetString(bytes).TrimStart('\uFEFF').Replace("\r\n", "\n", StringComparison.Ordinal).Split('\n', '\r'));
        }
        catch (Exception exception) when (exception is DecoderFallbackException or IOException or UnauthorizedAccessException)
        {
            Refuse(1, Name, "The file cannot be read as UTF-8 text.", "Save it as UTF-8, and let the program's user read it.");
        }

        // Which source wins is decided by the configuration's order, so nothing is loaded into the process, where its children would inherit it.
        using var text = new MemoryStream(s_strictUtf8.GetBytes(_accepted.ToString()));
        Values = DotEnv.Read(new DotEnvOptions(ignoreExceptions: false, envStreams: [text], trimValues: false, overwriteExistingVars: false));
    }

    public string Name { get; }

    /// <summary>The variables of the lines that have no problem, by name.</summary>
    public IDictionary<string, string> Values { get; }

    /// <summary>The line on which each variable stands.</summary>
    public Dictionary<string, int> Lines { get; } = new(StringComparer.OrdinalIgnoreCase);

    public List<ConfigurationProblem> Problems { get; } = [];

    private void Scan(string[] lines)
    {
        for (var index = 0; index < lines.Length; index++)
        {
            if (lines[index].Any(EndsLinesSomewhere))
                Refuse(index + 1, Name, "The line holds a character that may end a line or not.", "Remove the invisible character from it.");
            else
                Scan(index + 1, lines[index].Trim());
        }
    }

    private void Scan(int number, string line)
    {
        if (line.Length == 0 || line[0] == '#')
            return;

        var separator = line.IndexOf('=');
        var name = separator < 0 ? "" : line[..separator].TrimEnd();
        if (name.StartsWith(Export, StringComparison.Ordinal))
            name = name[Export.Length..].TrimStart();

        if (separator < 0)
            Refuse(number, Name, "The line is not of the form NAME=value.", "Write NAME=value, or begin the line with # for a comment.");
        else if (name.Length == 0 || char.IsAsciiDigit(name[0]) || !name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_'))
            Refuse(
                number, Name, "The variable's name is not made of letters, digits and underscores only.",
                "Rename it; write __ where a setting's name has a colon.");
        else if (!Lines.TryAdd(name, number))
            Refuse(number, name, $"The variable is already set on line {Lines[name]}.", "Keep one of the two lines.");
        else
            ScanValue(number, name, line[(separator + 1)..].TrimStart());
    }

    // Some readers take these for a line's end.
    private static bool EndsLinesSomewhere(char letter) => letter is '\v' or '\f' or '\u0085' or '\u2028' or '\u2029';

    private void ScanValue(int number, string name, string value)
    {
        var quote = value is ['"' or '\'' or '`', ..] ? value[0] : (char?)null;
        var close = quote is null ? -1 : value.IndexOf(quote.Value, 1);
        var hash = value.IndexOf('#', close + 1);
        var end = hash < 0 ? value.Length : hash;

        if (value.Contains('\0'))
            Refuse(number, name, "The value holds a NUL character.", "Save the file as UTF-8 text.");
        else if (quote == '`')
            Refuse(number, name, "The value is quoted with backticks.", "Use single quotes.");
        else if (quote is not null && close < 0)
            Refuse(number, name, "The value's quote is not closed on its line.", "Close the quote; put a value with an apostrophe in double quotes.");
        else if (quote is not null && value[(close + 1)..end].Trim().Length > 0)
            Refuse(number, name, "Text follows the value's closing quote.", "Quote the whole value.");
        else if (quote == '"' && value[..close].Contains('\\'))
            Refuse(
                number, name, "The value holds a backslash in double quotes, which may be an escape or not.",
                "Use single quotes: in them a backslash is a backslash.");
        else if (quote != '\'' && value[..(quote is null ? end : close)].Contains('$'))
            Refuse(
                number, name, "The value holds a $, which may begin a variable's name or not.", "Use single quotes: in them a $ is a $.");
        else if (hash >= 0 && (hash == 0 || !char.IsWhiteSpace(value[hash - 1])))
            Refuse(
                number, name, "The value is followed by a # without a space, which may begin a comment or not.",
                "Put the value in single quotes, or a space before the comment.");
        else
            _accepted.Append(name).Append('=').Append(Escaped(value[..end].TrimEnd(), quote)).Append('\n');
    }

    // In any quotes dotenv.net takes a backslash before a quote or another backslash away.
    private static string Escaped(string value, char? quote) => quote is null ? value : value.Replace("\\", @"\\", StringComparison.Ordinal);

    private void Refuse(int line, string setting, string problem, string remedy) =>
        Problems.Add(new ConfigurationProblem(setting, $"{Name} line {line}", problem, remedy));
}
