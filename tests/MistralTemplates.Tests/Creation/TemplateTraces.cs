namespace MistralTemplates.Tests.Creation;

/// <summary>Finds what a generated file must not hold: source names, tokens and directives of the template.</summary>
internal static class TemplateTraces
{
    // What a condition leaves between two paragraphs is a trace as well.
    private static readonly string[] s_traces =
        ["\n\n\n", "Acme-App", "Acme.App", "Acme_App", "<!--#", "//#if", "#endif", "#if (", "#else", ".template.config", "localhost:PORT", "names.template.json"];

    public static IReadOnlyList<string> In(string folder)
    {
        var files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "obj" or "bin"))
            .ToArray();
        Assert.NotEmpty(files);

        return [.. files.SelectMany(file => InFile(folder, file))];
    }

    private static IEnumerable<string> InFile(string folder, string file)
    {
        var path = Path.GetRelativePath(folder, file);
        var text = File.ReadAllText(file).ReplaceLineEndings("\n");
        return s_traces
            .Where(trace => text.Contains(trace, StringComparison.Ordinal) || path.Contains(trace, StringComparison.Ordinal))
            .Select(trace => $"{path}: {trace.ReplaceLineEndings("\\n")}");
    }
}
