using Acme.App.Configuration;
using Acme.App.Keys;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace MistralTemplates.Tests.Rooms.Configuration;

/// <summary>Starts the two lowest rooms in a folder of their own, as a program would.</summary>
public sealed class StartTests
{
    private const string Policy = """{ "Policy": { "AllowedModels": [ "mistral-small-latest" ], "MaxTokensPerRequest": 4000, "OfflineAllowed": false } }""";

    [Fact]
    public async Task Start_WithKeyAndPolicy_Succeeds()
    {
        using var folder = Folder();

        var (code, errors) = await StartAsync(folder, "Production", Variable("MISTRAL_API_KEY_PROD", Key('p')));

        Assert.Equal("", errors);
        Assert.Equal(0, code);
    }

    [Fact]
    public async Task Start_WithManyProblems_ReportsAllAtOnceAndNoValue()
    {
        using var folder = Folder();
        folder.Write("appsettings.json", "{ \"Keys\": { \"Timeout\": ");
        folder.Write("appsettings.Production.json", """{ "Policy": { "AllowedModels": [], "MaxTokensPerRequest": "canary", "Colour": "canary" }, "Keys": { "PollInterval": "00:00:00" } }""");

        var (code, errors) = await StartAsync(folder, "Production", Variable("MISTRAL_API_KEY", "canary"));

        Assert.Equal(78, code);
        Assert.Contains("6 problems", errors, StringComparison.Ordinal);
        foreach (var setting in new[] { "appsettings.json", "Policy:AllowedModels", "Policy:MaxTokensPerRequest", "Policy:Colour", "Keys:PollInterval", "MISTRAL_API_KEY" })
            Assert.Contains(setting, errors, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
        Assert.All(errors.Split('\n'), line => Assert.True(line.Length <= 80, line));
    }

    private static string Key(char seed) => string.Concat(Enumerable.Range(0, 32).Select(index => (char)('a' + (seed * 7 + index * index) % 26)));

    private static KeyValuePair<string, string?> Variable(string name, string value) => new(name, value);

    private static TemporaryFolder Folder()
    {
        var folder = new TemporaryFolder();
        folder.Write("appsettings.json", "{}");
        foreach (var environment in new[] { "Development", "Staging", "Production" })
            folder.Write($"appsettings.{environment}.json", Policy);
        return folder;
    }

    private static async Task<(int Code, string Errors)> StartAsync(TemporaryFolder folder, string environment, params KeyValuePair<string, string?>[] variables)
    {
        using var errors = new StringWriter();
        var code = await StartUp.RunAsync(
            async () =>
            {
                var home = ProgramHome.Find(["--contentRoot", folder.Path]);
                var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = home.Arguments, ContentRootPath = home.ContentRoot, EnvironmentName = environment });
                builder.AddConfiguration(home);
                builder.Configuration.AddInMemoryCollection(variables);
                builder.AddKeys();
                using var host = builder.Build();
                await host.CheckConfigurationAsync(TestContext.Current.CancellationToken);
                return 0;
            },
            errors);
        return (code, errors.ToString());
    }
}
