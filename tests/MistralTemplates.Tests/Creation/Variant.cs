namespace MistralTemplates.Tests.Creation;

/// <summary>One way to call <c>dotnet new</c>.</summary>
public sealed record Variant(string Id, string ShortName, string Kind, params string[] Options)
{
    /// <summary>Those whose files and texts are approved: each value of each option at least once.</summary>
    public static IReadOnlyList<Variant> Approved { get; } =
    [
        new("repository-api", "mistral-secure", "api"),
        new("repository-api-without-ci", "mistral-secure", "api", "--ci", "none"),
        new("repository-console", "mistral-secure", "console", "--kind", "console"),
        new("repository-worker", "mistral-secure", "worker", "--kind", "worker"),
        new("alone-api", "mistral-secure-api", "api"),
        new("alone-console", "mistral-secure-console", "console"),
        new("alone-worker", "mistral-secure-worker", "worker"),
        new("key-from-files", "mistral-secure-worker", "worker", "--secrets", "files"),
        new("key-from-aws", "mistral-secure-api", "api", "--secrets", "aws"),
        new("key-from-gcp", "mistral-secure-worker", "worker", "--secrets", "gcp"),
        new("key-from-azure", "mistral-secure-console", "console", "--secrets", "azure"),
        new("key-from-vault", "mistral-secure", "api", "--secrets", "vault"),
    ];

    public static TheoryData<string> ApprovedIds => [.. Approved.Select(variant => variant.Id)];

    public static Variant Find(string id) => Approved.Single(variant => variant.Id == id);
}
