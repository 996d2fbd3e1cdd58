using System.Text.Json;

namespace Acme.App.Configuration;

/// <summary>The appsettings files in the program's home.</summary>
internal static class SettingsFiles
{
    public const string Base = "appsettings.json";

    private const string Pattern = "appsettings*.json";

    public static string For(string environment) => $"appsettings.{environment}.json";

    public static List<ConfigurationProblem> FindMalformed(string folder)
    {
        var problems = new List<ConfigurationProblem>();
        if (!Directory.Exists(folder))
            return [new("contentRoot", "command line or environment", "The program's home does not exist.", "Set the content root to the folder that holds appsettings.json.")];

        foreach (var file in Directory.EnumerateFiles(folder, Pattern).Order(StringComparer.Ordinal))
        {
            if (Check(file) is { } problem)
                problems.Add(problem);
        }

        return problems;
    }

    // Asks the very reader that the host uses, so that the two cannot disagree.
    private static ConfigurationProblem? Check(string file)
    {
        var name = Path.GetFileName(file);
        try
        {
            new ConfigurationBuilder().AddJsonFile(file).Build();
            return null;
        }
        catch (InvalidDataException exception)
        {
            var line = (exception.InnerException?.InnerException as JsonException)?.LineNumber;
            return new(name, line is null ? name : $"{name} line {line + 1}", "The file is not a valid JSON object.", "Look for a missing comma, quote or bracket on this line or the one before, or for a setting that stands there twice.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new(name, name, "The file cannot be read.", "Let the program's user read it.");
        }
    }
}
