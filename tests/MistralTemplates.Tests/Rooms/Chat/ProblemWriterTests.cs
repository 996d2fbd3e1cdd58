using System.Text.Json;
using Acme.App.Chat;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MistralTemplates.Tests.Rooms.Chat;

public sealed class ProblemWriterTests
{
    /// <summary>An owner's endpoint answers so where a rule of its own is broken.</summary>
    [Fact]
    public async Task Write_ProblemWithFieldsOfItsOwn_TellsThemAll()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<IProblemDetailsWriter, ProblemWriter>();
        builder.Services.AddProblemDetails();
        await using var app = builder.Build();
        app.Run(context => Results.ValidationProblem(new Dictionary<string, string[]> { ["text"] = ["It is too long."] }).ExecuteAsync(context));
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var client = new HttpClient { BaseAddress = new(app.Urls.Single()) };

        using var response = await client.GetAsync("/api/own", TestContext.Current.CancellationToken);

        var problem = JsonElement.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("It is too long.", problem.GetProperty("errors").GetProperty("text")[0].GetString());
        Assert.True(problem.TryGetProperty("traceId", out _));

        using var another = await client.GetAsync("/v1/own", TestContext.Current.CancellationToken);
        var error = JsonElement.Parse(await another.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).GetProperty("error");
        Assert.Equal("text", error.GetProperty("param").GetString());
        Assert.EndsWith("It is too long. The field is text.", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }
}
