namespace Acme.App.Tests;

public sealed class StartUpTests
{
    //#if (kind == "console")
    private static readonly string[] s_arguments = ["chat", "Hello"];
    //#else
    private static readonly string[] s_arguments = [];
    //#endif

    [Fact]
    public async Task Start_WithoutAKey_SaysHowToGiveOne()
    {
        using var program = new ProgramUnderTest
        {
            Settings = new Dictionary<string, string> { ["DOTNET_ENVIRONMENT"] = "Production", ["ASPNETCORE_ENVIRONMENT"] = "Production" },
        };

        var (exitCode, _, error) = await program.RunAsync("", s_arguments);

        Assert.Equal(78, exitCode);
        // A store names its own settings; the environment its variable.
        Assert.Matches("Keys:[A-Z]|MISTRAL_API_KEY", error);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_InAnUnknownEnvironment_IsRefused()
    {
        using var program = new ProgramUnderTest
        {
            Settings = new Dictionary<string, string> { ["DOTNET_ENVIRONMENT"] = "Elsewhere", ["ASPNETCORE_ENVIRONMENT"] = "Elsewhere" },
        };

        var (exitCode, _, error) = await program.RunAsync("", s_arguments);

        Assert.Equal(78, exitCode);
        Assert.Contains("Set DOTNET_ENVIRONMENT to one of these: Development", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WithAnEndpointThatIsPlainHttp_IsRefused()
    {
        using var program = new ProgramUnderTest
        {
            Settings = new Dictionary<string, string>
            {
                ["MISTRAL_API_KEY_DEV"] = StandIn.MistralStandIn.UsualKey,
                ["Mistral__Endpoint"] = "http://mistral.example",
            },
        };

        var (exitCode, _, error) = await program.RunAsync("", s_arguments);

        Assert.Equal(78, exitCode);
        Assert.Contains("Mistral:Endpoint", error, StringComparison.Ordinal);
    }
}
