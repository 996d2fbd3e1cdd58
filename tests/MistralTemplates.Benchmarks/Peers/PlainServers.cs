using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace MistralTemplates.Benchmarks.Peers;

/// <summary>The servers that the others are held against, each in a process of its own: a stand-in that always gives the same answer, and a pass-through that does nothing.</summary>
internal static class PlainServers
{
    private static readonly byte[] Answer = Encoding.UTF8.GetBytes(
        """{"id":"cmpl-1","object":"chat.completion","created":1700000000,"model":"mistral-small-latest","choices":[{"index":0,"message":{"role":"assistant","content":"The tide follows the moon, and the moon keeps its promises: twice a day the water comes, and twice it goes.","tool_calls":null},"finish_reason":"stop"}],"usage":{"prompt_tokens":21,"completion_tokens":27,"total_tokens":48}}""");

    public static async Task<int> RunStandInAsync(string port)
    {
        await using var app = Build(port);
        app.Run(async context =>
        {
            await context.Request.BodyReader.CopyToAsync(Stream.Null, context.RequestAborted);
            context.Response.ContentType = "application/json";
            context.Response.ContentLength = Answer.Length;
            await context.Response.BodyWriter.WriteAsync(Answer, context.RequestAborted);
        });
        await app.RunAsync();
        return 0;
    }

    public static async Task<int> RunPassThroughAsync(string port, string upstream)
    {
        await using var app = Build(port);
        using var client = new HttpClient();
        var target = new Uri(new Uri(upstream), "v1/chat/completions");
        app.Run(async context =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, target) { Content = new StreamContent(context.Request.Body) };
            request.Content.Headers.ContentType = new("application/json");
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
            context.Response.StatusCode = (int)response.StatusCode;
            context.Response.ContentType = "application/json";
            await response.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
        });
        await app.RunAsync();
        return 0;
    }

    private static WebApplication Build(string port)
    {
        // Without a watch on its settings, which would wake it for each record that a measured program writes below the same folder.
        var builder = WebApplication.CreateSlimBuilder(["--hostBuilder:reloadConfigOnChange=false"]);
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        return builder.Build();
    }
}
