using System.Text;

namespace MistralTemplates.Benchmarks.Guards;

/// <summary>Prose as people and models write it: sentences, lists, a little code, numbers and dates, and nothing sensitive.</summary>
internal static class Prose
{
    private static readonly string[] Sentences =
    [
        "The committee met on Tuesday, and after a long discussion it agreed that the bridge should be repaired before winter.",
        "In 1984 the town had about 12,500 inhabitants; today, by most counts, there are fewer than 9,000.",
        "\"You never told me,\" she said, \"that the road ends at the lake.\"",
        "A well-kept garden asks for patience: water in the morning, shade at noon, and a good book in the evening.",
        "To sort a list in place, call its Sort method; to keep the original, use OrderBy and materialise the result.",
        "The password of success, people say, is hard work, though luck opens more doors than any key.",
        "- Step 3: mix the flour with 250 g of sugar, add two eggs and stir until smooth.",
        "He walked for hours without meeting anybody, and when the rain came he found shelter under an old oak tree.",
        "Whether the author meant it or not, the token gesture at the end changes the meaning of the whole novel.",
        "Chapter 7 explains how the tides depend on the moon, on the sun, and on the shape of the coast.",
    ];

    public static string Of(int length)
    {
        var text = new StringBuilder(length + 200);
        for (var index = 0; text.Length < length; index++)
            text.Append(Sentences[(index * 7) % Sentences.Length]).Append(index % 4 == 3 ? "\n\n" : " ");
        return text.ToString(0, length);
    }
}
