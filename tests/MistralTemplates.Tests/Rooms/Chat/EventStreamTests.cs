using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using Acme.App.Access;
using Acme.App.Chat;
using Acme.App.Mistral;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace MistralTemplates.Tests.Rooms.Chat;

public sealed class EventStreamTests
{
    /// <summary>A reset of HTTP/2's stream would overtake the event that says why.</summary>
    [Theory]
    [InlineData(HttpProtocols.Http1, "1.1", false)]
    [InlineData(HttpProtocols.Http2, "2.0", true)]
    public async Task Execute_AnswerThatBreaksOff_TellsItAndLeavesTheBodyWithoutItsEndWhereItCan(HttpProtocols protocol, string version, bool hasEnd)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = protocol));
        builder.Services.AddSingleton(Options.Create(new AccessOptions()));
        builder.Services.AddSingleton(TimeProvider.System);
        await using var app = builder.Build();
        app.Run(context => new EventStream(BreakOff(), update => Encoding.UTF8.GetBytes(update.Text), () => null, problem => Encoding.UTF8.GetBytes(problem.Type!)).ExecuteAsync(context));
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var client = new HttpClient { BaseAddress = new(app.Urls.Single()), DefaultRequestVersion = new(version), DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };

        // What is lost by chance would be lost in some of so many.
        for (var turn = 0; turn < 20; turn++)
        {
            using var response = await client.GetAsync("/", HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
            var text = hasEnd ? await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken) : await RunningApi.ReadBrokenAsync(response);

            Assert.Equal("data: word\n\ndata: urn:problem:mistral.broken_stream\n\n", text);
        }
    }

    private static async IAsyncEnumerable<ChatResponseUpdate> BreakOff([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        yield return new ChatResponseUpdate(ChatRole.Assistant, "word");
        await Task.Yield();
        cancellationToken.ThrowIfCancellationRequested();
        throw new MistralException(MistralErrorKind.BrokenStream, "It broke off.");
    }
}
