namespace MistralTemplates.Tests.Creation;

/// <summary>Few rows in which every two values of different options meet at least once.</summary>
internal static class Pairwise
{
    private readonly record struct Value(int Option, int Index);

    /// <returns>Rows of one value for each option, in the options' order.</returns>
    public static IReadOnlyList<IReadOnlyList<string>> Rows(IReadOnlyList<TemplateChoice> options)
    {
        if (options.Count == 1)
            return [.. options[0].Values.Select(value => (IReadOnlyList<string>)[value])];

        var open = Pairs(options).ToHashSet();
        var rows = new List<IReadOnlyList<string>>();
        while (open.Count > 0)
        {
            var row = NextRow(options, open);
            open.ExceptWith(PairsOf(row));
            rows.Add([.. row.Select((index, option) => options[option].Values[index])]);
        }

        return rows;
    }

    /// <summary>Starts from a pair that is still open and gives each other option the value that closes most.</summary>
    private static int[] NextRow(IReadOnlyList<TemplateChoice> options, HashSet<(Value, Value)> open)
    {
        var row = Enumerable.Repeat(-1, options.Count).ToArray();
        var (first, second) = open.MinBy(pair => (pair.Item1.Option, pair.Item2.Option, pair.Item1.Index, pair.Item2.Index));
        row[first.Option] = first.Index;
        row[second.Option] = second.Index;
        for (var option = 0; option < row.Length; option++)
        {
            if (row[option] >= 0)
                continue;
            var at = option;
            row[at] = Enumerable.Range(0, options[at].Values.Length).MaxBy(index => Closes(row, new Value(at, index), open));
        }

        return row;
    }

    private static int Closes(int[] row, Value value, HashSet<(Value, Value)> open) =>
        Enumerable.Range(0, row.Length).Count(option => row[option] >= 0 && option != value.Option && open.Contains(Ordered(value, new Value(option, row[option]))));

    private static IEnumerable<(Value, Value)> Pairs(IReadOnlyList<TemplateChoice> options) =>
        from first in Enumerable.Range(0, options.Count)
        from second in Enumerable.Range(first + 1, options.Count - first - 1)
        from firstIndex in Enumerable.Range(0, options[first].Values.Length)
        from secondIndex in Enumerable.Range(0, options[second].Values.Length)
        select (new Value(first, firstIndex), new Value(second, secondIndex));

    private static IEnumerable<(Value, Value)> PairsOf(int[] row) =>
        from first in Enumerable.Range(0, row.Length)
        from second in Enumerable.Range(first + 1, row.Length - first - 1)
        select (new Value(first, row[first]), new Value(second, row[second]));

    private static (Value, Value) Ordered(Value one, Value other) => one.Option < other.Option ? (one, other) : (other, one);
}
