using System.Diagnostics.Metrics;
using Acme.App.Auditing;
using Acme.App.Configuration;
using Acme.App.Guards;
using Microsoft.Extensions.Options;

namespace Acme.App.Access;

/// <summary>Holds each caller to its limits, and follows the declared mode while the count cannot be reached.</summary>
internal sealed class CallerLimiter(
    ILimitStore store, IOptions<AccessOptions> options, IHttpContextAccessor accessor, AuditLog audit, IMeterFactory meters, TimeProvider time)
{
    public const string Requests = "requests";
    public const string Concurrency = "concurrency";
    private const string Meter = "Acme.App.Access";
    private static readonly object s_isOutOfReach = new();

    private readonly Counter<long> _exceeded = meters.Create(Meter).CreateCounter<long>("limits.exceeded", null, "Requests refused by a limit.");
    private readonly Counter<long> _failed = meters.Create(Meter).CreateCounter<long>("limits.failed", null, "Times that the count was out of reach.");

    /// <returns>Who is served, and what it may; null outside a request.</returns>
    public CallerQuota? Current => accessor.HttpContext is { } context ? CallerQuota.Of(context) : null;

    /// <summary>Takes all claims, or refuses; and tells with the answer what is left of the first, or of the one that refused.</summary>
    /// <returns>False when the count could not be reached and the limits stay open.</returns>
    /// <exception cref="ChatRefusedException">A limit is reached, or the count cannot be reached and the limits stay closed.</exception>
    public async ValueTask<bool> TakeAsync(string caller, LimitClaim[] claims, CancellationToken cancellationToken)
    {
        if (await AskAsync(() => store.TakeAsync(caller, claims, cancellationToken)) is not { } decision)
            return false;
        var claim = claims[Math.Max(0, decision.Refused)];
        var now = time.GetUtcNow();
        if (accessor.HttpContext is { } context)
            LimitHeaders.Tell(context, claim, decision.Remaining, now);
        if (decision.Refused < 0)
            return true;
        throw Exceeded(claim.Limit, claim.Amount > claim.Most ? null : claim.Resets - now);
    }

    public ValueTask CorrectAsync(string caller, LimitClaim[] claims, long difference) =>
        TellAsync(store.CorrectAsync(caller, claims, difference));

    /// <summary>Begins a request, or refuses.</summary>
    /// <returns>Whether <see cref="LeaveAsync"/> is to be called at its end.</returns>
    public async ValueTask<bool> EnterAsync(string caller, int most, string requestId, CancellationToken cancellationToken) =>
        await AskAsync(() => store.EnterAsync(caller, most, requestId, cancellationToken)) switch
        {
            false => throw Exceeded(Concurrency, TimeSpan.FromSeconds(1)),
            var entered => entered is true,
        };

    public ValueTask LeaveAsync(string caller, string requestId) => TellAsync(store.LeaveAsync(caller, requestId));

    /// <returns>Null when the count cannot be reached and the limits stay open.</returns>
    /// <remarks>One request waits for the count once: what it then asks for would be taken late, and never given back.</remarks>
    private async ValueTask<T?> AskAsync<T>(Func<ValueTask<T>> ask)
        where T : struct
    {
        if (accessor.HttpContext?.Items.ContainsKey(s_isOutOfReach) is true)
            return null;
        try
        {
            return await ask();
        }
        catch (LimitStoreException exception)
        {
            accessor.HttpContext?.Items.TryAdd(s_isOutOfReach, null);
            _failed.Add(1);
            await audit.WriteAsync(new AuditRecord(AuditActions.GuardFailed)
            {
                Success = false,
                ErrorCode = ChatRefusedException.LimitsUnavailable,
                Detail = $"The limits are {options.Value.FailureMode}. {exception.Message}",
            });
            return options.Value.FailureMode == FailureMode.Open ? null : throw Unavailable();
        }
    }

    /// <summary>What cannot be given back stays taken: the caller has less than it should, never more.</summary>
    private async ValueTask TellAsync(ValueTask told)
    {
        try
        {
            await told;
        }
        catch (LimitStoreException)
        {
            _failed.Add(1);
        }
    }

    private ChatRefusedException Exceeded(string limit, TimeSpan? retryAfter)
    {
        var code = limit switch
        {
            Requests => ChatRefusedException.TooManyRequests,
            Concurrency => ChatRefusedException.TooManyAtOnce,
            _ => ChatRefusedException.TooManyTokens,
        };
        _exceeded.Add(1, new KeyValuePair<string, object?>("limit", limit));
        var message = retryAfter is null
            ? $"The request may cost more than the limit '{limit}' ever allows. Send less, or ask for fewer tokens."
            : $"The limit '{limit}' is reached. Try again later.";
        return new ChatRefusedException(code, message) { RetryAfter = retryAfter };
    }

    private static ChatRefusedException Unavailable() =>
        new(ChatRefusedException.LimitsUnavailable, "The limits cannot be counted now. Try again later.") { RetryAfter = TimeSpan.FromSeconds(5) };
}
