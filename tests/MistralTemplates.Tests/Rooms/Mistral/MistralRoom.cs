using System.Diagnostics;
using Acme.App.Configuration;
using Acme.App.Keys;
using Acme.App.Mistral;
using Acme.App.Tests.StandIn;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace MistralTemplates.Tests.Rooms.Mistral;

/// <summary>The room as a program composes it, before a stand-in of its own.</summary>
internal sealed class MistralRoom : IAsyncDisposable
{
    private readonly IHost _host;

    private MistralRoom(IHost host, MistralStandIn standIn, FakeApiKeys keys)
    {
        (_host, StandIn, Keys) = (host, standIn, keys);
        Client = MistralChatClientFactory.Create(host.Services);
    }

    public MistralStandIn StandIn { get; }

    public FakeApiKeys Keys { get; }

    public IChatClient Client { get; }

    public MistralModels Models => _host.Services.GetRequiredService<MistralModels>();

    public MistralModeration Moderation => _host.Services.GetRequiredService<MistralModeration>();

    public FakeLogCollector Logs => _host.Services.GetFakeLogCollector();

    public static Task<MistralRoom> OpenAsync(params (string Name, string Value)[] settings) => OpenAsync(new FakeApiKeys(MistralStandIn.UsualKey), null, settings);

    public static async Task<MistralRoom> OpenAsync(FakeApiKeys keys, TimeProvider? time, params (string Name, string Value)[] settings)
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
        builder.Services.AddSingleton<IApiKeys>(keys);
        if (time is not null)
            builder.Services.AddSingleton(time);
        builder.Services.AddFakeLogging();
        builder.Logging.SetMinimumLevel(LogLevel.Trace);
        builder.AddMistral();
        return new MistralRoom(builder.Build(), standIn, keys);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        _host.Dispose();
        await StandIn.DisposeAsync();
    }
}
