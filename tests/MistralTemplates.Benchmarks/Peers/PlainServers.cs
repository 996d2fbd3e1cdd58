using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using MistralTemplates.Harness;

namespace MistralTemplates.Benchmarks.Peers;

/// <summary>The servers that the others are held against, each in a process of its own: nginx that always gives the same answer, and a pass-through that does nothing.</summary>
internal static class PlainServers
{
    private const string Answer =
        """{"id":"cmpl-1","object":"chat.completion","created":1700000000,"model":"mistral-small-latest","choices":[{"index":0,"message":{"role":"assistant","content":"The tide follows the moon, and the moon keeps its promises: twice a day the water comes, and twice it goes.","tool_calls":null},"finish_reason":"stop"}],"usage":{"prompt_tokens":21,"completion_tokens":27,"total_tokens":48}}""";

    /// <summary>Starts nginx, which takes the processors for a request the least of all.</summary>
    public static async Task<RunningProgram> StartStandInAsync(int port, string folder, CancellationToken cancellationToken)
    {
        var settings = Path.Combine(folder, "nginx.conf");
        await File.WriteAllTextAsync(settings, $$"""
            daemon off;
            pid {{folder}}/nginx.pid;
            error_log stderr;
            events { worker_connections 1024; }
            http {
                access_log off;
                client_body_temp_path {{folder}}/body;
                proxy_temp_path {{folder}}/proxy;
                fastcgi_temp_path {{folder}}/fastcgi;
                uwsgi_temp_path {{folder}}/uwsgi;
                scgi_temp_path {{folder}}/scgi;
                keepalive_requests 1000000000;
                keepalive_timeout 1h;
                server {
                    listen 127.0.0.1:{{port}};
                    default_type application/json;
                    location / { return 200 '{{Answer}}'; }
                }
            }
            """, cancellationToken);
        return RunningProgram.Start("nginx", ["-e", "stderr", "-c", settings], folder);
    }

    public static async Task<int> RunPassThroughAsync(string port, string upstream)
    {
        // Without a watch on its settings, which would wake it for each record that a measured program writes below the same folder.
        var builder = WebApplication.CreateSlimBuilder(["--hostBuilder:reloadConfigOnChange=false"]);
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        await using var app = builder.Build();
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
}
