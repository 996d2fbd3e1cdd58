using System.Net.Http.Headers;
using Acme.App.Tests.StandIn;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Acme.App.Tests.Chat;

/// <summary>The API in this process, asking the stand-in.</summary>
internal sealed class ApiUnderTest(MistralStandIn mistral, params (string Name, string Value)[] settings) : WebApplicationFactory<Program>
{
    private readonly string _home = TestHome.Create("api-under-test-");

    private Ending? _ending;

    static ApiUnderTest()
    {
        foreach (var name in Environment.GetEnvironmentVariables().Keys.Cast<string>().Where(TestHome.IsSetting).ToList())
            Environment.SetEnvironmentVariable(name, null);
        // A key on the command line, which is how the factory passes settings, is refused: every user of the machine could see it.
        Environment.SetEnvironmentVariable("MISTRAL_API_KEY_DEV", MistralStandIn.UsualKey);
    }

    public string AuditFile => Path.Combine(_home, "audit.jsonl");

    /// <summary>Every client has a token; a test that wants none takes it off.</summary>
    protected override void ConfigureClient(HttpClient client)
    {
        base.ConfigureClient(client);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", TestTokens.Create());
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseEnvironment("Development");
        builder.UseContentRoot(_home);
        //#if (scale == "redis")
        // Redis is not needed, and one that is there keeps nothing of the tests under the program's own names.
        builder.UseSetting("Access:FailureMode", "Open");
        builder.UseSetting("Redis:KeyPrefix", $"test-{Guid.NewGuid():N}:");
        //#endif
        builder.UseSetting("Audit:Path", AuditFile);
        builder.UseSetting("Mistral:Endpoint", mistral.Endpoint.ToString());
        foreach (var (setting, value) in TestHome.Settings.Concat(TestTokens.Settings))
            builder.UseSetting(setting, value);
        foreach (var (setting, value) in settings)
            builder.UseSetting(setting, value);
        builder.ConfigureServices(services => services.AddSingleton<TimeProvider>(new StoppedClock()).AddSingleton<Ending>());
    }

    protected override IHost CreateHost(IHostBuilder builder)
    {
        var host = builder.Build();
        _ending = host.Services.GetRequiredService<Ending>();
        host.Start();
        return host;
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        // The program ends on a thread of its own, which may be writing the log's last lines.
        if (_ending is not null)
            await _ending.Done.WaitAsync(TimeSpan.FromSeconds(30));
        Directory.Delete(_home, recursive: true);
    }

    /// <summary>Made before all others, and so disposed of after them.</summary>
    private sealed class Ending : IDisposable
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Done => _done.Task;

        public void Dispose() => _done.TrySetResult();
    }

    /// <summary>No minute ends between two requests of a test, so its limits hold; timers go on.</summary>
    private sealed class StoppedClock : TimeProvider
    {
        private readonly DateTimeOffset _now = DateTimeOffset.UtcNow;

        public override DateTimeOffset GetUtcNow() => _now;
    }
}
