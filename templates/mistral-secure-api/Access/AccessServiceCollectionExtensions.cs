using System.Diagnostics;
using System.Net;
using System.Security.Authentication;
using Acme.App.Auditing;
using Acme.App.Configuration;
using Acme.App.Guards;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace Acme.App.Access;

internal static class AccessServiceCollectionExtensions
{
    private const int HttpsPort = 443;
    private const string PagePolicy = "page";

    /// <summary>Who may call, how often and how much, and by which transport.</summary>
    public static IHostApplicationBuilder AddAccess(this IHostApplicationBuilder builder)
    {
        builder.AddValidatedOptions<AccessOptions, AccessOptionsValidator>(AccessOptions.SectionName);
        var services = builder.Services;
        services.AddHttpContextAccessor();
        services.AddSingleton<ICallerAccessor, HttpCallerAccessor>();
        builder.AddLimitStore();
        services.AddSingleton<CallerLimiter>();
        services.AddSingleton<TokenBudget>();
        services.AddSingleton<InnermostGuard>((inner, provider) => ActivatorUtilities.CreateInstance<BudgetChatClient>(provider, inner));

        // Issuer, audience and keys stand under Authentication:Schemes:Bearer, where "dotnet user-jwts" writes a developer's.
        services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer();
        services.ConfigureAll<JwtBearerOptions>(bearer =>
        {
            bearer.MapInboundClaims = false;
            bearer.IncludeErrorDetails = false;
            bearer.SaveToken = false;
            bearer.Events.OnAuthenticationFailed = UnreadableIssuer.NoticeAsync;
            bearer.TokenValidationParameters.ClockSkew = TimeSpan.FromMinutes(1);
            // The framework reads the keys from the settings anew for each token, unless they are read once.
            bearer.TokenValidationParameters.IssuerSigningKeys = bearer.TokenValidationParameters.IssuerSigningKeys?.ToArray();
        });
        // Nothing here is encrypted by ASP.NET Core, so that no ring of keys for it is made, or written below the user's home.
        if (services.FirstOrDefault(service => service.ImplementationType?.Name == "DataProtectionHostedService") is { } keyRing)
            services.Remove(keyRing);
        services.AddSingleton(new StartUpCheck((provider, _) => ActivatorUtilities.CreateInstance<TokenIssuerCheck>(provider).RunAsync()));
        services.AddHealthChecks().AddCheck<UnreadableIssuer>("issuer");
        services.AddAuthorization();
        services.AddOptions<AuthorizationOptions>().Configure<IOptions<AccessOptions>>((authorization, access) =>
            AccessPolicies.Add(authorization, access.Value));
        services.AddSingleton<IAuthorizationMiddlewareResultHandler, AuditedAuthorization>();
        services.AddRateLimiter(_ => { });
        services.AddOptions<RateLimiterOptions>().Configure<IOptions<AccessOptions>, TimeProvider>((limiter, access, time) =>
            AddressLimits.Configure(limiter, access.Value, time));

        services.AddSecurityHeaderPolicies()
            .SetDefaultPolicy(api => api.AddDefaultApiSecurityHeaders())
            .AddPolicy(PagePolicy, page => page.AddDefaultApiSecurityHeaders().AddContentSecurityPolicy(AllowThisPage));
        services.AddHsts(hsts => hsts.MaxAge = TimeSpan.FromDays(365));
        services.AddSingleton<AddressConnections>();
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<AccessOptions>, AddressConnections>((kestrel, access, byAddress) =>
        {
            Limit(kestrel, access.ValueOrDefault());
            kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Use(next => connection => byAddress.InvokeAsync(connection, next)));
        });
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<AccessOptions>>().ValueOrDefault().TrustTraceContext
            ? DistributedContextPropagator.Current
            : new OwnTraces());
        services.AddOptions<HostOptions>().Configure<IOptions<AccessOptions>>((host, access) => host.ShutdownTimeout = access.ValueOrDefault().ShutdownTimeout);
        services.AddRequestTimeouts();
        services.AddOptions<RequestTimeoutOptions>().Configure<IOptions<AccessOptions>>((timeouts, access) =>
            timeouts.DefaultPolicy = new RequestTimeoutPolicy { Timeout = access.Value.RequestTimeout });
        services.AddCors();
        services.AddOptions<CorsOptions>().Configure<IOptions<AccessOptions>>((cors, access) =>
            cors.AddDefaultPolicy(policy => policy.WithOrigins(access.Value.AllowedOrigins)
                .AllowAnyHeader().WithMethods("GET", "POST").WithExposedHeaders("Retry-After", "RateLimit", "RateLimit-Policy")));
        // AllowedHosts is the framework's own setting; whoever asks for another host gets a 400 without its page of HTML.
        services.Configure<HostFilteringOptions>(hosts => hosts.IncludeFailureMessage = false);
        services.AddSingleton(new StartUpCheck((_, _) => CheckHosts(builder.Configuration)));
        services.AddOptions<ForwardedHeadersOptions>().Configure<IOptions<AccessOptions>>((forwarded, access) => Believe(forwarded, access.Value.KnownProxies));
        services.AddHttpsRedirection(https => https.HttpsPort ??= builder.Environment.IsDevelopment() ? null : HttpsPortOf(builder.Configuration));
        return builder;
    }

    /// <summary>The caller's way in, in the order that counts: the true address, safe transport, then who, how often and what is allowed.</summary>
    public static WebApplication UseAccess(this WebApplication app)
    {
        app.UseForwardedHeaders();
        app.UseSecurityHeaders();
        if (!app.Environment.IsDevelopment())
        {
            app.UseHsts();
            // A probe of the machine's own comes by plain http.
            app.UseWhen(context => !context.Request.Path.StartsWithSegments("/health"), branch => branch.UseHttpsRedirection());
        }

        app.UseRouting();
        app.UseRequestTimeouts();
        app.UseCors();
        app.UseRateLimiter();
        app.UseAuthentication();
        app.UseAuthorization();
        return app;
    }

    /// <summary>For a group of endpoints: only callers whose token has this scope, each within its limits.</summary>
    public static RouteGroupBuilder RequireAccess(this RouteGroupBuilder group, string policy) =>
        group.RequireAuthorization(policy).AddEndpointFilter<CallerLimitFilter>().WithMetadata(CallerLimitFilter.IsOnTheWay);

    /// <summary>For an endpoint that is a page: its own scripts and styles may run, and may ask this program.</summary>
    public static void RequirePageHeaders(this IEndpointConventionBuilder page) => page.WithSecurityHeadersPolicy(PagePolicy);

    /// <summary>
    /// Where https is: as <c>ASPNETCORE_HTTPS_PORT</c> says, or the first https address of the program's own. Behind a proxy it has none, and
    /// without a port nobody would be redirected.
    /// </summary>
    internal static int HttpsPortOf(IConfiguration configuration)
    {
        var urls = configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(endpoint => endpoint["Url"])
            .Concat((configuration["urls"] ?? "").Split(';'));
        var own = urls.FirstOrDefault(url => url?.TrimStart().StartsWith("https://", StringComparison.OrdinalIgnoreCase) is true);
        return int.TryParse(configuration["https_port"] ?? configuration["https_ports"]?.Split(';')[0], out var port) ? port
            : own is not null ? BindingAddress.Parse(own.Trim()).Port
            : HttpsPort;
    }

    /// <summary>A name that no caller can ask for would shut everybody out, the probes included.</summary>
    private static Task CheckHosts(IConfigurationManager configuration)
    {
        const string setting = "AllowedHosts";
        var hosts = (configuration[setting] ?? "*").Split(';', StringSplitOptions.RemoveEmptyEntries);
        if (Array.TrueForAll(hosts, CanBeAskedFor))
            return Task.CompletedTask;
        throw new ConfigurationException([new(
            setting, configuration.OriginOf(setting), "A host in it is no name.",
            "Write names alone, without a space, a scheme, a port or a path, as \"api.example;*.example\".")]);
    }

    private static bool CanBeAskedFor(string host) => host == "*"
        || Uri.CheckHostName(host.StartsWith("*.", StringComparison.Ordinal) ? host[2..] : host) switch
        {
            UriHostNameType.Dns or UriHostNameType.IPv4 => true,
            UriHostNameType.IPv6 => host.StartsWith('['),
            _ => false,
        };

    private static void AllowThisPage(CspBuilder policy)
    {
        policy.AddDefaultSrc().None();
        policy.AddFrameAncestors().None();
        policy.AddScriptSrc().Self().WithNonce();
        policy.AddStyleSrc().Self().UnsafeInline();
        policy.AddImgSrc().Self().Data();
        policy.AddFontSrc().Self().Data();
        policy.AddConnectSrc().Self();
    }

    private static void Limit(KestrelServerOptions kestrel, AccessOptions options)
    {
        var (limits, connections) = (kestrel.Limits, options.Connections);
        var slowest = new MinDataRate(connections.MinBytesPerSecond, TimeSpan.FromSeconds(5));
        kestrel.AddServerHeader = false;
        limits.MaxRequestBodySize = options.MaxBodyBytes;
        limits.MaxConcurrentConnections = connections.MaxConcurrent;
        limits.MaxRequestHeaderCount = connections.MaxHeaders;
        limits.MaxRequestHeadersTotalSize = connections.MaxHeaderBytes;
        limits.RequestHeadersTimeout = connections.HeadersTimeout;
        limits.KeepAliveTimeout = connections.KeepAliveTimeout;
        (limits.MinRequestBodyDataRate, limits.MinResponseDataRate) = (slowest, slowest);
        kestrel.ConfigureHttpsDefaults(https => https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13);
    }

    private static void Believe(ForwardedHeadersOptions forwarded, string[] proxies)
    {
        forwarded.ForwardedHeaders = proxies.Length > 0 ? ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto : ForwardedHeaders.None;
        // As far back as the proxies are known: the first address that is none is the caller's.
        forwarded.ForwardLimit = null;
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
