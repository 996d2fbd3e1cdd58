using Acme.App.Chat;
using Acme.App.Guards;
using Microsoft.AspNetCore.Http;

namespace MistralTemplates.Tests.Rooms.Chat;

public sealed class ChatProblemsTests
{
    /// <summary>A limit may begin anew while its answer is on the way; a wait below a second is none that HTTP can tell (RFC 9110, 10.2.3).</summary>
    [Theory]
    [InlineData(-2, "1")]
    [InlineData(0, "1")]
    [InlineData(1.2, "2")]
    public async Task TryHandle_RefusalWithAWait_TellsWholeSeconds(double seconds, string expected)
    {
        var context = new DefaultHttpContext();
        var refusal = new ChatRefusedException(ChatRefusedException.TooManyTokens, "Later.") { RetryAfter = TimeSpan.FromSeconds(seconds) };

        Assert.True(await new ChatProblems(new Taken()).TryHandleAsync(context, refusal, TestContext.Current.CancellationToken));

        Assert.Equal((429, expected), (context.Response.StatusCode, context.Response.Headers.RetryAfter.ToString()));
    }

    private sealed class Taken : IProblemDetailsService
    {
        public ValueTask WriteAsync(ProblemDetailsContext context) => default;

        public ValueTask<bool> TryWriteAsync(ProblemDetailsContext context) => new(true);
    }
}
