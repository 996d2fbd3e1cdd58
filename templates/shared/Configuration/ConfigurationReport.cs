using System.Text;

namespace Acme.App.Configuration;

/// <summary>Writes problems for a person at a terminal of 80 columns.</summary>
internal static class ConfigurationReport
{
    private const int Columns = 80;

    public static string Format(IReadOnlyList<ConfigurationProblem> problems)
    {
        var text = new StringBuilder();
        text.Append("The program cannot start: its configuration has ").Append(problems.Count).AppendLine(problems.Count == 1 ? " problem." : " problems.");
        for (var index = 0; index < problems.Count; index++)
        {
            var problem = problems[index];
            text.AppendLine();
            Wrap(text, $"{index + 1}. {problem.Setting}", "   ", first: "");
            Wrap(text, problem.Source, "          ", first: "   from:  ");
            Wrap(text, problem.Problem, "          ", first: "   wrong: ");
            Wrap(text, problem.Remedy, "          ", first: "   mend:  ");
        }

        return text.ToString();
    }

    private static void Wrap(StringBuilder text, string sentence, string indent, string first)
    {
        var line = new StringBuilder(first);
        var start = true;
        foreach (var word in sentence.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!start && line.Length + 1 + word.Length > Columns)
            {
                text.AppendLine(line.ToString());
                line.Clear().Append(indent);
                start = true;
            }

            line.Append(start ? "" : " ").Append(word);
            start = false;
        }

        text.AppendLine(line.ToString());
    }
}
