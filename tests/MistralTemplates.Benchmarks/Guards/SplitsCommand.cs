using Acme.App.Guards;

namespace MistralTemplates.Benchmarks.Guards;

/// <summary><c>splits COUNT FILE</c>: cuts the file's texts, alone and joined, at random, and holds the stream against the whole through every filter.</summary>
internal static class SplitsCommand
{
    public static int Run(int count, string path)
    {
        var guard = new TextGuard(new GuardOptions { SensitiveData = DetectCommand.Everything }, isOutput: true);
        var texts = DetectCommand.ReadTexts(path);
        var differences = 0;
        Parallel.For(0, count, index =>
        {
            var random = new Random(index);
            var text = string.Concat(Enumerable.Range(0, random.Next(1, 4)).Select(_ => texts[random.Next(texts.Count)] + (random.Next(2) == 0 ? " " : "")));
            text = text[..Math.Min(text.Length, 600)];
            var filter = guard.Start(new HashSet<SensitiveKind>());
            var (streamed, start, longest) = (new System.Text.StringBuilder(), 0, 1 << random.Next(7));
            while (start < text.Length)
            {
                var end = Math.Min(text.Length, start + random.Next(1, longest + 1));
                streamed.Append(filter(text[start..end], isFinal: false));
                start = end;
            }

            streamed.Append(filter("", isFinal: true));
            if (streamed.ToString() != guard.Apply(text, new HashSet<SensitiveKind>()) && Interlocked.Increment(ref differences) <= 3)
                Console.WriteLine($"seed {index} differs");
        });
        Console.WriteLine($"{count} random splits, {differences} differences");
        return differences == 0 ? 0 : 1;
    }
}
