namespace MistralTemplates.Tests.Creation;

public sealed class PairwiseTests
{
    [Fact]
    public void Rows_OfSeveralOptions_HoldEveryPairInFewerRowsThanAllCombinations()
    {
        TemplateChoice[] options = [new("a", ["1", "2", "3"]), new("b", ["x", "y"]), new("c", ["p", "q", "r", "s"]), new("d", ["m", "n"])];

        var rows = Pairwise.Rows(options);

        Assert.InRange(rows.Count, 12, 20);
        for (var first = 0; first < options.Length; first++)
        {
            for (var second = first + 1; second < options.Length; second++)
            {
                var pairs = rows.Select(row => (row[first], row[second])).Distinct().Count();
                Assert.Equal(options[first].Values.Length * options[second].Values.Length, pairs);
            }
        }
    }

    [Fact]
    public void Rows_OfOneOption_AreItsValues() => Assert.Equal(["1", "2"], Pairwise.Rows([new("a", ["1", "2"])]).Select(row => row.Single()));
}
