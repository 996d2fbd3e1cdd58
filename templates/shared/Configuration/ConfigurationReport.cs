using System.Globalization;
using System.Text;

namespace Acme.App.Configuration;

/// <summary>Writes problems for a person at a terminal of 80 columns.</summary>
internal static class ConfigurationReport
{
    private const int Columns = 80;

    public static string Format(IReadOnlyList<ConfigurationProblem> problems)
    {
        var text = new StringBuilder();
        text.AppendLine(
            CultureInfo.InvariantCulture, $"The program cannot start: its configuration has {problems.Count} problem{(problems.Count == 1 ? "" : "s")}.");
        for (var index = 0; index < problems.Count; index++)
        {
            var problem = problems[index];
            text.AppendLine();
            Wrap(text, $"{index + 1}.", problem.Setting);
            Wrap(text, "   from: ", problem.Source);
            Wrap(text, "   wrong:", problem.Problem);
            Wrap(text, "   mend: ", problem.Remedy);
        }

        return text.ToString();
    }

    private static void Wrap(StringBuilder text, string label, string sentence)
    {
        var line = label;
        foreach (var word in sentence.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line != label && line.Length + 1 + word.Length > Columns)
            {
                text.AppendLine(line);
                line = new string(' ', label.Length);
            }

            line += " " + word;
        }

        text.AppendLine(line);
    }
}
