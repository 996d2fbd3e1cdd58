using MistralTemplates.Harness;

namespace MistralTemplates.Tests.Creation;

/// <summary>Whatever name a user gives, the program builds. The kinds' own tests are built with the ordinary names.</summary>
public sealed class NameTests(PackFixture fixture)
{
    public static TheoryData<string, string, string, string> Names => new()
    {
        { "Acme.Chat", "api", "Acme.Chat", "Acme.Chat" },
        { "my-app", "console", "my-app", "my_app" },
        { "my app", "worker", "my-app", "my_app" },
        { "123.App", "api", "123.App", "_123.App" },
        { "class", "console", "class", "_class" },
        { "a..b", "worker", "a.b", "a.b" },
        { "Mistral", "api", "Mistral", "Mistral" },
        { "Système", "console", "Système", "Système" },
        { "x", "worker", "x", "x" },
        { "Sixty.Characters.Are.Not.Too.Many.For.The.Name.Of.An.App.Here", "api", "Sixty.Characters.Are.Not.Too.Many.For.The.Name.Of.An.App.Here", "Sixty.Characters.Are.Not.Too.Many.For.The.Name.Of.An.App.Here" },
        { "Salt & Pepper", "console", "Salt-Pepper", "Salt_Pepper" },
        { "Acme.Console", "console", "Acme.Console", "Acme._Console" },
        { "Program", "api", "Program", "_Program" },
        { "Task", "worker", "Task", "_Task" },
        { "Microsoft.Chat", "worker", "Microsoft.Chat", "Microsoft.Chat" },
        { "& &", "api", "App", "App" },
    };

    /// <summary>Solution and tests as well, for a name that changes on its way to a file and again to a namespace.</summary>
    [Fact]
    public async Task Repository_OfAHostileName_BuildsWithItsTests()
    {
        var folder = await fixture.CreateAsync("names-whole", "mistral-secure", "1 Salt & a..class", "--kind", "console");
        var repository = new GeneratedRepository(folder, "1-Salt-a.class", "console");

        await repository.BuildAsync(TestContext.Current.CancellationToken);

        Assert.True(File.Exists(Path.Combine(folder, "tests", "1-Salt-a.class.Tests", "bin", "Debug", "net10.0", "1-Salt-a.class.Tests.dll")));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Repository_OfAnyName_BuildsAndHoldsNoTrace(string name, string kind, string projectName, string rootNamespace)
    {
        var folder = await fixture.CreateAsync("names", "mistral-secure", name, "--kind", kind);
        var repository = new GeneratedRepository(folder, projectName, kind);

        Assert.Empty(TemplateTraces.In(folder));
        var program = await File.ReadAllTextAsync(Path.Combine(repository.ProjectFolder, "Keys", "ApiKey.cs"), TestContext.Current.CancellationToken);
        Assert.Contains($"namespace {rootNamespace}.Keys;", program, StringComparison.Ordinal);
        await repository.BuildProjectAsync(TestContext.Current.CancellationToken);
        Assert.True(File.Exists(repository.ProgramFile), repository.ProgramFile);
    }
}
