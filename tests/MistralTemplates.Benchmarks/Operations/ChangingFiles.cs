using System.Globalization;

namespace MistralTemplates.Benchmarks.Operations;

/// <summary>
/// A project of 200 files, code, documents and settings of 20 to 400 lines, that changes as projects do: each change touches one to three
/// files, in one or two places of each, and replaces, adds or deletes up to eight lines there.
/// </summary>
internal sealed class ChangingFiles(Random random)
{
    private const int Files = 200;
    private const int FewestLines = 20;
    private const int MostLines = 400;
    private static readonly string[] s_endings = [".cs", ".cs", ".cs", ".md", ".json", ".py"];
    private static readonly string[] s_words =
        "account amount answer batch budget cache call chain change channel client code content context count customer day error event file filter first folder guard header host index input item key last length limit line list log message method mode model name note number option order output page path place policy price question queue rate reader record request result retry role route rule score search server session setting shape size source start state status stream table task text time token total user value version window word writer year".Split(' ');

    private readonly List<string>?[] _files = new List<string>?[Files];

    public IEnumerable<(string Path, string Text)> Change(bool bringsKey)
    {
        foreach (var file in Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.Next(Files)).Distinct())
        {
            var ending = s_endings[file % s_endings.Length];
            var lines = _files[file] ??= [.. Enumerable.Range(0, random.Next(FewestLines, MostLines)).Select(_ => Line(ending))];
            for (var places = random.Next(1, 3); places > 0; places--)
                ChangePlace(lines, ending);
            if (bringsKey)
                lines.Insert(random.Next(lines.Count), string.Concat("MISTRAL_API_", "KEY=", new string(random.GetItems("abcdefghkmnpqrstuvwxyzABCDEFGHKLMNPQRSTUVWXYZ23456789".AsSpan(), 32))));
            bringsKey = false;
            yield return ($"src/part{file % 20}/{s_words[file % s_words.Length]}{file}{ending}", string.Join('\n', lines) + "\n");
        }
    }

    private void ChangePlace(List<string> lines, string ending)
    {
        var at = random.Next(lines.Count);
        lines.RemoveRange(at, lines.Count > FewestLines ? Math.Min(random.Next(9), lines.Count - at) : 0);
        lines.InsertRange(at, Enumerable.Range(0, random.Next(9)).Select(_ => Line(ending)));
    }

    private string Line(string ending) => ending switch
    {
        ".md" => string.Join(' ', Enumerable.Range(0, random.Next(4, 18)).Select(_ => Word())) + ".",
        ".json" => string.Create(CultureInfo.InvariantCulture, $"    \"{Word()}{Capital()}\": {(random.Next(2) == 0 ? $"\"{Word()} {Word()}\"" : random.Next(10_000))},"),
        ".py" => $"    {Word()}_{Word()} = {Word()}.{Word()}({Word()}, {Word()}={random.Next(100)})",
        _ => random.Next(4) switch
        {
            0 => "",
            1 => $"        var {Word()}{Capital()} = await _{Word()}.{Capital()}{Capital()}Async({Word()}, {Word()}.{Capital()}, cancellationToken);",
            2 => $"        // {Capital()} {Word()} {Word()} {Word()} {Word()}.",
            _ => $"        if ({Word()}.{Capital()} > {random.Next(1000)}) return new {Capital()}{Capital()}(\"{Word()} {Word()}\", {Word()});",
        },
    };

    private string Word() => s_words[random.Next(s_words.Length)];

    private string Capital()
    {
        var word = Word();
        return char.ToUpperInvariant(word[0]) + word[1..];
    }
}
