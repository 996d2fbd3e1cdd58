namespace Acme.App.Guards;

/// <summary>What a character may be part of; the letters in <c>key-shapes.txt</c> name unions of these.</summary>
[Flags]
internal enum CharacterClass : short
{
    None = 0,
    Digit = 1,
    HexCapital = 2,
    HexSmall = 4,
    Capital = 8,
    Small = 16,
    Dash = 32,
    Base64 = 64,
    Mark = 128,
    LineEnd = 256,
    Hex = Digit | HexCapital | HexSmall,
    Letter = HexCapital | HexSmall | Capital | Small,
    Word = Digit | Letter,
    Name = Word | Dash,
    Any = Name | Base64 | Mark,
}

internal static class CharacterClasses
{
    private static readonly CharacterClass[] s_table = BuildTable();

    public static bool Is(char character, CharacterClass classes) => character < 128 && (s_table[character] & classes) != 0;

    public static CharacterClass Of(char character) => character < 128 ? s_table[character] : CharacterClass.None;

    public static CharacterClass? OfLetter(char letter) => letter switch
    {
        'd' => CharacterClass.Digit,
        'h' => CharacterClass.Hex,
        'u' => CharacterClass.Digit | CharacterClass.HexCapital | CharacterClass.Capital,
        'w' => CharacterClass.Word,
        'k' => CharacterClass.Name,
        'b' => CharacterClass.Word | CharacterClass.Base64,
        'e' => CharacterClass.Name | CharacterClass.Base64,
        't' => CharacterClass.Any,
        _ => null,
    };

    private static CharacterClass[] BuildTable()
    {
        var table = new CharacterClass[128];
        for (var character = '\0'; character < 128; character++)
            table[character] = character switch
            {
                >= '0' and <= '9' => CharacterClass.Digit,
                >= 'A' and <= 'F' => CharacterClass.HexCapital,
                >= 'a' and <= 'f' => CharacterClass.HexSmall,
                >= 'G' and <= 'Z' => CharacterClass.Capital,
                >= 'g' and <= 'z' => CharacterClass.Small,
                '_' or '-' => CharacterClass.Dash,
                '+' or '/' or '=' => CharacterClass.Base64,
                '.' or '~' or '%' => CharacterClass.Mark,
                '\r' or '\n' => CharacterClass.LineEnd,
                _ => CharacterClass.None,
            };
        return table;
    }
}
