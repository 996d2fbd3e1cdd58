using System.Security.Claims;
using Acme.App.Access;
using Acme.App.Operations.Doctor;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Options;

namespace Acme.App.Chat;

/// <summary>The doctor's checks of an API: they ask the program's own pipeline, in-process and without a port.</summary>
internal static class ApiChecks
{
    // The server that ASP.NET Core itself starts; its type is not public.
    private const string WebHostService = "GenericWebHostService";
    private const string ChatPath = "/api/chat";
    private const string HealthPath = "/health/live";

    public static IEnumerable<DoctorCheck> All =>
    [
        new(7, "rate-limits", "Callers are limited", CheckLimitsAsync),
        new(8, "errors", "Errors tell nothing of the inside", CheckErrorsAsync),
        new(9, "transport", "Callers come over https, and stay there", CheckTransportAsync),
    ];

    private static async Task<Verdict> CheckLimitsAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        await StartAsync(services, cancellationToken);
        var chat = services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => "/" + endpoint.RoutePattern.RawText?.TrimStart('/') == ChatPath).ToList();
        if (chat.Count == 0)
            return Verdict.NotChecked($"there is no {ChatPath}.");
        var isLimited = services.GetService<IOptions<RateLimiterOptions>>()?.Value.GlobalLimiter is not null
            || chat.All(endpoint => endpoint.Metadata.GetMetadata<EnableRateLimitingAttribute>() is not null);
        return isLimited && chat.All(endpoint => endpoint.Metadata.GetMetadata<DisableRateLimitingAttribute>() is null)
            ? Verdict.Passed($"{ChatPath} is under a rate limit.")
            : Verdict.Failed($"{ChatPath} is under no rate limit.", "Put UseAccess back into the pipeline, and leave no DisableRateLimiting on the endpoint.");
    }

    private static async Task<Verdict> CheckErrorsAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        var server = await StartAsync(services, cancellationToken);
        var canary = Guid.NewGuid().ToString("N");
        var wasReached = false;
        var answer = await server.SendAsync(context =>
        {
            Prepare(context, HttpMethods.Post, ChatPath);
            // A caller with a token, so that the request gets as far as it can.
            context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(HttpCallerAccessor.SubjectClaim, "doctor"), new Claim("scope", AccessPolicies.Chat)], "doctor"));
            context.Request.ContentType = "application/json";
            context.Request.ContentLength = 2;
            context.Features.Set<IHttpRequestBodyDetectionFeature>(new HasBody());
            context.Request.Body = new FailingStream(() =>
            {
                wasReached = true;
                return new InvalidOperationException(canary);
            });
        }, cancellationToken);

        using var reader = new StreamReader(answer.Response.Body);
        var body = await reader.ReadToEndAsync(cancellationToken);
        var status = answer.Response.StatusCode;
        if (new[] { canary, "   at ", nameof(InvalidOperationException) }.Any(inside => body.Contains(inside, StringComparison.Ordinal)))
            return Verdict.Failed("An error's answer tells what went wrong inside.", "Put UseExceptionHandler in front of the pipeline, and let it answer with problem details alone.");
        return wasReached
            ? Verdict.Passed($"A failure inside is answered with {status}, and tells nothing of it.")
            : Verdict.NotChecked($"a caller without credentials is answered with {status} before anything inside can fail. That answer tells nothing of the inside.");
    }

    private static async Task<Verdict> CheckTransportAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        if (services.GetRequiredService<IHostEnvironment>().IsDevelopment())
            return Verdict.NotChecked("https is for the environments outside Development.", "Run the doctor with DOTNET_ENVIRONMENT=Production.");

        var server = await StartAsync(services, cancellationToken);
        var secure = await server.SendAsync(context => Prepare(context, HttpMethods.Get, HealthPath), cancellationToken);
        return secure.Response.Headers.StrictTransportSecurity.Count > 0
            ? Verdict.Passed("Answers over https carry Strict-Transport-Security.")
            : Verdict.Failed("Answers over https do not carry Strict-Transport-Security.", "Put UseHsts back into the pipeline, outside Development.");
    }

    private static void Prepare(HttpContext context, string method, string path)
    {
        context.Request.Method = method;
        context.Request.Path = path;
        context.Request.Scheme = Uri.UriSchemeHttps;
        // Browsers are never told to keep to https for localhost, so that another name is asked.
        context.Request.Host = new HostString("doctor.example");
        context.Connection.RemoteIpAddress = System.Net.IPAddress.Loopback;
    }

    /// <summary>Builds the pipeline by starting nothing but the web host, on the server without a port.</summary>
    private static async Task<TestServer> StartAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        var server = services.GetRequiredService<IServer>() as TestServer ?? throw new InvalidOperationException("The server has a port.");
        var host = services.GetServices<IHostedService>().Single(service => service.GetType().Name == WebHostService);
        await host.StartAsync(cancellationToken);
        return server;
    }

    private sealed class HasBody : IHttpRequestBodyDetectionFeature
    {
        public bool CanHaveBody => true;
    }

    /// <summary>A body that cannot be read: an unexpected failure inside the pipeline.</summary>
    private sealed class FailingStream(Func<Exception> failure) : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => throw failure();

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => throw failure();

        public override int Read(byte[] buffer, int offset, int count) => throw failure();
    }
}
