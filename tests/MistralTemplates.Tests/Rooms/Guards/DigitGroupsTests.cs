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
    [InlineData("v 4778.062042984023", "")]
    [InlineData("v 6313.80604613", "")]
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
