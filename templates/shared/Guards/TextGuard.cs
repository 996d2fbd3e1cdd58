namespace Acme.App.Guards;

/// <summary>Changes a text that arrives in pieces. However it is cut, the pieces given back make up the same whole; the last call is final.</summary>
internal delegate string TextFilter(string piece, bool isFinal);

/// <summary>Everything that is done to text in one direction. Hidden characters go first: they could split what is looked for.</summary>
internal sealed class TextGuard(GuardOptions options, bool isOutput)
{
    private readonly SensitiveDataDetector _detector = new(
        options.SensitiveData, modes => isOutput ? modes.Output : modes.Input, removesLinks: isOutput && options.SafeText.RemoveOutboundLinks);

    /// <summary>Guards a whole text; gives the same instance when there is nothing to change.</summary>
    public string Apply(string text, ISet<SensitiveKind> kinds) => Encode(Apply(null, text, kinds));

    public string WithoutHidden(string text) => HiddenCharacterFilter.Apply(text, options.SafeText.HiddenCharacters, out _);

    /// <summary>Guards a value that may stand beside a name, as in a tool's arguments. A program reads it, so it is not encoded.</summary>
    public string Apply(string? name, string value, ISet<SensitiveKind> kinds)
    {
        value = HiddenCharacterFilter.Apply(value, options.SafeText.HiddenCharacters, out var shown);
        if (name is null || _detector.ModeOf(SensitiveKind.Secret) == GuardMode.Allow
            || SecretName.Judge(name) is not (not SecretPromise.None and var promise)
            || !SecretValue.IsSecret(SecretAssignment.WithoutScheme(value.AsSpan().Trim()), promise, isQuoted: true))
            return RedactionFilter.Redact(_detector, value, kinds) + shown;
        kinds.Add(SensitiveKind.Secret);
        return RedactionFilter.MaskOf(SensitiveKind.Secret);
    }

    /// <summary>Guards a text as it comes, exactly as the whole would be.</summary>
    public TextFilter Start(ISet<SensitiveKind> kinds)
    {
        var hidden = new HiddenCharacterFilter(options.SafeText.HiddenCharacters);
        var redaction = new RedactionFilter(_detector, kinds);
        return (piece, isFinal) => Encode(redaction.Push(hidden.Push(piece), isFinal) + (isFinal ? hidden.Shown : ""));
    }

    public void RefuseBlocked(IEnumerable<SensitiveKind> kinds)
    {
        string[] blocked = [.. kinds.Where(kind => _detector.ModeOf(kind) == GuardMode.Block).Select(NameOf)];
        if (blocked.Length == 0)
            return;
        foreach (var kind in blocked)
            GuardKinds.CountFound(kind);
        throw new ChatRefusedException(
            ChatRefusedException.SensitiveData, $"The {(isOutput ? "answer" : "request")} holds sensitive data: {string.Join(", ", blocked)}.")
        {
            Kinds = blocked,
        };
    }

    public static string NameOf(SensitiveKind kind) => kind.ToString().ToLowerInvariant();

    /// <summary>Encodes what has a meaning in HTML; the rest stays, so that no pair of surrogates is torn.</summary>
    private string Encode(string text) => isOutput && options.SafeText.HtmlEncode && text.AsSpan().ContainsAny("&<>\"'")
        ? text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal)
            .Replace("\"", "&quot;", StringComparison.Ordinal).Replace("'", "&#39;", StringComparison.Ordinal)
        : text;
}
