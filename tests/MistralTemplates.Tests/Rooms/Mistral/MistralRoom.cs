using Acme.App.Configuration;
using Acme.App.Keys;
using Acme.App.Mistral;
using Acme.App.Tests.StandIn;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace MistralTemplates.Tests.Rooms.Mistral;

/// <summary>The room as a program composes it, before a stand-in of its own.</summary>
internal sealed class MistralRoom : IAsyncDisposable
{
    private readonly IHost _host;

    private MistralRoom(IHost host, MistralStandIn standIn)
    {
        (_host, StandIn) = (host, standIn);
        Client = host.Services.CreateMistralClient();
    }

    public MistralStandIn StandIn { get; }

    public IChatClient Client { get; }

    public MistralModels Models => _host.Services.GetRequiredService<MistralModels>();

    public MistralModeration Moderation => _host.Services.GetRequiredService<MistralModeration>();

    public FakeLogCollector Logs => _host.Services.GetFakeLogCollector();

    public static Task<MistralRoom> OpenAsync(params (string Name, string Value)[] settings) => OpenAsync(null, null, null, settings);

    /// <param name="keys">The keys to use instead of the one that the stand-in takes.</param>
    /// <param name="time">The clock, when it is not the real one.</param>
    /// <param name="handler">What answers instead of the stand-in.</param>
    public static async Task<MistralRoom> OpenAsync(
        IApiKeys? keys = null, TimeProvider? time = null, HttpMessageHandler? handler = null, params (string Name, string Value)[] settings)
    {
        var standIn = await MistralStandIn.StartAsync(TestContext.Current.CancellationToken);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { EnvironmentName = "Development" });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Mistral:Endpoint"] = standIn.Endpoint.ToString(),
            ["Mistral:Resilience:BaseDelay"] = "00:00:00.001",
            ["Policy:AllowedModels:0"] = "mistral-small-latest",
            ["Policy:AllowedModels:1"] = "mistral-medium-latest",
            ["Policy:OfflineAllowed"] = "true",
        });
        builder.Configuration.AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value)));
        builder.Services.AddOptions<PolicyOptions>().BindConfiguration(PolicyOptions.SectionName);
        builder.Services.AddSingleton(keys ?? new FakeApiKeys(MistralStandIn.UsualKey));
        if (time is not null)
            builder.Services.AddSingleton(time);
        builder.Services.AddFakeLogging();
        builder.Logging.SetMinimumLevel(LogLevel.Trace);
        builder.AddMistral();
        if (handler is not null)
            builder.Services.AddHttpClient(MistralApi.ClientName).ConfigurePrimaryHttpMessageHandler(() => handler);
        return new MistralRoom(builder.Build(), standIn);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        _host.Dispose();
        await StandIn.DisposeAsync();
    }
}
