using System.Globalization;

namespace Acme.App.Access;

/// <summary>What is left of the requests of a minute, as draft-ietf-httpapi-ratelimit-headers has it.</summary>
internal static class LimitHeaders
{
    public static void Write(HttpResponse response, int most, long left, long seconds)
    {
        response.Headers["RateLimit-Policy"] = string.Create(CultureInfo.InvariantCulture, $"\"{CallerLimiter.Requests}\";q={most};w=60");
        response.Headers["RateLimit"] = string.Create(CultureInfo.InvariantCulture, $"\"{CallerLimiter.Requests}\";r={left};t={seconds}");
    }
}
