using System.Diagnostics;
using System.Text.Json;
using Acme.App.Configuration;
using Acme.App.Keys;
using Acme.App.Keys.Sources;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;
using MistralTemplates.Tests.Rooms.Configuration;

namespace MistralTemplates.Tests.Rooms.Keys;

/// <summary>A key is put into each source, rotated, refused and lost; nothing that the program says may hold it.</summary>
public sealed class CanaryTests : IDisposable
{
    private static readonly string[] Canaries = [Some.KeyValue(101), Some.KeyValue(102)];

    private readonly Overheard _overheard = new();

    [Theory]
    [InlineData("files")]
    [InlineData("vault")]
    [InlineData("environment")]
    public async Task KeyInASource_RotatedRefusedAndLost_IsNeverSaid(string kind)
    {
        using var folder = new TemporaryFolder();
        var status = 200;
        await using var store = await FakeStore.Start(context => SourceExpectations.Answer(
            context, status, $$$"""{ "data": { "data": { "api_key": "{{{File.ReadAllText(Path.Combine(folder.Path, "key"))}}}" }, "metadata": { "version": 1, "created_time": "2026-01-01T00:00:00Z" } } }"""));
        var path = folder.Write("key", Canaries[0]);
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("MISTRAL_API_KEY", Canaries[0])]).Build();
        IKeySource source = kind switch
        {
            "files" => new FilesKeySource(Options.Create(new FilesKeyOptions { Path = path })),
            "vault" => new VaultKeySource(Options.Create(new VaultKeyOptions { Address = store.Address, Path = "mistral", TokenFile = folder.Write("token", "store-token") })),
            _ => new EnvironmentKeySource(configuration, Some.Environment("Production")),
        };
        var verdict = KeyVerdict.Rejected;
        var events = new CollectingKeyEvents();
        var logger = new FakeLogger<KeyRing>();
        var ring = new KeyRing(
            source, configuration, Some.Environment("Production"), Options.Create(new KeyOptions()), () => new FakeKeyVerifier((_, _) => Task.FromResult(verdict)),
            () => [events], new KeyMetrics(), TimeProvider.System, logger);

        Assert.Empty(await ring.LoadAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
        folder.Write("key", Canaries[1]);
        configuration["MISTRAL_API_KEY"] = Canaries[1];
        foreach (var next in new[] { KeyVerdict.Rejected, KeyVerdict.Inconclusive, KeyVerdict.Accepted })
        {
            verdict = next;
            await ring.PollAsync(TestContext.Current.CancellationToken);
            Say($"{ring.Health} {JsonSerializer.Serialize(ring.Health)}");
        }

        Assert.Equal(new ApiKey(Canaries[1], "").Fingerprint, ring.Current.Fingerprint);
        status = 500;
        File.Delete(path);
        configuration["MISTRAL_API_KEY"] = Canaries[1] + " ";
        await ring.PollAsync(TestContext.Current.CancellationToken);

        foreach (var record in logger.Collector.GetSnapshot())
            Say($"{record.Message} {string.Join(' ', record.StructuredState ?? [])} {record.Exception}");
        events.Events.ForEach(one => Say($"{one} {JsonSerializer.Serialize(one)}"));
        Say($"{ring.Current} {JsonSerializer.Serialize(ring.Current)} {ring.Health}");
        Say(ConfigurationReport.Format([ring.Judge(new ApiKey(Canaries[1] + " ", "1"))!]));

        Assert.Contains(new ApiKey(Canaries[1], "").Fingerprint, _overheard.ToString(), StringComparison.Ordinal);
        Assert.All(Canaries, canary => Assert.DoesNotContain(canary, _overheard.ToString(), StringComparison.Ordinal));
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

    public void Dispose() => _overheard.Dispose();

    private void Say(string text) => _overheard.Say(text);
}
