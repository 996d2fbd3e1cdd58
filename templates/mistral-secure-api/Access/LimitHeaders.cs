using System.Globalization;

namespace Acme.App.Access;

/// <summary>What is left of a caller's limits, as draft-ietf-httpapi-ratelimit-headers has it: a list with an item for each limit that was asked.</summary>
internal static class LimitHeaders
{
    private static readonly object s_told = new();

    /// <summary>Tells of a limit with the answer: at the last moment, since whoever writes a problem clears the headers first.</summary>
    public static void Tell(HttpContext context, in LimitClaim claim, long left, DateTimeOffset now)
    {
        // Whoever asks Mistral several times for one request may do so at a time.
        lock (context.Items)
        {
            if (context.Items[s_told] is not Dictionary<string, (string Policy, string Left)> told)
            {
                if (context.Response.HasStarted)
                    return;
                context.Items[s_told] = told = [];
                context.Response.OnStarting(() => Write(context, told));
            }

            told[claim.Limit] = (PolicyOf(claim), LeftOf(claim, left, now));
        }
    }

    private static Task Write(HttpContext context, Dictionary<string, (string Policy, string Left)> told)
    {
        lock (context.Items)
        {
            context.Response.Headers["RateLimit-Policy"] = string.Join(", ", told.Values.Select(limit => limit.Policy));
            context.Response.Headers["RateLimit"] = string.Join(", ", told.Values.Select(limit => limit.Left));
        }

        return Task.CompletedTask;
    }

    private static string PolicyOf(in LimitClaim claim)
    {
        var window = claim.Window is { } seconds ? string.Create(CultureInfo.InvariantCulture, $";w={seconds}") : "";
        return string.Create(CultureInfo.InvariantCulture, $"\"{claim.Limit}\";q={claim.Most}{window}");
    }

    private static string LeftOf(in LimitClaim claim, long left, DateTimeOffset now)
    {
        var seconds = Math.Max(0, (long)Math.Ceiling((claim.Resets - now).TotalSeconds));
        return string.Create(CultureInfo.InvariantCulture, $"\"{claim.Limit}\";r={Math.Max(0, left)};t={seconds}");
    }
}
