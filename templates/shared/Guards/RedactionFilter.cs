using System.Text;

namespace Acme.App.Guards;

/// <summary>
/// Masks what a detector finds, in pieces exactly as in the whole text. It holds back the last word and what may still become a finding:
/// a few hundred characters, of a link 2,048 and of a private key's block 16,384. A value that is longer is masked as far as it goes on.
/// </summary>
internal sealed class RedactionFilter(SensitiveDataDetector detector, ISet<SensitiveKind> kinds)
{
    // What detectors may look back on: a link's label or the tag around an address; a name, its type, and what stands between them.
    private const int Context = 1_100;

    private string _text = "";
    private string _read = "";
    private int _position;
    private int _floor;
    private int _emitted;
    private CharacterClass _tail;

    /// <summary>Masks a whole text; gives the same instance when there is nothing to mask.</summary>
    public static string Redact(SensitiveDataDetector detector, string text, ISet<SensitiveKind> kinds)
    {
        var (position, floor) = (0, 0);
        return detector.Next(AsciiForms.Read(text), isFinal: true, ref position, ref floor, out _) is null
            ? text
            : new RedactionFilter(detector, kinds).Push(text, isFinal: true);
    }

    public string Push(string piece, bool isFinal)
    {
        var (isAscii, read) = (ReferenceEquals(_read, _text), AsciiForms.Read(piece));
        _text = _text.Length == 0 ? piece : _text + piece;
        _read = isAscii && ReferenceEquals(read, piece) ? _text : _read + read;
        StringBuilder? output = null;
        SkipTail();
        int safe;
        while (detector.Next(_read, isFinal, ref _position, ref _floor, out safe) is { } finding)
        {
            output ??= new StringBuilder();
            output.Append(_text, _emitted, finding.Start - _emitted).Append(MaskOf(finding.Kind));
            kinds.Add(finding.Kind);
            (_emitted, _tail) = (finding.End, finding.Tail);
            SkipTail();
        }

        safe = Math.Max(_emitted, isFinal ? _text.Length : safe);
        var settled = _emitted == 0 && safe == _text.Length ? _text : _text[_emitted..safe];
        _emitted = safe;
        Forget();
        return output is null ? settled : output.Append(settled).ToString();
    }

    public static string MaskOf(SensitiveKind kind) => kind switch
    {
        SensitiveKind.Link => "#removed-link",
        _ => $"[{TextGuard.NameOf(kind)}]",
    };

    private void SkipTail()
    {
        while (_tail != CharacterClass.None && _emitted < _text.Length)
        {
            if (CharacterClasses.Is(_read[_emitted], _tail))
                _position = _floor = ++_emitted;
            else
                _tail = CharacterClass.None;
        }
    }

    private void Forget()
    {
        var start = Math.Min(_emitted, _position) - Context;
        if (start <= 0)
            return;
        (_text, _read) = (_text[start..], ReferenceEquals(_read, _text) ? _text[start..] : _read[start..]);
        (_position, _emitted, _floor) = (_position - start, _emitted - start, Math.Max(0, _floor - start));
    }
}
