using System.Net;
using System.Security.Authentication;
using Acme.App.Auditing;
using Acme.App.Configuration;
using Acme.App.Guards;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace Acme.App.Access;

internal static class AccessServiceCollectionExtensions
{
    private const int HttpsPort = 443;

    /// <summary>Who may call, how often and how much, and by which transport.</summary>
    public static IHostApplicationBuilder AddAccess(this IHostApplicationBuilder builder)
    {
        builder.AddValidatedOptions<AccessOptions, AccessOptionsValidator>(AccessOptions.SectionName);
        var services = builder.Services;
        services.AddHttpContextAccessor();
        services.AddSingleton<ICallerAccessor, HttpCallerAccessor>();
        builder.AddLimitStore();
        services.AddSingleton<CallerLimiter>();
        services.AddSingleton<IBudget, TokenBudget>();
        services.AddSingleton<InnermostGuard>((inner, provider) => ActivatorUtilities.CreateInstance<BudgetChatClient>(provider, inner));

        // Issuer, audience and keys stand under Authentication:Schemes:Bearer, where "dotnet user-jwts" writes a developer's.
        services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer(bearer =>
        {
            bearer.MapInboundClaims = false;
            bearer.IncludeErrorDetails = false;
            bearer.TokenValidationParameters.ClockSkew = TimeSpan.FromMinutes(1);
        });
        services.AddSingleton(new StartUpCheck(provider => ActivatorUtilities.CreateInstance<TokenIssuerCheck>(provider)));
        services.AddAuthorization();
        services.AddOptions<AuthorizationOptions>().Configure<IOptions<AccessOptions>>((authorization, access) => AccessPolicies.Add(authorization, access.Value));
        services.AddSingleton<IAuthorizationMiddlewareResultHandler, AuditedAuthorization>();
        services.AddRateLimiter(_ => { });
        services.AddOptions<RateLimiterOptions>().Configure<IOptions<AccessOptions>>((limiter, access) => RequestLimits.Configure(limiter, access.Value));

        services.AddHsts(hsts => hsts.MaxAge = TimeSpan.FromDays(365));
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<AccessOptions>>((kestrel, access) => Limit(kestrel, access.ValueOrDefault()));
        services.AddOptions<ForwardedHeadersOptions>().Configure<IOptions<AccessOptions>>((forwarded, access) => Believe(forwarded, access.Value.KnownProxies));
        // Behind a proxy Kestrel knows no port of its own for https; without one nobody would be redirected.
        services.AddHttpsRedirection(https => https.HttpsPort ??= builder.Environment.IsDevelopment() ? null : HttpsPort);
        return builder;
    }

    /// <summary>The caller's way in, in the order that counts: the true address, safe transport, then who, how often and what is allowed.</summary>
    public static WebApplication UseAccess(this WebApplication app)
    {
        app.UseForwardedHeaders();
        app.UseSecurityHeaders(headers => headers.AddDefaultApiSecurityHeaders());
        if (!app.Environment.IsDevelopment())
        {
            app.UseHsts();
            // A probe of the machine's own comes by plain http.
            app.UseWhen(context => !context.Request.Path.StartsWithSegments("/health"), branch => branch.UseHttpsRedirection());
        }

        app.UseRouting();
        app.UseRateLimiter();
        app.UseAuthentication();
        app.UseAuthorization();
        return app;
    }

    /// <summary>For a group of endpoints: only callers whose token has this scope, each within its limits.</summary>
    public static RouteGroupBuilder RequireAccess(this RouteGroupBuilder group, string policy)
    {
        group.RequireAuthorization(policy);
        group.AddEndpointFilterFactory((factory, next) =>
        {
            var filter = ActivatorUtilities.CreateInstance<CallerLimitFilter>(factory.ApplicationServices);
            return context => filter.InvokeAsync(context, next);
        });
        return group;
    }

    private static void Limit(KestrelServerOptions kestrel, AccessOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = options.MaxBodyBytes;
        kestrel.Limits.MaxRequestHeaderCount = 64;
        kestrel.Limits.MaxRequestHeadersTotalSize = 32 * 1024;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
        kestrel.ConfigureHttpsDefaults(https => https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13);
    }

    private static void Believe(ForwardedHeadersOptions forwarded, string[] proxies)
    {
        forwarded.ForwardedHeaders = proxies.Length > 0 ? ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto : ForwardedHeaders.None;
        forwarded.KnownProxies.Clear();
        forwarded.KnownIPNetworks.Clear();
        foreach (var proxy in proxies)
        {
            if (IPAddress.TryParse(proxy, out var address))
                forwarded.KnownProxies.Add(address);
            else
                forwarded.KnownIPNetworks.Add(System.Net.IPNetwork.Parse(proxy));
        }
    }
}
