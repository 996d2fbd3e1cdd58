using System.Net;
using System.Net.Sockets;
using Acme.App.Access;
using Acme.App.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using MistralTemplates.Benchmarks.Auditing;
using MistralTemplates.Harness;
using MistralTemplates.Tests.Rooms.Configuration;

namespace MistralTemplates.Tests.Rooms.Chat;

/// <summary>The API as a process that cannot listen where it is told to.</summary>
public sealed class ServerStartTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Start_AddressIsTaken_SaysSoWithoutAStackTrace()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();

        await AssertRefusedAsync($"http://{taken.LocalEndpoint}", "Another program listens at one of these addresses.");
    }

    [Theory]
    [InlineData("http://127.0.0.1:99999999", "Correct the addresses")]
    [InlineData("nonsense", "Correct the addresses")]
    [InlineData("https://127.0.0.1:0", "dotnet dev-certs https")]
    public async Task Start_AddressCannotBeServed_SaysWhereToLook(string urls, string remedy) => await AssertRefusedAsync(urls, remedy);

    /// <summary>OpenTelemetry itself takes it, and sends nothing.</summary>
    [Theory]
    [InlineData("collector:4317")]
    [InlineData("notaurl")]
    public async Task Start_CollectorWithoutAnAddress_IsRefused(string endpoint) =>
        await AssertRefusedAsync("http://127.0.0.1:0", "http://localhost:4317", "OTEL_EXPORTER_OTLP_ENDPOINT", new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint });

    [Theory]
    [InlineData("[")]
    [InlineData("http://api.example")]
    [InlineData("api.example;localhost:8080")]
    [InlineData("api.example/path")]
    [InlineData("api example")]
    [InlineData("a.example; b.example")]
    [InlineData("::1")]
    public async Task Start_AllowedHostThatIsNoName_IsRefused(string hosts) =>
        await AssertRefusedAsync("http://127.0.0.1:0", "A host in it is no name.", "AllowedHosts", new() { ["AllowedHosts"] = hosts });

    [Theory]
    [InlineData("*")]
    [InlineData("")]
    [InlineData("localhost;*.api.example;[::1];127.0.0.1;my_host")]
    public async Task Start_AllowedHostsThatAreNames_Starts(string hosts)
    {
        using var folder = new TemporaryFolder();
        await using var api = ApiProcess.Start(folder.Path, new Dictionary<string, string>(ApiProcess.Settings(folder.Path)) { ["AllowedHosts"] = hosts });

        await api.WaitUntilItAnswersAsync(CancellationToken);
    }

    [Theory]
    [InlineData("http://localhost:4317", "OTEL_EXPORTER_OTLP_ENDPOINT")]
    [InlineData("notaurl", "http://localhost:4317")]
    public async Task Start_CollectorOfOneSignalAlone_IsRefused(string endpoint, string said) => await AssertRefusedAsync(
        "http://127.0.0.1:0", said, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", new() { ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = endpoint });

    /// <summary>What fails in the owner's own code is no matter of addresses.</summary>
    [Fact]
    public async Task Start_ServiceOfTheOwnersFails_IsLeftAsItIs()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(new SettingsRead([], []));
        builder.Services.AddHostedService<FailingService>();
        await using var app = builder.Build();

        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => app.RunServerAsync(CancellationToken));

        Assert.Equal(FailingService.Reason, exception.Message);
    }

    private static async Task AssertRefusedAsync(string urls, string said, string named = "urls", Dictionary<string, string>? more = null)
    {
        using var folder = new TemporaryFolder();
        // Without a home there is no certificate for development.
        var settings = new Dictionary<string, string>(ApiProcess.Settings(folder.Path)) { ["ASPNETCORE_URLS"] = urls, ["HOME"] = folder.Path, ["DOTNET_CLI_HOME"] = folder.Path };

        foreach (var (name, value) in more ?? [])
            settings[name] = value;

        var result = await Command.RunAsync("dotnet", ["exec", ApiProcess.ProgramFile], folder.Path, TimeSpan.FromMinutes(1), CancellationToken, settings);

        Assert.Equal(78, result.ExitCode);
        Assert.Contains($"1. {named}", result.Error, StringComparison.Ordinal);
        Assert.Contains(said, string.Join(' ', result.Error.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    private sealed class FailingService : IHostedService
    {
        public const string Reason = "The owner's own reason.";

        public Task StartAsync(CancellationToken cancellationToken) => throw new InvalidOperationException(Reason);

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
