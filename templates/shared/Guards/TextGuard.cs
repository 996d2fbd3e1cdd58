namespace Acme.App.Guards;

/// <summary>Everything that is done to text in one direction. Hidden characters go first: they could split what is looked for.</summary>
internal sealed class TextGuard(SensitiveDataDetector detector, SafeTextOptions safeText, bool isOutput)
{
    private static readonly LinkDetector Links = new();
    private readonly bool _removesLinks = isOutput && safeText.RemoveOutboundLinks;
    private readonly bool _encodes = isOutput && safeText.HtmlEncode;

    public static TextGuard ForInput(GuardOptions options) =>
        new(new SensitiveDataDetector(options.SensitiveData, modes => modes.Input), options.SafeText, isOutput: false);

    public static TextGuard ForOutput(GuardOptions options) =>
        new(new SensitiveDataDetector(options.SensitiveData, modes => modes.Output), options.SafeText, isOutput: true);

    /// <summary>Guards a whole text; gives the same instance when there is nothing to change.</summary>
    public string Apply(string text, ISet<SensitiveKind> kinds)
    {
        text = HiddenCharacterFilter.Apply(text, safeText.HiddenCharacters);
        text = _removesLinks ? RedactionFilter.Redact(Links, text, kinds) : text;
        text = RedactionFilter.Redact(detector, text, kinds);
        return _encodes ? HtmlFilter.Encode(text) : text;
    }

    /// <summary>Guards a value that stands beside a name, as in a tool's arguments.</summary>
    public string Apply(string? name, string value, ISet<SensitiveKind> kinds)
    {
        if (name is null || detector.ModeOf(SensitiveKind.Secret) == GuardMode.Allow || !SecretValue.IsSecret(value, SecretName.Judge(name), isQuoted: true))
            return Apply(value, kinds);
        kinds.Add(SensitiveKind.Secret);
        return RedactionFilter.MaskOf(SensitiveKind.Secret);
    }

    public ITextFilter Start(ISet<SensitiveKind> kinds)
    {
        List<ITextFilter> filters = [new HiddenCharacterFilter(safeText.HiddenCharacters)];
        if (_removesLinks)
            filters.Add(new RedactionFilter(Links, kinds));
        filters.Add(new RedactionFilter(detector, kinds));
        if (_encodes)
            filters.Add(new HtmlFilter());
        return new Sequence([.. filters]);
    }

    public void RefuseBlocked(IEnumerable<SensitiveKind> kinds, int? messageIndex)
    {
        var blocked = kinds.Where(kind => detector.ModeOf(kind) == GuardMode.Block).Select(NameOf).ToArray();
        if (blocked.Length > 0)
            throw new ChatRefusedException(ChatRefusedException.SensitiveData, $"The {(isOutput ? "answer" : "request")} holds sensitive data: {string.Join(", ", blocked)}.")
            {
                Kinds = blocked,
                MessageIndex = messageIndex,
            };
    }

    public static string NameOf(SensitiveKind kind) => kind.ToString().ToLowerInvariant();

    private sealed class Sequence(ITextFilter[] filters) : ITextFilter
    {
        public string Push(string piece, bool isFinal) => filters.Aggregate(piece, (text, filter) => filter.Push(text, isFinal));
    }

    private sealed class HtmlFilter : ITextFilter
    {
        public string Push(string piece, bool isFinal) => Encode(piece);

        /// <summary>Encodes what has a meaning in HTML; the rest stays, so that no pair of surrogates is torn.</summary>
        public static string Encode(string text) => text.AsSpan().ContainsAny("&<>\"'")
            ? text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal)
                .Replace("\"", "&quot;", StringComparison.Ordinal).Replace("'", "&#39;", StringComparison.Ordinal)
            : text;
    }
}
