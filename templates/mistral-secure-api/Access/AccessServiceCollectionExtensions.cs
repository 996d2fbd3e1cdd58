using System.Security.Authentication;
using System.Threading.RateLimiting;
using Acme.App.Auditing;
using Acme.App.Configuration;
using Acme.App.Guards;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using IPNetwork = System.Net.IPNetwork;

namespace Acme.App.Access;

internal static class AccessServiceCollectionExtensions
{
    private const long LargestBody = 4 * 1024 * 1024;
    private const long MostConnections = 5_000;

    /// <summary>Who may call, from where, how often and how much. <see cref="AccessApplicationBuilderExtensions.UseAccess"/> puts it to work.</summary>
    public static IHostApplicationBuilder AddAccess(this IHostApplicationBuilder builder)
    {
        builder.AddValidatedOptions<AccessOptions, AccessOptionsValidator>(AccessOptions.SectionName);
        builder.AddValidatedOptions<LimitOptions, LimitOptionsValidator>(LimitOptions.SectionName);
        var services = builder.Services;
        services.AddSingleton(new StartUpCheck(provider => ActivatorUtilities.CreateInstance<BearerCheck>(provider)));
        services.AddHttpContextAccessor();
        services.AddSingleton<ICallerAccessor, HttpCallerAccessor>();

        // The rest of its settings stand in Authentication:Schemes:Bearer.
        services.AddAuthentication().AddJwtBearer(bearer => bearer.MapInboundClaims = false);
        services.AddAuthorization();
        services.AddOptions<AuthorizationOptions>().Configure<IOptions<AccessOptions>>((authorization, access) => AccessPolicies.Configure(authorization, access.Value.AllowAnonymous));
        services.AddSingleton<IAuthorizationMiddlewareResultHandler, AccessDenials>();

        builder.AddLimitStore();
        services.AddSingleton<CallerLimiter>();
        services.Replace(ServiceDescriptor.Singleton<IBudget, TokenBudget>());
        services.AddRateLimiter(_ => { });
        services.AddOptions<RateLimiterOptions>().Configure<IOptions<LimitOptions>>(LimitAddresses);

        services.AddCors();
        services.AddOptions<CorsOptions>().Configure<IOptions<AccessOptions>>((cors, access) =>
            cors.AddDefaultPolicy(policy => policy.WithOrigins(access.Value.Origins).WithMethods("GET", "POST").WithHeaders("Authorization", "Content-Type")));
        services.AddOptions<ForwardedHeadersOptions>().Configure<IOptions<AccessOptions>>(BelieveProxies);
        services.Configure<KestrelServerOptions>(LimitConnections);
        return builder;
    }

    private static void LimitAddresses(RateLimiterOptions limiter, IOptions<LimitOptions> limits)
    {
        limiter.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
        limiter.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, System.Net.IPAddress>(context => RateLimitPartition.GetFixedWindowLimiter(
            context.Connection.RemoteIpAddress ?? System.Net.IPAddress.None,
            _ => new FixedWindowRateLimiterOptions { PermitLimit = limits.Value.RequestsPerMinuteByAddress, Window = TimeSpan.FromMinutes(1) }));
        // No audit record: a flood from one address must not become a flood of the log. The rate limiter's own metric counts it.
        limiter.OnRejected = (context, _) =>
        {
            if (context.Lease.TryGetMetadata(MetadataName.RetryAfter, out var wait))
                context.HttpContext.Response.Headers.RetryAfter = ((int)Math.Ceiling(wait.TotalSeconds)).ToString(System.Globalization.CultureInfo.InvariantCulture);
            return ValueTask.CompletedTask;
        };
    }

    private static void BelieveProxies(ForwardedHeadersOptions forwarded, IOptions<AccessOptions> access)
    {
        // With no network known, the middleware would believe everybody.
        forwarded.ForwardedHeaders = access.Value.Proxies.Length == 0 ? ForwardedHeaders.None : ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
        forwarded.ForwardLimit = null;
        forwarded.KnownProxies.Clear();
        forwarded.KnownIPNetworks.Clear();
        foreach (var proxy in access.Value.Proxies)
            forwarded.KnownIPNetworks.Add(IPNetwork.Parse(proxy));
    }

    private static void LimitConnections(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.ConfigureHttpsDefaults(https => https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13);
        kestrel.Limits.MaxConcurrentConnections = MostConnections;
        kestrel.Limits.MaxRequestBodySize = LargestBody;
        kestrel.Limits.MaxRequestHeaderCount = 64;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
    }
}
