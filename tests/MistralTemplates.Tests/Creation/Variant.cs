namespace MistralTemplates.Tests.Creation;

/// <summary>One way to call <c>dotnet new</c>.</summary>
public sealed record Variant(string Id, string ShortName, string Kind, params string[] Options)
{
    private const string MatrixVariable = "MISTRAL_TEMPLATES_MATRIX";

    /// <summary>Those whose files and texts are approved: each value of each option at least once.</summary>
    public static IReadOnlyList<Variant> Approved { get; } =
    [
        new("repository-api", "mistral-secure", "api"),
        new("repository-api-without-ci", "mistral-secure", "api", "--ci", "none"),
        new("repository-console", "mistral-secure", "console", "--kind", "console"),
        new("repository-worker", "mistral-secure", "worker", "--kind", "worker"),
        new("repository-worker-on-redis", "mistral-secure", "worker", "--kind", "worker", "--scale", "redis"),
        new("alone-api", "mistral-secure-api", "api"),
        new("alone-console", "mistral-secure-console", "console"),
        new("alone-worker", "mistral-secure-worker", "worker"),
        new("alone-api-on-redis", "mistral-secure-api", "api", "--scale", "redis"),
        new("key-from-files", "mistral-secure-worker", "worker", "--secrets", "files"),
        new("key-from-aws", "mistral-secure-api", "api", "--secrets", "aws"),
        new("key-from-gcp", "mistral-secure-worker", "worker", "--secrets", "gcp"),
        new("key-from-azure", "mistral-secure-console", "console", "--secrets", "azure"),
        new("key-from-vault", "mistral-secure", "api", "--secrets", "vault"),
    ];

    /// <summary>Whether this run builds all pairs of options instead of each value once.</summary>
    public static bool IsFullMatrix { get; } = Environment.GetEnvironmentVariable(MatrixVariable) == "full";

    /// <summary>Those that are built, tested and asked.</summary>
    public static IReadOnlyList<Variant> Built { get; } =
        IsFullMatrix ? [.. Pairs("mistral-secure"), .. Pairs("mistral-secure-api"), .. Pairs("mistral-secure-console"), .. Pairs("mistral-secure-worker")] : Approved;

    public bool IsRepository => ShortName == "mistral-secure";

    public string KeySource => Option("--secrets") ?? "env";

    /// <summary>Whether its processes meet in Redis, of which a console has no use.</summary>
    public bool UsesRedis => Option("--scale") == "redis" && Kind != "console";

    public static TheoryData<string> ApprovedIds => [.. Approved.Select(variant => variant.Id)];

    public static TheoryData<string> BuiltIds => [.. Built.Select(variant => variant.Id)];

    /// <summary>The plainest that is built of a template and a kind, whichever matrix is run.</summary>
    public static Variant FindBuilt(string shortName, string kind) => Built.First(variant => variant.ShortName == shortName && variant.Kind == kind && !variant.UsesRedis);

    public static Variant Find(string id) => Approved.Concat(Built).First(variant => variant.Id == id);

    private string? Option(string name) => Options.SkipWhile(option => option != name).ElementAtOrDefault(1);

    /// <summary>All options of a template in pairs, as its template.json has them, so that a new option is covered without a word here.</summary>
    private static IEnumerable<Variant> Pairs(string shortName)
    {
        var options = TemplateFiles.Choices(shortName);
        foreach (var row in Pairwise.Rows(options))
        {
            var kind = options.Zip(row).Where(pair => pair.First.Name == "kind").Select(pair => pair.Second).SingleOrDefault() ?? shortName["mistral-secure-".Length..];
            yield return new($"{shortName}-{string.Join('-', row)}", shortName, kind, [.. options.Zip(row).SelectMany(pair => (string[])["--" + pair.First.Name, pair.Second])]);
        }
    }
}
