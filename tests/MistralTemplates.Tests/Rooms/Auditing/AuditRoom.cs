using Acme.App.Auditing;
using Acme.App.Configuration;
using Acme.App.Keys;
using Acme.App.Mistral;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace MistralTemplates.Tests.Rooms.Auditing;

/// <summary>The auditing room in a folder of its own, with nothing of the other rooms but a key.</summary>
internal sealed class AuditRoom : IAsyncDisposable
{
    private readonly bool _ownsFolder;

    public AuditRoom(string? folder = null, IDictionary<string, string?>? settings = null, string environment = "Development", Action<IServiceCollection>? services = null)
    {
        _ownsFolder = folder is null;
        Folder = folder ?? Directory.CreateTempSubdirectory("audit-").FullName;
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = Folder, EnvironmentName = environment });
        builder.Configuration.AddInMemoryCollection(settings ?? new Dictionary<string, string?>());
        builder.Services.AddSingleton<IApiKeys>(Keys);
        builder.Services.AddSingleton(Options.Create(new MistralOptions()));
        builder.Services.AddSingleton(Options.Create(new PolicyOptions { AllowedModels = ["mistral-small-latest", "asked"] }));
        builder.Services.AddSingleton<ICallerAccessor>(new FixedCaller(Caller));
        services?.Invoke(builder.Services);
        builder.AddAuditing();
        Host = builder.Build();
    }

    public string Folder { get; }

    public IHost Host { get; }

    public FixedKeys Keys { get; } = new("k" + Guid.NewGuid().ToString("N"));

    public Caller Caller { get; } = new("alice", "203.0.113.77", "request-1");

    public AuditLog Log => Host.Services.GetRequiredService<AuditLog>();

    public AuditFiles Files => Host.Services.GetRequiredService<AuditFiles>();

    public string[] Lines => [.. Files.Existing().SelectMany(File.ReadAllLines)];

    public IChatClient Road(IChatClient inner) => new ChatClientBuilder(inner).UseAuditing().Build(Host.Services);

    public async ValueTask DisposeAsync()
    {
        await ((IAsyncDisposable)Host).DisposeAsync();
        if (_ownsFolder)
            Directory.Delete(Folder, recursive: true);
    }

    internal sealed class FixedKeys(string value) : IApiKeys
    {
        public ApiKey Current { get; set; } = new(value, "1");

        public ApiKey? CurrentOrDefault => Current;

        public ValueTask<ApiKey> RefreshAsync(ApiKey rejected, CancellationToken cancellationToken) => new(Current);
    }

    internal sealed class FixedCaller(Caller caller) : ICallerAccessor
    {
        public Caller Current => caller;
    }
}
