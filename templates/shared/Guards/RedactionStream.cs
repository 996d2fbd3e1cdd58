using System.Text;

namespace Acme.App.Guards;

/// <summary>
/// Masks sensitive data in a text that arrives in pieces, exactly as it would be masked in the whole text. It holds back the last word and
/// what may still become a finding, at most a few hundred characters; a private key's block up to 16,384.
/// </summary>
internal sealed class RedactionStream(SensitiveDataDetector detector)
{
    // What detectors may look back on: a name, its type, and what stands between them.
    private const int Context = 256;

    private readonly HashSet<SensitiveKind> _kinds = [];
    private string _text = "";
    private int _position;
    private int _floor;
    private int _emitted;
    private CharacterClass _tail;

    public IReadOnlySet<SensitiveKind> Kinds => _kinds;

    /// <summary>Masks a whole text; gives the same instance when there is nothing to mask.</summary>
    public static string Redact(SensitiveDataDetector detector, string text, ISet<SensitiveKind> kinds)
    {
        var (position, floor) = (0, 0);
        if (detector.Next(text, isFinal: true, ref position, ref floor, out _) is null)
            return text;

        var stream = new RedactionStream(detector);
        var redacted = stream.Push(text, isFinal: true);
        kinds.UnionWith(stream._kinds);
        return redacted;
    }

    /// <summary>Takes the next piece and gives what is settled.</summary>
    public string Push(string piece, bool isFinal)
    {
        _text = _text.Length == 0 ? piece : _text + piece;
        StringBuilder? output = null;
        int safe;
        while (true)
        {
            SkipTail();
            if (detector.Next(_text, isFinal, ref _position, ref _floor, out safe) is not { } finding)
                break;

            output ??= new StringBuilder();
            output.Append(_text, _emitted, finding.Start - _emitted);
            if (detector.ModeOf(finding.Kind) == GuardMode.Mask)
                output.Append('[').Append(NameOf(finding.Kind)).Append(']');
            _kinds.Add(finding.Kind);
            (_emitted, _tail) = (finding.End, finding.Tail);
        }

        safe = Math.Max(_emitted, isFinal ? _text.Length : safe);
        var settled = _text[_emitted..safe];
        _emitted = safe;
        Forget();
        return output is null ? settled : output.Append(settled).ToString();
    }

    public static string NameOf(SensitiveKind kind) => kind switch
    {
        SensitiveKind.Secret => "secret",
        SensitiveKind.Card => "card",
        SensitiveKind.Iban => "iban",
        SensitiveKind.Ssn => "ssn",
        SensitiveKind.Email => "email",
        SensitiveKind.Phone => "phone",
        _ => "ip",
    };

    private void SkipTail()
    {
        while (_tail != CharacterClass.None && _emitted < _text.Length)
        {
            if (CharacterClasses.Is(_text[_emitted], _tail))
                _emitted++;
            else
                _tail = CharacterClass.None;
        }

        _position = Math.Max(_position, _emitted);
        _floor = _tail == CharacterClass.None ? _floor : Math.Max(_floor, _emitted);
    }

    private void Forget()
    {
        var start = Math.Min(_emitted, _position) - Context;
        if (start <= 0)
            return;
        _text = _text[start..];
        _position -= start;
        _emitted -= start;
        _floor = Math.Max(0, _floor - start);
    }
}
