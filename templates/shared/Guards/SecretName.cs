namespace Acme.App.Guards;

/// <summary>How much a name promises that its value is secret.</summary>
internal enum SecretPromise
{
    None,

    /// <summary>A key of some sort: only a value that looks random counts.</summary>
    Key,

    Token,

    /// <summary>The word pass alone: a password, or a run, as in <c>second pass: 120 ms</c>.</summary>
    Pass,

    /// <summary>A password: people choose them, so little entropy is enough.</summary>
    Password,
}

/// <summary>Reads identifiers word by word: <c>db_password</c>, <c>xApiKey</c>, but not <c>passwordFile</c> or <c>keyboard</c>.</summary>
internal static class SecretName
{
    private static readonly string[] s_passwords =
    [
        "password", "passwd", "pwd", "passphrase", "passcode", "pass", "pw", "passwort", "kennwort", "mdp", "wachtwoord", "senha", "parola", "heslo",
        "haslo", "passord", "salasana", "adgangskode", "contrasena",
    ];

    /// <summary>A card to get in by, whose number is no password.</summary>
    private static readonly string[] s_tickets = ["boarding", "ski", "season", "day", "bus", "visitor"];

    /// <summary>Whose token says where a list goes on, or what a request is called.</summary>
    private static readonly string[] s_cursors =
        ["next", "previous", "prev", "page", "pagination", "continuation", "sync", "delta", "resume", "forward", "backward", "lock", "request", "change"];

    /// <summary>Whose key is a name: of an entry, a request, a page's widget.</summary>
    private static readonly string[] s_entries = ["idempotency", "dedup", "object", "s", "routing", "site", "socket", "cache", "file"];
    private static readonly string[] s_tokens =
    [
        "token", "secret", "secrets", "apikey", "credential", "credentials", "creds", "authorization", "authkey", "accesskey", "privatekey", "secretkey",
        "accountkey", "sharedaccesskey", "mistral", "webhook", "pat", "dsn",
    ];
    private static readonly string[] s_keyPartners =
    [
        "api", "secret", "private", "access", "auth", "signing", "encryption", "account", "shared", "master", "license", "service", "app", "admin",
        "storage", "subscription",
    ];
    private static readonly string[] s_harmless =
    [
        "id", "ids", "name", "file", "path", "url", "uri", "size", "length", "type", "count", "hash", "version", "expires", "expiry", "ttl", "header",
        "field", "prefix", "endpoint", "public", "pub", "csrf", "xsrf", "authenticity", "primary", "foreign", "partition", "sort", "cache", "index",
        "event", "vault", "selector", "issuer", "limit", "max", "min", "usage", "bucket", "schema", "sequence", "policy", "hint", "reset", "format",
        "pair", "press", "stdin", "timeout", "code", "chars", "mode", "method", "source", "results",
    ];

    public static SecretPromise Judge(ReadOnlySpan<char> name)
    {
        var promise = SecretPromise.None;
        var rest = name;
        var previous = ReadOnlySpan<char>.Empty;
        while (TakeWord(ref rest) is { Length: > 0 } word)
        {
            var found = JudgeWord(word, previous, isLast: rest.IsEmpty);
            promise = found > promise ? found : promise;
            previous = word;
        }

        return promise != SecretPromise.None && IsHarmless(name) ? SecretPromise.None : promise;
    }

    /// <summary>Whether a word says that it is about a secret, and none.</summary>
    public static bool IsHarmless(ReadOnlySpan<char> name)
    {
        while (TakeWord(ref name) is { Length: > 0 } word)
            if (Holds(s_harmless, word))
                return true;
        return false;
    }

    /// <summary>Letters up to what is none, or to a capital after a small letter.</summary>
    private static ReadOnlySpan<char> TakeWord(scoped ref ReadOnlySpan<char> rest)
    {
        var start = 0;
        while (start < rest.Length && !char.IsAsciiLetter(rest[start]))
            start++;
        var end = start;
        while (end < rest.Length && char.IsAsciiLetter(rest[end])
            && !(end > start && char.IsAsciiLetterUpper(rest[end]) && char.IsAsciiLetterLower(rest[end - 1])))
            end++;
        var word = rest[start..end];
        rest = rest[end..];
        return word;
    }

    private static SecretPromise JudgeWord(ReadOnlySpan<char> word, ReadOnlySpan<char> previous, bool isLast)
    {
        // As in "mot de passe", too.
        if (isLast && (previous.IsEmpty || Holds(s_tickets, previous)) && word.TrimEnd('e').Equals("pass", StringComparison.OrdinalIgnoreCase))
            return SecretPromise.Pass;
        if (EndsWithAny(word, s_passwords, wholeUpTo: 4))
            return SecretPromise.Password;
        if (word.Equals("token", StringComparison.OrdinalIgnoreCase) && Holds(s_cursors, previous))
            return SecretPromise.None;
        if (EndsWithAny(word, s_tokens, wholeUpTo: 3) || (isLast && word.Equals("auth", StringComparison.OrdinalIgnoreCase)))
            return SecretPromise.Token;
        if (word.Equals("key", StringComparison.OrdinalIgnoreCase))
            return Holds(s_entries, previous) ? SecretPromise.None : Holds(s_keyPartners, previous) ? SecretPromise.Token : SecretPromise.Key;
        // ApiKeys__0 is one of a list.
        if (word.Equals("keys", StringComparison.OrdinalIgnoreCase) && Holds(s_keyPartners, previous))
            return SecretPromise.Token;
        return SecretPromise.None;
    }

    private static bool EndsWithAny(ReadOnlySpan<char> word, string[] endings, int wholeUpTo)
    {
        foreach (var ending in endings)
            if ((word[^1] | ' ') == ending[^1] && word.EndsWith(ending, StringComparison.OrdinalIgnoreCase)
                && (ending.Length > wholeUpTo || word.Length == ending.Length))
                return true;
        return false;
    }

    private static bool Holds(string[] words, ReadOnlySpan<char> word)
    {
        foreach (var candidate in words)
            if (word.Equals(candidate, StringComparison.OrdinalIgnoreCase))
                return true;
        return false;
    }
}
