namespace Acme.App.Guards;

/// <summary>The kinds of sensitive data, as the mask and the audit call them.</summary>
internal enum SensitiveKind
{
    Secret,
    Card,
    Iban,
    Ssn,
    Email,
    Phone,
    Ip,
    Link,
}

/// <summary>Sensitive data in a text.</summary>
/// <param name="Tail">When not none, the value goes on from <paramref name="End"/> for as long as its characters are of this class.</param>
internal readonly record struct Finding(SensitiveKind Kind, int Start, int End, CharacterClass Tail = CharacterClass.None);

/// <summary>
/// A stretch of text that may go on. Whoever reads past its end, while more may come, learns that the answer is not final. A detector
/// reads so far back and on and no further, links and private keys by limits of their own, so that a stream decides as the whole text would.
/// </summary>
internal ref struct TextWindow(ReadOnlySpan<char> text, bool isFinal)
{
    public const int Left = 64;
    public const int Right = 400;

    public readonly ReadOnlySpan<char> Text = text;

    public bool IsTouched { get; set; }

    public char this[int index]
    {
        get
        {
            if ((uint)index < (uint)Text.Length)
                return Text[index];
            IsTouched |= index >= 0 && !isFinal;
            return '\0';
        }
    }

    /// <summary>Whether ASCII text stands at a place, in capitals or small letters.</summary>
    public bool Holds(int index, scoped ReadOnlySpan<char> expected)
    {
        foreach (var character in expected)
            if (char.ToLowerInvariant(this[index++]) != char.ToLowerInvariant(character))
                return false;
        return true;
    }

    /// <summary>Goes back over characters of a class, not past <paramref name="floor"/> and not further than a detector may look.</summary>
    public readonly int Back(int index, CharacterClass classes, int floor, int most = Left)
    {
        var limit = Math.Max(floor, index - most);
        while (index > limit && CharacterClasses.Is(Text[index - 1], classes))
            index--;
        return index;
    }

    /// <summary>Goes on over characters of a class, not further than a detector may look.</summary>
    public int On(int index, CharacterClass classes, int most = Right)
    {
        var limit = index + most;
        while (index < limit && CharacterClasses.Is(this[index], classes))
            index++;
        return index;
    }
}
