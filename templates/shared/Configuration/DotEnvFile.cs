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
    private const string Export = "export";

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly StringBuilder _accepted = new();
    private readonly List<ConfigurationProblem> _problems = [];
    private readonly Dictionary<string, int> _lines = new(StringComparer.OrdinalIgnoreCase);
    private readonly string _name;

    private DotEnvFile(string name) => _name = name;

    /// <summary>The variables, by name.</summary>
    public IReadOnlyDictionary<string, string> Values { get; private set; } = new Dictionary<string, string>();

    /// <summary>The line on which each variable stands.</summary>
    public IReadOnlyDictionary<string, int> Lines => _lines;

    /// <summary>What is wrong with the file. When there is anything, none of its values are used.</summary>
    public IReadOnlyList<ConfigurationProblem> Problems => _problems;

    public static DotEnvFile Read(string path)
    {
        var file = new DotEnvFile(Path.GetFileName(path));
        try
        {
            if (new FileInfo(path).Length > MaxBytes)
                file.Refuse(1, file._name, $"The file is larger than {MaxBytes / 1024} KiB.", "Keep only settings in it.");
            else
                file.Scan(StrictUtf8.GetString(File.ReadAllBytes(path)).TrimStart('\uFEFF').ReplaceLineEndings("\n").Split('\n'));
        }
        catch (DecoderFallbackException)
        {
            file.Refuse(1, file._name, "The file is not UTF-8 text.", "Save it as UTF-8.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            file.Refuse(1, file._name, "The file cannot be read.", "Let the program's user read it, or remove it.");
        }

        return file.Accept();
    }

    private DotEnvFile Accept()
    {
        if (_problems.Count > 0 || _lines.Count == 0)
            return this;

        // Over the environment or not is decided by the order of the configuration's sources, so nothing is loaded into
        // the process, where child processes would inherit it.
        using var text = new MemoryStream(StrictUtf8.GetBytes(_accepted.ToString()));
        var values = DotEnv.Read(new DotEnvOptions(ignoreExceptions: false, envStreams: [text], trimValues: true, overwriteExistingVars: false));
        Values = values.AsReadOnly();
        return this;
    }

    private void Scan(string[] lines)
    {
        for (var index = 0; index < lines.Length; index++)
        {
            var line = lines[index].Trim();
            if (line.Length == 0 || line[0] == '#')
                continue;

            var separator = line.IndexOf('=');
            var name = WithoutExport(separator < 0 ? line : line[..separator].TrimEnd());
            if (separator < 0)
                Refuse(index + 1, _name, "The line is not of the form NAME=value.", "Write NAME=value, or begin the line with # for a comment.");
            else if (!IsName(name))
                Refuse(index + 1, _name, "The variable's name is not made of letters, digits and underscores only.", "Rename it; write __ where a setting's name has a colon.");
            else if (!_lines.TryAdd(name, index + 1))
                Refuse(index + 1, name, $"The variable is already set on line {_lines[name]}.", "Keep one of the two lines.");
            else
                index = ScanValue(lines, index, name, line[(separator + 1)..].TrimStart());
        }
    }

    /// <returns>The index of the last line that the value takes up.</returns>
    private int ScanValue(string[] lines, int index, string name, string value)
    {
        if (value.Contains('\0'))
            Refuse(index + 1, name, "The value holds a NUL character.", "Save the file as UTF-8 text.");
        else if (value is ['"' or '\'', ..])
            return ScanQuoted(lines, index, name, value);
        else if (value.StartsWith('`'))
            Refuse(index + 1, name, "The value is quoted with backticks.", "Use single quotes.");
        else if (value.IndexOf('#') is var hash && (hash == 0 || (hash > 0 && !char.IsWhiteSpace(value[hash - 1]))))
            Refuse(index + 1, name, "The value holds a # outside quotes, which may begin a comment or not.", "Put the value in single quotes, or a space before the comment.");
        else
            _accepted.Append(name).Append('=').Append(hash < 0 ? value : value[..hash].TrimEnd()).Append('\n');

        return index;
    }

    private int ScanQuoted(string[] lines, int first, string name, string start)
    {
        var quote = start[0];
        var value = start;
        for (var last = first; ; value += "\n" + lines[last])
        {
            var close = value.IndexOf(quote, 1);
            if (close > 0)
            {
                JudgeQuoted(first + 1, name, value[..(close + 1)], value[(close + 1)..]);
                return last;
            }

            if (++last == lines.Length || LooksLikeAssignment(lines[last]))
            {
                Refuse(first + 1, name, "The value's quote is never closed.", "Close the quote; put a value with an apostrophe in double quotes.");
                return last - 1;
            }
        }
    }

    private void JudgeQuoted(int line, string name, string quoted, string rest)
    {
        var comment = rest.TrimStart();
        if (quoted.Contains('\\') && quoted[0] == '"')
            Refuse(line, name, "The value holds a backslash in double quotes, which may be an escape or not.", "Use single quotes: in them a backslash is a backslash.");
        else if (comment.Length > 0 && (comment[0] != '#' || comment.Length == rest.Length))
            Refuse(line, name, "Text follows the value's closing quote.", "Quote the whole value, or put a space and # before a comment.");
        else
            _accepted.Append(name).Append('=').Append(quoted).Append('\n');
    }

    private void Refuse(int line, string setting, string problem, string remedy) =>
        _problems.Add(new ConfigurationProblem(setting, $"{_name} line {line}", problem, remedy));

    private static string WithoutExport(string name) =>
        name.StartsWith(Export, StringComparison.Ordinal) && name.Length > Export.Length && char.IsWhiteSpace(name[Export.Length])
            ? name[Export.Length..].TrimStart()
            : name;

    // A line of base64 may end in one or two equals signs; an assignment has something after the first.
    private static bool LooksLikeAssignment(string line)
    {
        var separator = line.IndexOf('=');
        return separator > 0 && IsName(WithoutExport(line[..separator].Trim())) && line[(separator + 1)..].Trim() is not ("" or "=");
    }

    private static bool IsName(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_');
}
