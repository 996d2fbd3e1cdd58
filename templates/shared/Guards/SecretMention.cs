namespace Acme.App.Guards;

/// <summary>Finds secrets that a name announces without an operator between: options, arguments, what is told in prose. Only the value is taken.</summary>
internal static class SecretMention
{
    /// <summary>The value behind an option of a command line, from the second dash of <c>--password value</c>.</summary>
    public static Finding? FindOption(ref TextWindow window, int at, ref int next)
    {
        if (window[at - 1] != '-' || CharacterClasses.Is(window[at - 2], CharacterClass.Name))
            return null;
        var end = window.On(at + 1, CharacterClass.Name, TextWindow.Left);
        var promise = window[end] == ' ' && window[end + 1] != '-' ? SecretName.Judge(window.Text[(at + 1)..end]) : SecretPromise.None;
        return promise == SecretPromise.None ? null : SecretAssignment.FindValue(ref window, end, promise, ref next);
    }

    /// <param name="window">The text.</param>
    /// <param name="start">The value's first character, behind a quote if there is one.</param>
    /// <param name="next">Where the search goes on.</param>
    public static Finding? Find(ref TextWindow window, int start, ref int next)
    {
        var isQuoted = SecretAssignment.IsQuote(window[start - 1]);
        var at = start - (!isQuoted ? 1 : window[start - 2] == '\\' ? 3 : 2);
        var promise = window[at] switch
        {
            '(' when isQuoted => JudgeCallBefore(ref window, at),
            ' ' => JudgeWordsBefore(ref window, at, isQuoted),
            _ => SecretPromise.None,
        };
        return promise == SecretPromise.None ? null : SecretAssignment.FindValue(ref window, at, promise, ref next);
    }

    /// <summary>A constructor's first argument: <c>new MistralClient("…")</c>, <c>ApiKey key = new("…")</c>, <c>Mistral("…")</c>.</summary>
    private static SecretPromise JudgeCallBefore(ref TextWindow window, int at)
    {
        var name = SecretAssignment.BackOverName(ref window, at);
        if (window.Text[name..at] is "new")
            return SecretAssignment.JudgeNameBefore(ref window, SecretAssignment.BackOverMarks(ref window, name, "="));
        // KeyError("…") says what is missing.
        if (window.Text[name..at] is "KeyError")
            return SecretPromise.None;
        return char.IsAsciiLetterUpper(window[name]) || (window[name - 1] == ' ' && window.Text[Math.Max(0, name - 4)..(name - 1)] is "new")
            ? SecretName.Judge(window.Text[name..at])
            : SecretPromise.None;
    }

    /// <summary>Whether a word stands at the start of a line, however that is written, or behind <c>ONBUILD</c>.</summary>
    private static bool BeginsInstruction(ref TextWindow window, int at)
    {
        var start = SecretAssignment.BackOverMarks(ref window, at, "");
        return window[start - 1] is '\n' or '\r' or '\0' or '\ufeff' || window.Holds(start - 2, "\\n") || window.Holds(start - 7, "ONBUILD");
    }

    /// <summary>
    /// <c>setx API_KEY …</c>, <c>ENV API_KEY …</c>, <c>user-secrets set "Mistral:ApiKey" …</c>; "my password is …", in the languages whose verb stands
    /// there.
    /// </summary>
    private static SecretPromise JudgeWordsBefore(ref TextWindow window, int at, bool isQuoted)
    {
        // Environment.GetEnvironmentVariable("API_KEY") ?? "…".
        if (isQuoted && window[at - 1] == '?' && window[at - 2] == '?' && window[at - 3] is ' ' or ')' or ']' or '\n' or '\t')
            return SecretAssignment.JudgeNameBefore(ref window, at);
        var end = SecretAssignment.IsQuote(window[at - 1]) ? at - 1 : at;
        var name = end;
        while (end - name < TextWindow.Left && (CharacterClasses.Is(window[name - 1], CharacterClass.Name) || window[name - 1] is '.' or ':'))
            name--;
        if (name == end)
            return SecretPromise.None;
        var before = name - (end < at ? 1 : 0);
        if (window[before - 1] != ' ')
            return SecretPromise.None;
        if (window.Holds(before - 5, " set ") || window.Holds(before - 5, "setx ") || window.Holds(before - 8, "setx /M ")
            || (window.Holds(before - 4, "ENV ") && BeginsInstruction(ref window, before - 4)))
            return SecretName.Judge(window.Text[name..end]);
        if (window.Text[name..at] is not ("is" or "was" or "ist" or "lautet" or "war" or "est" or "es"))
            return SecretPromise.None;
        var promise = SecretName.Judge(window.Text[SecretAssignment.BackOverName(ref window, name - 1)..(name - 1)]);
        return promise >= SecretPromise.Pass ? promise : SecretPromise.None;
    }
}
