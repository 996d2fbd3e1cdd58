using System.Globalization;
using System.Net;
using System.Security.Claims;
using Acme.App.Access;
using Acme.App.Operations.Doctor;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Hosting.Server;
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
    private const int FewRequests = 2;
    private const int MoreRequests = 20;

    // Of a network for documents, so that no limit is used up that another check needs.
    private static readonly IPAddress s_hurried = new([192, 0, 2, 7]);

    public static IEnumerable<DoctorCheck> All =>
    [
        new(7, "rate-limits", "Callers are limited", CheckLimitsAsync),
        new(8, "errors", "Errors tell nothing of the inside", CheckErrorsAsync),
        new(9, "transport", "Callers come over https, and stay there", CheckTransportAsync),
    ];

    /// <summary>What is sent is no JSON, and so goes no further than the endpoint.</summary>
    private static async Task<Verdict> CheckLimitsAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        var set = services.GetRequiredService<IOptions<AccessOptions>>().Value;
        try
        {
            // Corrects nothing, and finds out whether the count answers.
            await services.GetRequiredService<ILimitStore>().CorrectAsync("doctor", [], 0);
        }
        catch (LimitStoreException exception)
        {
            return Verdict.NotChecked($"the limits cannot be counted now. {exception.Message}", "See that what counts them can be reached.");
        }

        var server = await StartAsync(services, cancellationToken);
        // One more than a minute allows, and as many again should the minute end meanwhile.
        var last = await HurryAsync(server, (2 * FewRequests) + 1, (context, _) => SignIn(context, "doctor in a hurry"), cancellationToken);
        if (last == StatusCodes.Status404NotFound)
            return Verdict.NotChecked($"there is no {ChatPath}.");
        if (last is StatusCodes.Status500InternalServerError or StatusCodes.Status503ServiceUnavailable)
            return Verdict.NotChecked("each request fails before it is counted.", "Start the program, and mend what it reports.");
        if (last is StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden)
            return Verdict.NotChecked(
                $"a caller of the doctor's is answered with {last} before it is counted.", "Let the policy of the endpoint name no scheme.");
        if (last != StatusCodes.Status429TooManyRequests)
            return Verdict.Failed($"One caller may send any number of requests to {ChatPath}.", "Map the endpoint in a group with RequireAccess.");
        var endpoints = services.GetRequiredService<Patient>().Double().GetRequiredService<EndpointDataSource>();
        var uncounted = CallerLimitFilter.Uncounted(endpoints).ToList();
        if (uncounted.Count > 0)
            return Verdict.Failed(
                $"One caller may send any number of requests to {string.Join(", ", uncounted)}.", "Map each endpoint in a group with RequireAccess.");
        last = await HurryAsync(server, (2 * MoreRequests) + 1, (context, request) => SignIn(context, $"doctor {request}"), cancellationToken);
        var open = CallerLimitFilter.Open(endpoints).Order(StringComparer.Ordinal).ToList();
        return last == StatusCodes.Status429TooManyRequests
            ? Verdict.Passed(string.Create(
                CultureInfo.InvariantCulture,
                $"In a minute {ChatPath} takes {set.Limits.RequestsPerMinute} requests of a caller and {set.RequestsPerMinuteByAddress} of an address.")
                + (open.Count > 0 ? $" Open to anybody: {string.Join(", ", open)}." : ""))
            : Verdict.Failed(
                $"One address may send any number of requests to {ChatPath}.",
                "Put UseRateLimiter back into UseAccess, and leave no DisableRateLimiting on the endpoint.");
    }

    /// <returns>The status of the last request: it ends with the first that is one too many.</returns>
    private static async Task<int> HurryAsync(
        TestServer server, int requests, Action<HttpContext, int> prepare, CancellationToken cancellationToken)
    {
        var status = 0;
        for (var request = 0; request < requests && status != StatusCodes.Status429TooManyRequests; request++)
        {
            var answer = await server.SendAsync(context =>
            {
                Prepare(context, HttpMethods.Post, ChatPath, Uri.UriSchemeHttps);
                context.Connection.RemoteIpAddress = s_hurried;
                SetBody(context, new MemoryStream("{]"u8.ToArray()));
                prepare(context, request);
            }, cancellationToken);
            status = answer.Response.StatusCode;
        }

        return status;
    }

    private static async Task<Verdict> CheckErrorsAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        var server = await StartAsync(services, cancellationToken);
        var answer = await server.SendAsync(context =>
        {
            Prepare(context, HttpMethods.Post, ChatPath, Uri.UriSchemeHttps);
            SignIn(context, "doctor");
            SetBody(context, new FailingStream());
        }, cancellationToken);

        using var reader = new StreamReader(answer.Response.Body);
        var body = await reader.ReadToEndAsync(cancellationToken);
        var status = answer.Response.StatusCode;
        if (new[] { FailingStream.Canary, "   at ", nameof(InvalidOperationException) }.Any(inside => body.Contains(inside, StringComparison.Ordinal)))
        {
            return Verdict.Failed(
                "An error's answer tells what went wrong inside.",
                "Put UseExceptionHandler in front of the pipeline, and let it answer with problem details alone.");
        }

        return status == StatusCodes.Status500InternalServerError
            ? Verdict.Passed($"A failure inside is answered with {status}, and tells nothing of it.")
            : Verdict.NotChecked($"a caller without credentials is answered with {status} before anything inside can fail. That answer tells nothing of it.");
    }

    private static async Task<Verdict> CheckTransportAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        if (services.GetRequiredService<IHostEnvironment>().IsDevelopment())
            return Verdict.NotChecked("https is for the environments outside Development.", "Run the doctor with DOTNET_ENVIRONMENT=Production.");

        var server = await StartAsync(services, cancellationToken);
        var secure = await server.SendAsync(context => Prepare(context, HttpMethods.Get, HealthPath, Uri.UriSchemeHttps), cancellationToken);
        if (secure.Response.Headers.StrictTransportSecurity.Count == 0)
            return Verdict.Failed("Answers over https do not carry Strict-Transport-Security.", "Put UseHsts back into the pipeline, outside Development.");
        var plain = (await server.SendAsync(context => Prepare(context, HttpMethods.Post, ChatPath, Uri.UriSchemeHttp), cancellationToken)).Response;
        return plain.StatusCode is >= 300 and < 400 && plain.Headers.Location.ToString().StartsWith("https://", StringComparison.Ordinal)
            ? Verdict.Passed("Requests over http are sent to https, and answers over https carry Strict-Transport-Security.")
            : Verdict.Failed(
                $"A request over plain http is answered with {plain.StatusCode} instead of being sent to https.",
                "Put UseHttpsRedirection back into the pipeline, outside Development.");
    }

    /// <summary>A caller with a token, so that the request gets as far as it can.</summary>
    private static void SignIn(HttpContext context, string subject)
    {
        Claim[] claims = [new(HttpCallerAccessor.SubjectClaim, subject), new("scope", AccessPolicies.Chat)];
        context.User = new ClaimsPrincipal(new ClaimsIdentity(claims, "doctor"));
    }

    private static void SetBody(HttpContext context, Stream body)
    {
        context.Request.ContentType = "application/json";
        context.Request.Body = body;
    }

    private static void Prepare(HttpContext context, string method, string path, string scheme)
    {
        context.Request.Method = method;
        context.Request.Path = path;
        context.Request.Scheme = scheme;
        // Browsers are never told to keep to https for localhost, so that another name is asked.
        context.Request.Host = new HostString("doctor.example");
        context.Connection.RemoteIpAddress = IPAddress.Loopback;
    }

    /// <summary>Builds the pipeline of the program's double, with small limits, by starting nothing but the web host on the server without a port.</summary>
    private static async Task<TestServer> StartAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        var twin = services.GetRequiredService<Patient>().Double();
        var access = twin.GetRequiredService<IOptions<AccessOptions>>().Value;
        (access.Limits.RequestsPerMinute, access.RequestsPerMinuteByAddress) = (FewRequests, MoreRequests);
        // It asks under a name of its own.
        twin.GetRequiredService<IOptionsMonitor<HostFilteringOptions>>().CurrentValue.AllowedHosts = ["*"];
        var server = twin.GetRequiredService<IServer>() as TestServer ?? throw new InvalidOperationException("The server has a port.");
        await twin.GetServices<IHostedService>().Single(service => service.GetType().Name == WebHostService).StartAsync(cancellationToken);
        return server;
    }

    /// <summary>A body that cannot be read: an unexpected failure inside the pipeline.</summary>
    private sealed class FailingStream : MemoryStream
    {
        public const string Canary = "What is inside stays inside.";

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new InvalidOperationException(Canary);
    }
}
