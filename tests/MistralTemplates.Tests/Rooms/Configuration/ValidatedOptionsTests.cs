using Acme.App.Configuration;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace MistralTemplates.Tests.Rooms.Configuration;

public sealed class ValidatedOptionsTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Value_WithACheckThatTheOwnerAdds_HasToPassItToo(bool passes)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Policy:AllowedModels:0"] = "mistral-small-latest", ["Policy:MaxTokensPerRequest"] = "100" });
        builder.AddValidatedOptions<PolicyOptions, PolicyOptionsValidator>(PolicyOptions.SectionName);
        builder.Services.AddOptions<PolicyOptions>().Validate(_ => passes, "Words that may quote a value.");
        using var services = builder.Services.BuildServiceProvider();

        var exception = Record.Exception(() => services.GetRequiredService<IOptions<PolicyOptions>>().Value);

        string[] expected = passes ? [] : [PolicyOptions.SectionName];
        Assert.Equal(expected, (exception as ConfigurationException)?.Problems.Select(problem => problem.Setting) ?? []);
        Assert.DoesNotContain("quote a value", $"{exception}", StringComparison.Ordinal);
    }

    /// <summary>An operator's narrower list must not be lost without a word.</summary>
    [Fact]
    public void Value_OneValueInPlaceOfAList_IsRefused()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Policy:AllowedModels"] = "ministral-3b-latest",
            ["Policy:AllowedModels:0"] = "mistral-small-latest",
            ["Policy:MaxTokensPerRequest"] = "100",
        });
        builder.AddValidatedOptions<PolicyOptions, PolicyOptionsValidator>(PolicyOptions.SectionName);
        using var services = builder.Services.BuildServiceProvider();

        var exception = Assert.Throws<ConfigurationException>(() => services.GetRequiredService<IOptions<PolicyOptions>>().Value);

        var problem = Assert.Single(exception.Problems);
        Assert.Equal(("Policy:AllowedModels", "The setting is a list, and one value stands in its place."), (problem.Setting, problem.Problem));
    }
}
