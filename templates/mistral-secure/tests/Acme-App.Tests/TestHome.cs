namespace Acme.App.Tests;

/// <summary>A home for the program outside the repository, with the project's settings: a developer's <c>.env</c> is not found from there.</summary>
internal static class TestHome
{
    /// <summary>What the tests name, whatever models the project allows.</summary>
    public static IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>
    {
        ["Mistral:Model"] = "mistral-small-latest",
        ["Policy:AllowedModels:0"] = "mistral-small-latest",
        ["Policy:AllowedModels:1"] = "mistral-medium-latest",
        ["Policy:MaxTokensPerRequest"] = "4000",
    };

    /// <summary>Whether a variable may be a setting of the program, which the tests do not take over from whoever runs them.</summary>
    public static bool IsSetting(string variable) =>
        variable.StartsWith("MISTRAL", StringComparison.OrdinalIgnoreCase) || variable.Contains("__", StringComparison.Ordinal);

    public static string Create(string prefix)
    {
        var folder = Directory.CreateTempSubdirectory(prefix).FullName;
        foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory, "appsettings*.json"))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        return folder;
    }
}
