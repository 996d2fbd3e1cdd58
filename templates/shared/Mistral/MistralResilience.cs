using System.Net;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;

namespace Acme.App.Mistral;

/// <summary>When a request is sent to Mistral again: after a 429 or a 5xx, before anything of an answer was passed on.</summary>
internal static class MistralResilience
{
    private static readonly string[] s_limits = ["x-ratelimit-limit-req-minute", "x-ratelimit-limit-tokens-minute"];

    public static ResiliencePipeline<HttpResponseMessage> Create(MistralResilienceOptions options, TimeProvider time)
    {
        var pipeline = new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = time };
        if (options.MaxRetries > 0)
        {
            pipeline.AddRetry(new RetryStrategyOptions<HttpResponseMessage>
            {
                MaxRetryAttempts = options.MaxRetries,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = options.BaseDelay,
                MaxDelay = options.MaxDelay,
                ShouldHandle = attempt => ValueTask.FromResult(attempt.Outcome.Result is { } response && IsWorthRetrying(response, options)),
                DelayGenerator = attempt => ValueTask.FromResult(RetryAfter(attempt.Outcome.Result, options, time)),
            });
        }

        // A trial that its caller broke off, or that was never sent, has not shown that Mistral is well again.
        var circuit = new CircuitBreakerStateProvider();
        return pipeline.AddCircuitBreaker(new CircuitBreakerStrategyOptions<HttpResponseMessage>
        {
            FailureRatio = options.BreakerFailureRatio,
            MinimumThroughput = 10,
            BreakDuration = options.BreakerDuration,
            StateProvider = circuit,
            ShouldHandle = attempt => ValueTask.FromResult(
                attempt.Outcome.Exception is MistralException { Kind: not MistralErrorKind.Authentication }
                || (attempt.Outcome.Exception is not null && circuit.CircuitState == CircuitState.HalfOpen)
                || (int?)attempt.Outcome.Result?.StatusCode >= 500),
        }).Build();
    }

    /// <summary>A limit of 0 means that the key may never ask: no wait helps.</summary>
    private static bool IsWorthRetrying(HttpResponseMessage response, MistralResilienceOptions options) => response.StatusCode switch
    {
        HttpStatusCode.TooManyRequests => options.RetryRateLimited
            && !s_limits.Any(name => response.Headers.TryGetValues(name, out var values) && values.First() == "0"),
        HttpStatusCode.InternalServerError or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout => true,
        _ => false,
    };

    /// <summary>What Mistral asks for, capped, with a part of the base delay on top so that waiting callers do not come back together.</summary>
    public static TimeSpan? RetryAfter(HttpResponseMessage? response, MistralResilienceOptions options, TimeProvider time) =>
        response is not null && MistralErrors.RetryAfter(response, time) is { } wait
            ? (wait < options.MaxDelay ? wait : options.MaxDelay) + (options.BaseDelay * Random.Shared.NextDouble())
            : null;
}
