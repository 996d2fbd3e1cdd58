using Acme.App.Auditing;
using Acme.App.Configuration;
using Acme.App.Keys;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace MistralTemplates.Tests.Rooms.Auditing;

public sealed class ApplicationLogsTests
{
    [Fact]
    public void AddApplicationLogs_AnotherProvider_GetsEveryEventWithTheKeyMasked()
    {
        var keys = new AuditRoom.FixedKeys(Guid.NewGuid().ToString("N"));
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddSingleton<IApiKeys>(keys);
        builder.AddApplicationLogs(forPerson: true);
        builder.Services.AddFakeLogging();
        using var host = builder.Build();

        host.Services.GetRequiredService<ILogger<ApplicationLogsTests>>().LogError(new InvalidOperationException(keys.Current.Reveal()), "Said {Text}.", keys.Current.Reveal());

        var log = Assert.Single(host.Services.GetFakeLogCollector().GetSnapshot());
        var text = $"{log.Message} {string.Join(' ', log.StructuredState ?? [])} {log.Exception}";
        Assert.All(Leaks.Shapes(keys.Current.Reveal()), shape => Assert.DoesNotContain(shape, text, StringComparison.Ordinal));
        Assert.Contains(keys.Current.Fingerprint, text, StringComparison.Ordinal);
    }

    /// <summary>The last checkpoint is signed, and may fail, while the container is disposed of, which gives no service any more.</summary>
    [Fact]
    public async Task AddApplicationLogs_EventWhileTheContainerIsDisposedOf_IsMaskedAndNotLost()
    {
        var keys = new AuditRoom.FixedKeys(Guid.NewGuid().ToString("N"));
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddSingleton<IApiKeys>(keys);
        builder.AddApplicationLogs(forPerson: true);
        builder.Services.AddFakeLogging();
        builder.Services.AddSingleton(provider => new LastWord(provider.GetRequiredService<ILogger<LastWord>>(), keys.Current.Reveal()));
        var host = builder.Build();
        foreach (var check in host.Services.GetServices<StartUpCheck>())
            await check.RunAsync(host.Services, TestContext.Current.CancellationToken);
        host.Services.GetRequiredService<LastWord>();
        var said = host.Services.GetFakeLogCollector();

        host.Dispose();

        var last = Assert.Single(said.GetSnapshot()).Message;
        Assert.Contains("at last.", last, StringComparison.Ordinal);
        Assert.Contains(keys.Current.Fingerprint, last, StringComparison.Ordinal);
        Assert.DoesNotContain(keys.Current.Reveal(), last, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Warnning", false)]
    [InlineData("77", false)]
    [InlineData("Trace", true)]
    public void AddApplicationLogs_LevelInTheSettings_IsTakenOnlyWhereItIsOne(string level, bool isTraced)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Configuration["Logging:LogLevel:Default"] = level;
        builder.Services.AddSingleton<IApiKeys>(new AuditRoom.FixedKeys(Guid.NewGuid().ToString("N")));
        builder.AddApplicationLogs(forPerson: true);
        builder.Services.AddFakeLogging(options => options.FilteredLevels.Clear());
        using var host = builder.Build();
        var logger = host.Services.GetRequiredService<ILogger<ApplicationLogsTests>>();

        logger.LogTrace("Fine.");
        logger.LogError("Wrong.");

        Assert.Equal(isTraced ? ["Fine.", "Wrong."] : ["Wrong."], host.Services.GetFakeLogCollector().GetSnapshot().Select(log => log.Message));
    }

    private sealed class LastWord(ILogger logger, string word) : IDisposable
    {
        public void Dispose() => logger.LogError("{Word} at last.", word);
    }
}
