using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace Acme.App.Access;

/// <summary>Tells tokens that are wrong from those that nobody can check, because the identity provider's keys have not been read yet.</summary>
internal sealed class UnreadableIssuer(IOptionsMonitor<JwtBearerOptions> bearer) : IHealthCheck
{
    // Without the provider's answer, a token's keys are not known, nor its issuer.
    private static readonly string[] s_unknown = ["IDX10500", "IDX10204"];
    private static readonly TimeSpan s_timeLimit = TimeSpan.FromSeconds(5);
    private static readonly object s_mark = new();
    private static readonly object s_reason = new();

    /// <summary>Whether a request's token could not be checked.</summary>
    public static bool Met(HttpContext context) => context.Items.ContainsKey(s_mark);

    /// <summary>Why a request's token was refused, as the name of the framework's exception; its message may quote the token.</summary>
    public static string? ReasonOf(HttpContext context) => context.Items.TryGetValue(s_reason, out var reason) ? (string?)reason : null;

    /// <summary>Notices what the framework tells by the number of its message alone.</summary>
    public static Task NoticeAsync(AuthenticationFailedContext failed)
    {
        if (failed is { Options.ConfigurationManager: not null, Exception: SecurityTokenValidationException exception }
            && s_unknown.Any(number => exception.Message.StartsWith(number, StringComparison.Ordinal)))
            failed.HttpContext.Items[s_mark] = null;
        failed.HttpContext.Items[s_reason] = failed.Exception.GetType().Name;
        return Task.CompletedTask;
    }

    /// <remarks>Asks the provider until its keys are known, and never again.</remarks>
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken)
    {
        if (bearer.Get(JwtBearerDefaults.AuthenticationScheme).ConfigurationManager is not { } provider)
            return HealthCheckResult.Healthy();
        try
        {
            await provider.GetConfigurationAsync(cancellationToken).WaitAsync(s_timeLimit, cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (Exception exception) when (exception is InvalidOperationException or TimeoutException or IOException or HttpRequestException)
        {
            return HealthCheckResult.Unhealthy("The identity provider's keys cannot be read, so no token can be checked.");
        }
    }
}
