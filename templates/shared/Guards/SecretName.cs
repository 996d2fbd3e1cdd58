namespace Acme.App.Guards;

/// <summary>How much a name promises that its value is secret.</summary>
internal enum SecretPromise
{
    None,

    /// <summary>A key of some sort: only a value that looks random counts.</summary>
    Key,

    Token,

    /// <summary>A password: people choose them, so little entropy is enough.</summary>
    Password,
}

/// <summary>Reads identifiers word by word: <c>db_password</c>, <c>xApiKey</c>, but not <c>passwordFile</c> or <c>keyboard</c>.</summary>
internal static class SecretName
{
    private static readonly string[] Passwords = ["password", "passwd", "pwd", "passphrase", "passwort", "pass", "pw"];
    private static readonly string[] Tokens = ["token", "secret", "secrets", "apikey", "credential", "credentials", "creds", "authorization", "authkey", "accesskey", "privatekey", "secretkey", "accountkey", "sharedaccesskey", "mistral", "webhook", "pat", "dsn"];
    private static readonly string[] KeyPartners = ["api", "secret", "private", "access", "auth", "signing", "encryption", "account", "shared", "master", "license", "service", "app", "admin", "app", "storage", "subscription"];
    private static readonly string[] Harmless =
    [
        "id", "ids", "name", "file", "path", "url", "uri", "size", "length", "type", "count", "hash", "version", "expires", "expiry", "ttl", "header", "field", "prefix", "endpoint",
        "public", "pub", "csrf", "xsrf", "authenticity", "primary", "foreign", "partition", "sort", "cache", "index", "event", "vault", "selector", "issuer", "limit", "max", "min",
        "usage", "bucket", "schema", "sequence", "policy", "hint", "reset", "format", "pair", "press", "code", "chars", "mode", "method", "source", "results",
    ];

    public static SecretPromise Judge(ReadOnlySpan<char> name)
    {
        var promise = SecretPromise.None;
        var (start, previous, isPartner) = (0, CharacterClass.None, false);
        for (var index = 0; index <= name.Length; index++)
        {
            var current = index < name.Length ? CharacterClasses.Of(name[index]) & CharacterClass.Letter : CharacterClass.None;
            var isHump = IsCapital(current) && !IsCapital(previous) && previous != CharacterClass.None;
            if ((current == CharacterClass.None || isHump) && index > start)
            {
                var word = name[start..index];
                if (Holds(Harmless, word))
                    return SecretPromise.None;
                var found = JudgeWord(word, isPartner, isLast: index == name.Length);
                promise = found > promise ? found : promise;
                isPartner = Holds(KeyPartners, word);
                start = index;
            }

            if (current == CharacterClass.None)
                start = index + 1;
            previous = current;
        }

        return promise;
    }

    private static SecretPromise JudgeWord(ReadOnlySpan<char> word, bool afterPartner, bool isLast)
    {
        if (EndsWithAny(word, Passwords, wholeUpTo: 4))
            return SecretPromise.Password;
        if (EndsWithAny(word, Tokens, wholeUpTo: 3) || (isLast && word.Equals("auth", StringComparison.OrdinalIgnoreCase)))
            return SecretPromise.Token;
        if (word.Equals("key", StringComparison.OrdinalIgnoreCase))
            return afterPartner ? SecretPromise.Token : SecretPromise.Key;
        return SecretPromise.None;
    }

    private static bool IsCapital(CharacterClass letter) => (letter & (CharacterClass.Capital | CharacterClass.HexCapital)) != 0;

    private static bool EndsWithAny(ReadOnlySpan<char> word, string[] endings, int wholeUpTo)
    {
        foreach (var ending in endings)
            if (word.EndsWith(ending, StringComparison.OrdinalIgnoreCase) && (ending.Length > wholeUpTo || word.Length == ending.Length))
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
