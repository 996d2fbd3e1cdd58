using System.Text;
using Acme.App.Configuration;
using Acme.App.Guards;
using Acme.App.Keys;
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

    /// <summary>Whoever writes "Guards": "off" must not go on with the defaults unawares.</summary>
    [Theory]
    [InlineData("Guards", "off", "'Guards:Request', 'Guards:SensitiveData', 'Guards:SafeText'")]
    [InlineData("Guards:SensitiveData:Emails", "Block", "'Guards:SensitiveData:Emails:Input', 'Guards:SensitiveData:Emails:Output'")]
    public void Value_OneValueInPlaceOfASection_IsRefused(string setting, string value, string remedy)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { [setting] = value });
        builder.AddValidatedOptions<GuardOptions, GuardOptionsValidator>(GuardOptions.SectionName);
        using var services = builder.Services.BuildServiceProvider();

        var exception = Assert.Throws<ConfigurationException>(() => services.GetRequiredService<IOptions<GuardOptions>>().Value);

        var problem = Assert.Single(exception.Problems);
        Assert.Equal((setting, "The setting is a section, and one value stands in its place."), (problem.Setting, problem.Problem));
        Assert.Contains(remedy, problem.Remedy, StringComparison.Ordinal);
    }

    /// <summary>A variable of that name alone may be another program's; a file's word is ours, whatever the environment sets below it.</summary>
    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public void Value_OneValueInPlaceOfASectionBesideTheEnvironment_IsToldWhereAFileHasIt(bool isInFile, int problems)
    {
        var prefix = $"TEST{Guid.NewGuid():N}_";
        Environment.SetEnvironmentVariable(prefix + (isInFile ? "Guards__SafeText__HtmlEncode" : "Guards"), "true");
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        if (isInFile)
            builder.Configuration.AddJsonStream(new MemoryStream("""{ "Guards": "off" }"""u8.ToArray()));
        builder.Configuration.AddEnvironmentVariables(prefix);
        builder.AddValidatedOptions<GuardOptions, GuardOptionsValidator>(GuardOptions.SectionName);
        using var services = builder.Services.BuildServiceProvider();

        var exception = Record.Exception(() => services.GetRequiredService<IOptions<GuardOptions>>().Value);

        Assert.Equal(problems, (exception as ConfigurationException)?.Problems.Count ?? 0);
    }

    /// <summary>An operator who lists one model does not mean to allow the rest of the file's list as well.</summary>
    [Fact]
    public void Value_ListsInTwoSources_IsTheHigherOneAlone()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration
            .AddInMemoryCollection(new Dictionary<string, string?> { ["Policy:AllowedModels:0"] = "a", ["Policy:AllowedModels:1"] = "b", ["Policy:MaxTokensPerRequest"] = "100" })
            .AddInMemoryCollection(new Dictionary<string, string?> { ["policy:allowedModels:0"] = "c" })
            .AddInMemoryCollection(new Dictionary<string, string?> { ["Policy:MaxTokensPerRequest"] = "200" });
        builder.AddValidatedOptions<PolicyOptions, PolicyOptionsValidator>(PolicyOptions.SectionName);
        using var services = builder.Services.BuildServiceProvider();

        var policy = services.GetRequiredService<IOptions<PolicyOptions>>().Value;

        Assert.Equal(["c"], policy.AllowedModels);
        Assert.Equal(200, policy.MaxTokensPerRequest);
    }

    [Fact]
    public void Value_EmptyListAboveAnother_IsEmpty()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        foreach (var json in new[] { """{ "Guards": { "SensitiveData": { "AllowedValues": [ "a", "b" ] } } }""", """{ "Guards": { "SensitiveData": { "AllowedValues": [] } } }""" })
            builder.Configuration.AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(json)));
        builder.AddValidatedOptions<GuardOptions, GuardOptionsValidator>(GuardOptions.SectionName);
        using var services = builder.Services.BuildServiceProvider();

        Assert.Empty(services.GetRequiredService<IOptions<GuardOptions>>().Value.SensitiveData.AllowedValues);
    }

    /// <summary>.NET takes any number for a choice: a mode that is neither open nor closed.</summary>
    [Theory]
    [InlineData("Guards:Moderation:FailureMode", "open", "")]
    [InlineData("Guards:Moderation:FailureMode", "5", "Write Closed or Open.")]
    [InlineData("Guards:Moderation:FailureMode", "1", "Write Closed or Open.")]
    [InlineData("Guards:SensitiveData:Secrets:Input", "Blocked", "Write Allow or Mask or Block.")]
    [InlineData("Guards:SensitiveData:Secrets:Input", "Mask, Block", "Write Allow or Mask or Block.")]
    public void Value_OfAChoice_IsOneOfItsNames(string setting, string value, string remedy)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { [setting] = value });
        builder.AddValidatedOptions<GuardOptions, GuardOptionsValidator>(GuardOptions.SectionName);
        using var services = builder.Services.BuildServiceProvider();

        var exception = Record.Exception(() => services.GetRequiredService<IOptions<GuardOptions>>().Value) as ConfigurationException;

        string[] expected = remedy.Length == 0 ? [] : [$"{setting}: {remedy}"];
        Assert.Equal(expected, exception?.Problems.Select(problem => $"{problem.Setting}: {problem.Remedy}") ?? []);
    }

    /// <summary>.NET reads it as 48 days.</summary>
    [Theory]
    [InlineData("48:00:00", false)]
    [InlineData("024:00:00", false)]
    [InlineData("23:59:59", true)]
    [InlineData("2.00:00:00", true)]
    [InlineData("48", true)]
    public void Value_TimeSpanOfMoreThan23Hours_IsRefused(string value, bool isTaken)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Keys:MaxAge"] = value });
        builder.AddValidatedOptions<KeyOptions, KeyOptionsValidator>(KeyOptions.SectionName);
        using var services = builder.Services.BuildServiceProvider();

        var exception = Record.Exception(() => services.GetRequiredService<IOptions<KeyOptions>>().Value) as ConfigurationException;

        string[] expected = isTaken ? [] : ["Keys:MaxAge: The time span has more than 23 hours, which may mean days or not."];
        Assert.Equal(expected, exception?.Problems.Select(problem => $"{problem.Setting}: {problem.Problem}") ?? []);
    }
}
