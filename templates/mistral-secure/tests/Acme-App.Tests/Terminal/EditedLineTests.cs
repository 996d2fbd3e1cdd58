using Acme.App.Terminal;

namespace Acme.App.Tests.Terminal;

public sealed class EditedLineTests
{
    [Fact]
    public void Take_UpAndDown_BringsBackWhatWasTyped()
    {
        var line = new EditedLine();
        line.Remember("first");
        line.Remember("second");
        line.Begin("a draft");

        Press(line, ConsoleKey.UpArrow, ConsoleKey.UpArrow);
        Assert.Equal("first", line.Text);
        Press(line, ConsoleKey.DownArrow, ConsoleKey.DownArrow);
        Assert.Equal(("a draft", 7), (line.Text, line.Cursor));
    }

    [Theory]
    [InlineData(false, false, "ab")]
    [InlineData(true, false, "a")]
    [InlineData(true, true, "ab")]
    public void Take_LetterWithAlt_TypesOnlyWithAltGr(bool alt, bool control, string expected)
    {
        var line = new EditedLine();
        line.Begin("a");

        line.Take(new ConsoleKeyInfo('b', ConsoleKey.B, shift: false, alt, control));

        Assert.Equal(expected, line.Text);
    }

    [Fact]
    public void Take_Backspace_TakesAnEmojiWhole()
    {
        var line = new EditedLine();
        line.Begin("a🙂");

        Press(line, ConsoleKey.Backspace, ConsoleKey.LeftArrow, ConsoleKey.Delete);

        Assert.Equal(("", 0), (line.Text, line.Cursor));
    }

    private static void Press(EditedLine line, params ConsoleKey[] keys)
    {
        foreach (var key in keys)
            line.Take(new ConsoleKeyInfo('\0', key, shift: false, alt: false, control: false));
    }
}
