using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Acme.App.Auditing;
using Acme.App.Chat;
using Acme.App.Configuration;
using Acme.App.Guards;
using Acme.App.Keys;
using Acme.App.Mistral;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using MistralTemplates.Harness;
using MistralTemplates.Tests.Rooms.Auditing;
using MistralTemplates.Tests.Rooms.Configuration;

namespace MistralTemplates.Tests.Rooms.Keys;

/// <summary>A key is put into each source, rotated, refused and lost; nothing that the program says may hold it.</summary>
public sealed class CanaryTests : IDisposable
{
    private static readonly string[] Canaries = [Some.KeyValue(101), Some.KeyValue(102)];

    private readonly Overheard _overheard = new();

    [Theory]
    [InlineData("aws")]
    [InlineData("azure")]
    [InlineData("files")]
    [InlineData("gcp")]
    [InlineData("vault")]
    public async Task KeyInAStore_RotatedRefusedAndLost_IsNeverSaid(string kind)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var store = await TestedStore.StartAsync(kind);
        store.Value = Canaries[0];
        var verdict = KeyVerdict.Rejected;
        using var folder = new TemporaryFolder();
        await using var app = Build(folder, store.Source, new FakeKeyVerifier((_, _) => Task.FromResult(verdict)));
        await app.StartAsync(cancellationToken);
        await app.CheckConfigurationAsync(cancellationToken);
        var ring = app.Services.GetRequiredService<KeyRing>();
        await SayAllAsync(app, "Healthy");

        store.Value = Canaries[1];
        foreach (var next in new[] { KeyVerdict.Rejected, KeyVerdict.Inconclusive, KeyVerdict.Accepted })
        {
            verdict = next;
            await ring.PollAsync(cancellationToken);
            await SayAllAsync(app, next == KeyVerdict.Accepted ? "Healthy" : "Degraded");
        }

        Assert.Equal(new ApiKey(Canaries[1], "").Fingerprint, ring.Current.Fingerprint);
        foreach (var failure in new[] { StoreFailure.Missing, StoreFailure.Broken, StoreFailure.Empty })
        {
            store.Failure = failure;
            await ring.PollAsync(cancellationToken);
            await SayAllAsync(app, "Degraded");
        }

        (store.Failure, store.Value) = (null, Canaries[1] + " ");
        await ring.PollAsync(cancellationToken);
        await SayAllAsync(app, "Degraded");
        Say(ConfigurationReport.Format([ring.Judge(new ApiKey(Canaries[1] + " ", "1"))!]));
        await app.StopAsync(cancellationToken);
        Say(string.Concat(Directory.GetFiles(folder.Path, "*.json*", SearchOption.AllDirectories).Where(file => !file.EndsWith(".lock", StringComparison.Ordinal)).Select(File.ReadAllText)));

        var said = _overheard.ToString();
        Assert.Contains(new ApiKey(Canaries[1], "").Fingerprint, said, StringComparison.Ordinal);
        Assert.Contains("key.rotated", said, StringComparison.Ordinal);
        Assert.Contains("key.rejected", said, StringComparison.Ordinal);
        Assert.All(Canaries.SelectMany(Leaks.Shapes), shape => Assert.DoesNotContain(shape, said, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task KeyGivenToTheProcess_VerifyFails_IsInNoOutput(bool onTheCommandLine)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        string[] arguments = ["exec", Path.Combine(AppContext.BaseDirectory, "Acme-App.dll"), .. onTheCommandLine ? new[] { $"--MISTRAL_API_KEY={Canaries[0]}" } : ["keys", "verify"]];
        Array.ForEach(arguments, start.ArgumentList.Add);
        start.Environment["DOTNET_ENVIRONMENT"] = "Development";
        start.Environment["Mistral__Endpoint"] = "http://127.0.0.1:9";
        start.Environment[onTheCommandLine ? "UNUSED" : "MISTRAL_API_KEY"] = Canaries[0];
        using var process = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(2));

        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var errors = process.StandardError.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);

        Assert.Equal(onTheCommandLine ? 78 : 1, process.ExitCode);
        Assert.Contains(onTheCommandLine ? "command line" : "did not say", await output + await errors, StringComparison.Ordinal);
        Assert.DoesNotContain(Canaries[0], await output + await errors, StringComparison.Ordinal);
    }

    /// <summary>Mistral takes the connection and says nothing; whoever waits may stop.</summary>
    [Fact]
    public async Task Verify_StoppedWhileItWaits_EndsWithoutAStackTrace()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no such signal here.");
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var settings = new Dictionary<string, string>
        {
            ["DOTNET_ENVIRONMENT"] = "Development",
            ["Mistral__Endpoint"] = $"http://127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}",
            ["MISTRAL_API_KEY"] = Canaries[0],
        };
        await using var verify = RunningProgram.Start("dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "Acme-App.dll"), "keys", "verify"], AppContext.BaseDirectory, settings);
        using var connection = await silent.AcceptSocketAsync(TestContext.Current.CancellationToken);

        Assert.Equal(1, await verify.StopAsync(TestContext.Current.CancellationToken));
        Assert.EndsWith("Stopped.", verify.Output.TrimEnd(), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", verify.Output, StringComparison.Ordinal);
    }

    public void Dispose() => _overheard.Dispose();

    private static WebApplication Build(TemporaryFolder folder, KeySource source, IKeyVerifier verifier)
    {
        folder.Write("appsettings.json", "{}");
        folder.Write("appsettings.Development.json", """{ "Policy": { "AllowedModels": [ "mistral-small-latest" ], "MaxTokensPerRequest": 100 } }""");
        var home = ProgramHome.At(folder.Path);
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = home.Arguments, ContentRootPath = home.ContentRoot, EnvironmentName = "Development" });
        builder.AddConfiguration(home);
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Trace).AddFakeLogging();
        builder.AddKeys();
        builder.AddMistral();
        builder.AddGuards();
        builder.AddAuditing();
        builder.Services.AddSingleton<ICallerAccessor>(new AuditRoom.FixedCaller(new(null, null, null)));
        builder.Services.AddSingleton(source);
        builder.Services.AddSingleton(verifier);
        builder.Services.AddHealthChecks().AddCheck<ReadinessCheck>("ready");
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        // As it is now: the program's own endpoint looks once a second.
        app.MapHealthChecks("/health/ready");
        return app;
    }

    /// <summary>Everything that can be seen of the program from outside and from inside, as it is now.</summary>
    private async Task SayAllAsync(WebApplication app, string health)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        using var answer = await client.GetAsync(new Uri("/health/ready", UriKind.Relative), cancellationToken);
        var text = await answer.Content.ReadAsStringAsync(cancellationToken);
        Assert.Equal(health, text);
        Say($"{answer.Headers} {text}");
        var report = await app.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(cancellationToken);
        Say(string.Join(' ', report.Entries.Select(entry => $"{entry.Value.Status} {entry.Value.Description} {entry.Value.Exception} {string.Join(' ', entry.Value.Data)}")));

        var configuration = (IConfigurationRoot)app.Configuration;
        Say($"{configuration.GetDebugView()} {string.Join(' ', configuration.AsEnumerable())}");
        var ring = app.Services.GetRequiredService<KeyRing>();
        Say($"{ring.Health} {JsonSerializer.Serialize(ring.Health)} {ring.Current} {JsonSerializer.Serialize(ring.Current)}");
        foreach (var record in app.Services.GetFakeLogCollector().GetSnapshot())
            Say($"{record.Message} {string.Join(' ', record.StructuredState ?? [])} {record.Exception}");
    }

    private void Say(string text) => _overheard.Say(text);
}
