using Acme.App.Guards;

namespace MistralTemplates.Tests.Rooms.Guards;

/// <summary>Numbers where data has them: in rows, in arrays and as decimals.</summary>
public sealed class DigitGroupsTests
{
    [Theory]
    [InlineData("Ada,4111111111111111,12/27", "card")]
    [InlineData("[4111111111111111,4242424242424242]", "card card")]
    [InlineData("7,460-89-9847,1980", "ssn")]
    [InlineData("4111.1111.1111.1111", "card")]
    [InlineData("4111 1111 1111 1111 123 and 4111 1111 1111 1111 1225", "card card")]
    [InlineData("id 1001 4111 1111 1111 1111", "card")]
    [InlineData("3782 822463 10005", "card")]
    [InlineData("4111 1111 1111 1111 4242 4242 4242 4242", "card card")]
    [InlineData("3800 4111 1111 1111 1111 4242", "")]
    [InlineData("4111 1111 1111 1111 4242 4250", "")]
    [InlineData("4250 4260 4111 1111 1111 1111", "")]
    [InlineData("0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15", "")]
    [InlineData("<Buffer 66 68 71 77 68 67 61 64 73>", "")]
    [InlineData("512 1024 1536 2048 2560 3072 3584 4096 4608 5120 5632 6144 6656 7168 7680 8192", "")]
    [InlineData("v 4778.062042984023", "")]
    [InlineData("v 6313.80604613", "")]
    [InlineData("my Maestro card 630470600077", "card")]
    [InlineData("account 630470600077", "")]
    [InlineData("3056 9309 0259 04", "card")]
    [InlineData("mobil +4915144489841", "phone")]
    [InlineData("tel=+4915144489841", "phone")]
    [InlineData("pay+with+4111111111111111+now", "card")]
    [InlineData("card +4111111111111111", "card")]
    [InlineData("old card 4012888800001", "card")]
    [InlineData("EAN 4006381300063, UPC 636438130073", "")]
    public void Next_CardsAndNumbers_AreToldApart(string text, string expected)
    {
        var detector = new SensitiveDataDetector(Guarding.MaskEverything(), modes => modes.Output);
        var found = new List<string>();
        var (position, floor) = (0, 0);
        while (detector.Next(text, isFinal: true, ref position, ref floor, out _) is { } finding)
        {
            found.Add(finding.Kind.ToString().ToLowerInvariant());
        }

        Assert.Equal(expected, string.Join(' ', found));
    }
}
