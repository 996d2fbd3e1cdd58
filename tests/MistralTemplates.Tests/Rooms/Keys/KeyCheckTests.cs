using Acme.App.Configuration;
using Acme.App.Keys;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Options;

namespace MistralTemplates.Tests.Rooms.Keys;

public sealed class KeyCheckTests
{
    [Theory]
    [InlineData("Development", true)]
    [InlineData("Staging", false)]
    [InlineData("Production", false)]
    public async Task Check_StoreGivesNoKey_NamesTheWaysOfTheEnvironment(string environment, bool ownKeyWillDo)
    {
        await using var store = await TestedStore.StartAsync("vault", StoreFailure.Denied);

        var problems = await CheckAsync(store.Source, environment);

        Assert.Equal("Vault denied access to the secret.", problems[0].Problem);
        Assert.Equal(ownKeyWillDo ? ["Keys:Vault", "MISTRAL_API_KEY"] : ["Keys:Vault"], problems.Select(problem => problem.Setting));
        if (ownKeyWillDo)
            Assert.Equal("Set MISTRAL_API_KEY or MISTRAL_API_KEY_DEV, in the environment or in the .env file; or set Mistral__Offline=true to try the program without a key.", problems[1].Remedy);
    }

    [Theory]
    [InlineData("MISTRAL_API_KEY", true)]
    [InlineData("MISTRAL_API_KEY_DEV", true)]
    [InlineData("MISTRAL_API_KEY_PROD", false)]
    public void IsSet_KeyOfAnotherEnvironment_DoesNotCount(string variable, bool expected)
    {
        var configuration = new ConfigurationManager();
        configuration.AddInMemoryCollection([new(variable, Some.KeyValue(1))]);
        configuration.Hide("MISTRAL_API_KEY");

        Assert.Equal(expected, EnvironmentKeySource.IsSet(configuration, new HostingEnvironment { EnvironmentName = "Development" }));
    }

    [Fact]
    public async Task Check_StoresOwnSettingsAreWrong_NamesTheOtherWaysOnly()
    {
        var source = new FakeKeySource(_ => throw new ConfigurationException([]));

        var problem = Assert.Single(await CheckAsync(source, "Development"));

        Assert.Equal("MISTRAL_API_KEY", problem.Setting);
    }

    [Fact]
    public async Task Check_StoreGivesAKey_FindsNothing()
    {
        await using var store = await TestedStore.StartAsync("vault");

        Assert.Empty(await CheckAsync(store.Source, "Development"));
    }

    private static async Task<IReadOnlyList<ConfigurationProblem>> CheckAsync(KeySource source, string environment)
    {
        var settings = new ConfigurationBuilder().Build();
        var check = new KeyCheck(SourceExpectations.RingOf(source), source, settings, Some.Environment(environment), Options.Create(new KeyOptions()));
        var exception = await Record.ExceptionAsync(() => check.RunAsync(TestContext.Current.CancellationToken));
        return exception is null ? [] : Assert.IsType<ConfigurationException>(exception).Problems;
    }
}
