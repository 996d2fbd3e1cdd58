using System.Text.RegularExpressions;
using Acme.App.Terminal;

namespace Acme.App.Tests.Terminal;

public sealed partial class MarkdownStreamTests
{
    private const string Sample = """
        # Heading of the *answer*

        Some **bold words**, *italic* and `code*`; 2*3*4, a ** b and an unclosed **end.

        - an item that is long enough to be wrapped at its words
        12. a step
        ```csharp
        var x = "**kept**";
        ```
        > quoted
        | a | b |
        日本語の文章
        """;

    [Theory]
    [InlineData("plain words", "plain words")]
    [InlineData("## Title", "<1>Title<0>")]
    [InlineData("a **b c** d", "a <1>b<0> <1>c<0> d")]
    [InlineData("an *i* word", "an <3>i<0> word")]
    [InlineData("`x**y**`", "<2>`x**y**`<0>")]
    [InlineData("2*3*4 and a ** b", "2*3*4 and a ** b")]
    [InlineData("2**3 and 2 **", "2**3 and 2 **")]
    [InlineData("open **end", "open **end")]
    [InlineData("これは**重要**です。", "これは<1>重要<0>です。")]
    [InlineData("un**believ**able", "un<1>believ<0>able")]
    [InlineData("注意：**密钥**不能**泄露**", "注意：<1>密钥<0>不能<1>泄露<0>")]
    [InlineData("end *", "end *")]
    [InlineData("* item", "* item")]
    [InlineData("```\n**x**\n```", "<2>```<0>\n<2>**x**<0>\n<2>```<0>")]
    [InlineData("~~~\n**x**\n# y\n~~~\n**z**", "<2>~~~<0>\n<2>**x**<0>\n<2># y<0>\n<2>~~~<0>\n<1>z<0>")]
    [InlineData("````\n```\n**x**\n```\n````\n**z**", "<2>````<0>\n<2>```<0>\n<2>**x**<0>\n<2>```<0>\n<2>````<0>\n<1>z<0>")]
    [InlineData("```f(x)``` is a call\n**z**", "``<2>`f(x)`<0>`` is a call\n<1>z<0>")]
    [InlineData("\n\ntext", "text")]
    public void Push_Markdown_IsRendered(string markdown, string expected) =>
        Assert.Equal(expected + "\n", Escape().Replace(Render([markdown], 80), "<$1>"));

    /// <summary>A language without spaces between words is shown as it comes, too.</summary>
    [Fact]
    public void Push_LettersWithoutSpaces_AreShownAtOnce()
    {
        var shown = new StringWriter();
        var markdown = new MarkdownStream(shown, () => 80);

        markdown.Push("日本語の文章");

        Assert.Equal("日本語の文章", shown.ToString());
    }

    [Theory]
    [InlineData(20)]
    [InlineData(40)]
    [InlineData(80)]
    public void Push_CutAnywhere_GivesTheSameAndLosesNothing(int width)
    {
        var whole = Render([Sample], width);

        for (var seed = 0; seed < 300; seed++)
            Assert.Equal(whole, Render(Pieces(Sample, new Random(seed)), width));
        var words = Escape().Replace(whole, "").Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        var bare = Sample.Replace("# Heading", "Heading").Replace("*answer*", "answer")
            .Replace("**bold words**", "bold words").Replace("*italic*", "italic");
        Assert.Equal(bare.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries), words);
    }

    [Fact]
    public void Push_ALongLine_BreaksAtWordsAndKeepsTheItemsIndent()
    {
        var lines = Render(["- one two three four five six"], 12).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(["- one two", "  three four", "  five six"], lines);
    }

    [Fact]
    public void Push_EmphasisThatNeverEnds_DoesNotHoldTheAnswerBackForever()
    {
        using var output = new StringWriter();
        var markdown = new MarkdownStream(output, () => 80);

        markdown.Push("**" + string.Join(' ', Enumerable.Repeat("word", 200)));

        Assert.True(output.ToString().Length > 500);
    }

    private static IEnumerable<string> Pieces(string text, Random random)
    {
        for (var at = 0; at < text.Length;)
        {
            var length = Math.Min(random.Next(1, 9), text.Length - at);
            yield return text.Substring(at, length);
            at += length;
        }
    }

    private static string Render(IEnumerable<string> pieces, int width)
    {
        using var output = new StringWriter { NewLine = "\n" };
        var markdown = new MarkdownStream(output, () => width);
        foreach (var piece in pieces)
            markdown.Push(piece.ReplaceLineEndings("\n"));
        markdown.End();
        return output.ToString();
    }

    [GeneratedRegex("\u001b\\[([0-9])m", RegexOptions.NonBacktracking)]
    private static partial Regex Escape();
}
