using System.Buffers;

namespace Acme.App.Guards;

/// <summary>
/// Finds secrets by the name beside them: assignments in code, settings, JSON, XML and command lines, headers, connection strings, and the
/// password in a URL. Only the value is taken.
/// </summary>
internal static class SecretAssignment
{
    /// <summary>As System.Text.Json writes a quote within a string.</summary>
    private const string EscapedQuote = @"\u0022";

    private const int MostSpaces = 16;
    private const int MostLiteralMarks = 3;
    private const int MostIndent = 48;
    private const string TypeMarks = " .&'<>[]?";
    private static readonly SearchValues<char> s_operators = SearchValues.Create("=:>?.~|+");
    private static readonly SearchValues<char> s_quotes = SearchValues.Create("\"'`");
    private static readonly SearchValues<char> s_unquotedEnds = SearchValues.Create(" \t\r\n\"'`<>,;)]}\\&|\0");
    private static readonly SearchValues<char> s_userInfoEnds = SearchValues.Create(" \t\r\n\"'`<>\\/?#\0");
    private static readonly string[] s_schemes = ["Bearer ", "Basic ", "Token ", "Api-Token ", "ApiKey ", "Digest "];

    public static Finding? Find(ref TextWindow window, int at, ref int next)
    {
        if (window[at] == ':' && window[at + 1] == '/')
            return FindInUrl(ref window, at);
        var promise = JudgeNameBefore(ref window, at);
        if (promise >= SecretPromise.Pass && window[at] == ',' && IsInList(ref window, at))
            promise = SecretPromise.Token;
        return promise == SecretPromise.None ? null : FindValue(ref window, at, promise, ref next);
    }

    /// <summary>A header's value without the word that says how it authenticates (RFC 9110, section 11.4).</summary>
    public static ReadOnlySpan<char> WithoutScheme(ReadOnlySpan<char> value)
    {
        foreach (var scheme in s_schemes)
            if (value.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
                return value[scheme.Length..].TrimStart();
        return value;
    }

    public static bool IsQuote(char character) => s_quotes.Contains(character);

    /// <summary>Judges the value behind a mark or a space.</summary>
    public static Finding? FindValue(ref TextWindow window, int at, SecretPromise promise, ref int next)
    {
        var value = StartOfValue(ref window, at, out var quote, out var isEscaped);
        if (window[at] == ',' && quote == '\0')
            return null;

        var end = value;
        while (end - value < TextWindow.Right && StepOn(ref window, end, quote, isEscaped) is > 0 and var step)
            end += step;
        // Never back: the value may have been come upon by a digit within it.
        next = Math.Max(next, value);
        // The shell's folder.
        if (window[value] == '/' && window.Text[Math.Max(0, at - 8)..at].TrimEnd(" \"'").EndsWith("PWD", StringComparison.Ordinal))
            return null;
        // What is compared without quotes is a name; <password>@host is a form to be filled in.
        if (quote == '\0' && ((window[at] == '=' && window[at + 1] == '=') || (window[at] == '>' && window[value] == '@')))
            return null;
        // In code, with spaces around the operator, a value with a dot is another object's member.
        if (quote == '\0' && promise >= SecretPromise.Pass && window[value - 1] == ' ' && SecretValue.IsMember(window.Text[value..end]))
            return null;
        var goesOn = end - value >= TextWindow.Right;
        return SecretValue.IsSecret(window.Text[value..end], promise, quote != '\0')
            ? new Finding(SensitiveKind.Secret, value, end, goesOn ? CharacterClass.Any : CharacterClass.None)
            : null;
    }

    /// <summary>How many characters the next one of a value is written with; 0 at the value's end.</summary>
    private static int StepOn(ref TextWindow window, int at, char quote, bool isEscaped)
    {
        // A slash and a plus as JSON may write them.
        if (quote == '\0' && window[at] == '\\')
            return window[at + 1] == '/' ? 2 : window.Holds(at, @"\u002B") || window.Holds(at, @"\u002F") ? EscapedQuote.Length : 0;
        if (IsEnd(window[at], quote, isEscaped))
            return 0;
        return quote == '"' && window[at] == '\\' && window[at + 1] is not ('\n' or '\0') ? 2 : 1;
    }

    private static bool IsEnd(char character, char quote, bool isEscaped) => quote == '\0'
        ? s_unquotedEnds.Contains(character)
        : character == quote || character is '\n' or '\0' || (isEscaped && character == '\\');

    /// <summary>The password between the user's name and the host (RFC 3986, 3.2.1).</summary>
    private static Finding? FindInUrl(ref TextWindow window, int at)
    {
        if (window[at + 2] != '/' || !CharacterClasses.Is(window[at - 1], CharacterClass.Word))
            return null;

        var user = at + 3;
        var end = user;
        var password = -1;
        while (end - user < TextWindow.Right && window[end] != '@' && !s_userInfoEnds.Contains(window[end]))
            if (window[end++] == ':' && password < 0)
                password = end;
        // guest:guest@ is how a server comes, and what its manual says.
        return password > 0 && window[end] == '@' && end - password >= 3 && SecretValue.IsPasswordInUrl(window.Text[password..end])
            && !window.Text[user..(password - 1)].SequenceEqual(window.Text[password..end])
            ? new Finding(SensitiveKind.Secret, password, end)
            : null;
    }

    public static SecretPromise JudgeNameBefore(ref TextWindow window, int at)
    {
        var end = BackOverMarks(ref window, at, ":?.|+~");
        end = window[at] == '=' ? BackOverAccessors(ref window, end) : end;
        var start = BackOverName(ref window, end);
        var name = window.Text[start..end];
        // new AuthenticationHeaderValue("Bearer", "…").
        if (window[at] == ',' && name is "Bearer" && IsFirstOf("HeaderValue", ref window, start))
            return SecretPromise.Token;
        // new NetworkCredential("ada", "…"), HTTPBasicAuth("ada", "…").
        if (window[at] == ',' && (IsFirstOf("NetworkCredential", ref window, start) || IsFirstOf("BasicAuth", ref window, start)))
            return SecretPromise.Password;
        // <add key="MaxItemsIn2D" value="5" /> names a setting.
        if (name is "key" && window.Holds(start - 5, "<add "))
            return SecretPromise.None;
        // A test's verdict: "PASS: TestHTTP2". A header of C: #include <pwd.h>.
        if ((name is "PASS" && end == at && window[at] == ':') || (window[at] == '>' && name.EndsWith(".h", StringComparison.Ordinal)))
            return SecretPromise.None;
        // The signature of an address that opens a storage (Azure's shared access signature).
        if (name is "sig" && window[start - 1] is '&' or '?')
            return SecretPromise.Token;
        var promise = window[start - 1] == '/' && window[start - 2] == '<' ? SecretPromise.None : SecretName.Judge(name);
        // In prose, two words: "API key: …".
        if (promise == SecretPromise.Key && name.Length == "key".Length && window[start - 1] == ' ')
            promise = SecretName.Judge(window.Text[BackOverName(ref window, start - 1)..end]);
        if (promise != SecretPromise.None || window[at] == '>')
            return promise;
        if (IsUserOption(window.Text[Math.Max(0, start - 10)..start]) && window[at] == ':')
            return SecretPromise.Password;

        // "var apiToken string = …" and <add key="Password" value="…" /> put a word between the name and its value.
        // So do lists of variables: {"name": "API_KEY", "value": "…"}, in YAML on two lines, and objects: "apiKey": {"value": "…"}.
        var isValue = window.Text[start..end].Equals("value", StringComparison.OrdinalIgnoreCase);
        if (SecretName.IsHarmless(window.Text[start..end]))
            return SecretPromise.None;
        end = isValue ? BackOverMarks(ref window, start, ":=,-{\r\n", MostIndent) : BackOverMarks(ref window, start, ":=");
        if (!isValue && window[at] == '=' && window[at + 1] == ' ')
            end = BackOverType(ref window, end);
        return isValue || window[at] == '=' ? SecretName.Judge(window.Text[BackOverName(ref window, end)..end]) : SecretPromise.None;
    }

    /// <summary>Whether a call's first argument begins there.</summary>
    private static bool IsFirstOf(string call, ref TextWindow window, int start) =>
        window.Holds(BackOverMarks(ref window, start, "(\r\n", MostIndent) - call.Length, call);

    /// <summary>From the end of a property's accessors in C# to its name's: <c>ApiKey { get; set; } = "…"</c>.</summary>
    private static int BackOverAccessors(ref TextWindow window, int end)
    {
        var start = Math.Max(0, end - MostIndent);
        var accessors = window[end - 1] == '}' ? window.Text[start..end].LastIndexOf("{ get", StringComparison.Ordinal) : -1;
        return accessors < 0 ? end : BackOverMarks(ref window, start + accessors, "");
    }

    /// <summary>From a type's end to its variable's, where a colon stands between: <c>API_KEY: &amp;'static str</c>, <c>apiKey: Optional[str]</c>.</summary>
    private static int BackOverType(ref TextWindow window, int end)
    {
        var start = end;
        var limit = Math.Max(0, end - MostIndent);
        while (start > limit && (CharacterClasses.Is(window[start - 1], CharacterClass.Name) || TypeMarks.Contains(window[start - 1])))
            start--;
        return window[start - 1] == ':' ? BackOverMarks(ref window, start, ":") : end;
    }

    /// <summary>Whether an item stands before a quoted name: <c>"none", "password", "md5"</c> may list words, <c>Add("password", "…")</c> sets one.</summary>
    private static bool IsInList(ref TextWindow window, int at)
    {
        var start = BackOverName(ref window, at - 1) - 1;
        while (at - start < TextWindow.Left && window[start - 1] is ' ' or '\n')
            start--;
        return window[start - 1] == ',';
    }

    private static bool IsUserOption(ReadOnlySpan<char> before)
    {
        before = before.TrimEnd(" \"'=");
        return before.EndsWith(" -u", StringComparison.Ordinal) || before.EndsWith("--user", StringComparison.Ordinal);
    }

    public static int BackOverMarks(ref TextWindow window, int index, string operators, int most = MostSpaces)
    {
        var limit = Math.Max(0, index - most);
        while (index > limit)
        {
            var mark = window[index - 1];
            if (mark is ' ' or '\t' or '\\' or ']' or ')' or '"' or '\'' or '`' or '*' || operators.Contains(mark))
                index--;
            else if (mark == '2' && index - limit >= EscapedQuote.Length && window.Holds(index - EscapedQuote.Length, EscapedQuote))
                index -= EscapedQuote.Length;
            else
                break;
        }

        return index;
    }

    public static int BackOverName(ref TextWindow window, int end)
    {
        var limit = Math.Max(0, end - TextWindow.Left);
        while (end > limit && (CharacterClasses.Is(window[end - 1], CharacterClass.Name) || window[end - 1] == '.'))
            end--;
        return end;
    }

    private static int StartOfValue(ref TextWindow window, int at, out char quote, out bool isEscaped)
    {
        var index = at + 1;
        while (index - at < 4 && (window[index] == '*' || s_operators.Contains(window[index])))
            index++;
        for (var spaces = 0; spaces < MostSpaces && (window[index] is ' ' or '\t' || (window[at] == '>' && window[index] is '\r' or '\n')); spaces++)
            index++;
        index += window.Holds(index, EscapedQuote) ? EscapedQuote.Length : 0;
        isEscaped = window[index] == '\\' && s_quotes.Contains(window[index + 1]);
        index += isEscaped ? 1 : 0;
        // What languages write before a literal: @"…", $"…", f"…", b'…', ("…"), ["…"], [ "…" ].
        var literal = index;
        while (literal - index < MostLiteralMarks && window[literal] is '@' or '$' or 'b' or 'r' or 'f' or 'u' or '(' or '[' or ' ')
            literal++;
        index = literal > index && s_quotes.Contains(window[literal]) ? literal : index;
        quote = s_quotes.Contains(window[index]) ? window[index] : '\0';
        index += quote == '\0' ? 0 : 1;
        index += quote != '\0' && window[index] == quote && window[index + 1] == quote ? 2 : 0;
        foreach (var scheme in s_schemes)
            if (window.Holds(index, scheme))
                return index + scheme.Length;
        return index;
    }
}
