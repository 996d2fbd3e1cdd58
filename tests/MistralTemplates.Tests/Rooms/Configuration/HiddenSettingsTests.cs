using Acme.App.Configuration;
using Acme.App.Keys;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using MistralTemplates.Tests.Rooms.Keys;

namespace MistralTemplates.Tests.Rooms.Configuration;

/// <summary>A key is put into each source that a configuration has; no way of reading it all shows the key.</summary>
public sealed class HiddenSettingsTests : IDisposable
{
    private static readonly string Canary = Some.KeyValue(401);

    // Each test has a variable of its own, because the process has one environment only; what begins like the key's is hidden.
    private readonly string _name = $"MISTRAL_API_KEY_{Guid.NewGuid():N}";

    [Theory]
    [InlineData("variable", "environment variable ")]
    [InlineData("dotenv", ".env line 1")]
    [InlineData("folder", "file ")]
    [InlineData("settings", "appsettings.json")]
    [InlineData("arguments", "command line")]
    [InlineData("code", "the program's code")]
    public void AddKeys_KeyInASource_IsInNoDumpAndStillFound(string place, string origin)
    {
        using var folder = new TemporaryFolder();
        folder.Write("appsettings.json", $$"""{ "SettingsFolder": "mounted", "{{(place == "settings" ? _name : "Other")}}": "{{Canary}}" }""".Replace($"\"Other\": \"{Canary}\"", "\"Other\": \"seen\"", StringComparison.Ordinal));
        folder.Write("appsettings.Development.json", "{}");
        folder.Write(".env", place == "dotenv" ? $"{_name}={Canary}\n" : "");
        folder.Write("mounted/" + (place == "folder" ? _name : "Other"), place == "folder" ? Canary : "seen");
        if (place == "variable")
            Environment.SetEnvironmentVariable(_name, Canary);
        var home = ProgramHome.Find(["--contentRoot", folder.Path, .. place == "arguments" ? new[] { $"--{_name}={Canary}" } : []]);
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = home.Arguments, ContentRootPath = home.ContentRoot, EnvironmentName = "Development" });
        builder.AddConfiguration(home);
        if (place == "code")
            builder.Configuration.AddInMemoryCollection([new(_name, Canary)]);
        Assert.Contains(Canary, Dump(builder.Configuration), StringComparison.Ordinal);

        builder.AddKeys();

        AssertHidden(builder.Configuration, origin);
        ((IConfigurationRoot)builder.Configuration).Reload();
        AssertHidden(builder.Configuration, origin);
        builder.Configuration.Sources.Insert(0, new Microsoft.Extensions.Configuration.Memory.MemoryConfigurationSource());
        AssertHidden(builder.Configuration, origin);
    }

    [Fact]
    public void Hide_OtherSettings_StayAsTheyAre()
    {
        var configuration = new ConfigurationManager();
        configuration.AddInMemoryCollection([new("A:B", "1"), new("A:C", "2"), new("SECRET_A", "3")]);
        configuration.AddInMemoryCollection([new("A:B", "4"), new("SECRET_A", "5")]);

        configuration.Hide("SECRET");

        Assert.Equal("4", configuration["A:B"]);
        Assert.Equal(["B", "C"], configuration.GetSection("A").GetChildren().Select(child => child.Key));
        Assert.Equal(["A"], configuration.GetChildren().Select(child => child.Key));
        Assert.Equal("5", configuration.Hidden("SECRET_A"));
        Assert.Null(configuration.Hidden("A:B"));
    }

    public void Dispose() => Environment.SetEnvironmentVariable(_name, null);

    private void AssertHidden(ConfigurationManager configuration, string origin)
    {
        var dump = Dump(configuration);
        Assert.Contains("seen", dump, StringComparison.Ordinal);
        Assert.DoesNotContain(Canary, dump, StringComparison.Ordinal);
        Assert.Null(configuration[_name]);
        Assert.Equal(Canary, configuration.Hidden(_name));
        Assert.StartsWith(origin, configuration.OriginOf(_name), StringComparison.Ordinal);
    }

    private string Dump(IConfigurationRoot configuration) =>
        $"{configuration.GetDebugView()} {string.Join(' ', configuration.AsEnumerable())} {string.Join(' ', configuration.GetChildren().Select(section => section.Value))} "
        + string.Join(' ', configuration.Providers.Select(provider => provider.TryGet(_name, out var value) ? value : ""));
}
