using System.Diagnostics.CodeAnalysis;
using Acme.App.Configuration;
using FluentValidation;
using Microsoft.Extensions.Options;

namespace Acme.App.Keys;

/// <summary>
/// Holds the current key and replaces it while requests run. A new value becomes current only after Mistral has accepted
/// it; requests in flight keep the key that they took. Nothing is stored, so a crash half-way leaves nothing to mend.
/// </summary>
internal sealed partial class KeyRing(
    KeySource source,
    IConfiguration configuration,
    IHostEnvironment environment,
    IOptions<KeyOptions> options,
    Func<IKeyVerifier> verifier,
    Func<IEnumerable<IKeyEvents>> events,
    KeyMetrics metrics,
    TimeProvider timeProvider,
    ILogger<KeyRing> logger) : IApiKeys
{
    /// <summary>While the source has nothing better, refused requests do not ask it again within this time.</summary>
    private static readonly TimeSpan s_restAfterNothingNew = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan s_warnBefore = TimeSpan.FromDays(7);

    private readonly Lock _gate = new();
    private readonly ApiKeyValidator _rules = new([.. EnvironmentKeySource.OfOtherEnvironments(configuration, environment)]);
    private volatile Holding? _holding;
    private Task<ApiKey>? _look;
    private Task<ApiKey>? _read;
    private ApiKey? _rejected;
    private volatile string? _warning;
    private long _readAt;
    private long? _nothingNewAt;

    public ApiKey Current => CurrentOrDefault
        ?? throw new InvalidOperationException("The key has not been read: the configuration's checks have not run, or the program is offline.");

    public ApiKey? CurrentOrDefault => _holding?.Key;

    /// <summary>Whether the last look at the source settled everything; if not, it is worth looking again soon.</summary>
    public bool Settled => _warning is null;

    public KeyHealth Health
    {
        get
        {
            if (_holding is not { } holding)
                return new(Ready: true, source.Name, null, null, TimeSpan.Zero, TimeSpan.Zero, null);

            var age = timeProvider.GetUtcNow() - holding.Since;
            var tooOld = options.Value.MaxAge is { } maximum && age >= maximum;
            return new(
                !(tooOld && options.Value.FailWhenTooOld), source.Name, holding.Key.Fingerprint, holding.Key.Version,
                age, timeProvider.GetElapsedTime(Volatile.Read(ref _readAt)), _warning ?? AgeWarning(age));
        }
    }

    /// <summary>Reads the first key. Mistral is not asked: a start must not depend on it.</summary>
    public async Task<IReadOnlyList<ConfigurationProblem>> LoadAsync(TimeSpan timeLimit, CancellationToken cancellationToken)
    {
        try
        {
            var key = await ReadAsync(timeLimit, cancellationToken);
            if (Judge(key) is { } problem)
                return [problem];
            Hold(key);
            return [];
        }
        catch (KeySourceException exception)
        {
            return [exception.Problem];
        }
    }

    public async ValueTask<ApiKey> RefreshAsync(ApiKey rejected, CancellationToken cancellationToken)
    {
        // A second time, because a look that was under way already may have begun before the new key was there.
        for (var attempt = 0; attempt < 2; attempt++)
        {
            Task<ApiKey> look;
            bool isOwn;
            lock (_gate)
            {
                if (!Current.SameAs(rejected) || (attempt == 0 && _nothingNewAt is { } at && timeProvider.GetElapsedTime(at) < s_restAfterNothingNew))
                    break;
                isOwn = _look is not { IsCompleted: false };
                look = JoinLook(refused: true);
            }

            // A look that failed has found no other key; what became of it the key's health tells.
            await ((Task)look).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
            if (!Current.SameAs(rejected) || isOwn)
                break;
        }

        return Current;
    }

    /// <summary>Looks whether the source holds another key, and takes it if Mistral accepts it.</summary>
    public Task PollAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
            return JoinLook(refused: false).WaitAsync(cancellationToken);
    }

    /// <summary>Says what keeps a value from being a key, if anything.</summary>
    public ConfigurationProblem? Judge(ApiKey key)
    {
        var failure = _rules.Validate(key).Errors.FirstOrDefault();
        return failure is null ? null : new ConfigurationProblem(source.Setting, source.Name, failure.ErrorMessage, (string)failure.CustomState);
    }

    private Task<ApiKey> JoinLook(bool refused)
    {
        if (_look is { IsCompleted: false } running)
            return running;
        // What a request began is not its sender's doing, and the audit is not to say so.
        using (ExecutionContext.IsFlowSuppressed() ? default(AsyncFlowControl?) : ExecutionContext.SuppressFlow())
            return _look = Task.Run(() => LookAsync(refused));
    }

    // Runs on no caller's token: those who wait may go, the look is everybody's. Each step has its own time limit.
    private async Task<ApiKey> LookAsync(bool refused)
    {
        var current = Current;
        try
        {
            var candidate = await ReadAsync(options.Value.Timeout, CancellationToken.None);
            Volatile.Write(ref _readAt, timeProvider.GetTimestamp());
            _warning = candidate.SameAs(current) ? null : await TryTakeAsync(current, candidate);
        }
        catch (KeySourceException exception)
        {
            _warning = $"{exception.Problem.Problem} The last good key stays in use.";
            LogSourceFailed(source.Name, exception.Problem.Problem, exception.Problem.Remedy);
        }
        catch (Exception)
        {
            _warning = "What was found at the key's source could not be recorded yet. The old key stays in use.";
            throw;
        }
        finally
        {
            // A poll that found nothing says nothing about the moment after it, when the key may be refused.
            lock (_gate)
                _nothingNewAt = refused && Current.SameAs(current) ? timeProvider.GetTimestamp() : null;
        }

        return Current;
    }

    /// <returns>Why the candidate was not taken, or nothing when it was.</returns>
    private async Task<string?> TryTakeAsync(ApiKey current, ApiKey candidate)
    {
        if (Judge(candidate) is { } problem)
            return await RejectAsync(current, candidate, problem.Problem);

        switch (await VerifyAsync(candidate))
        {
            case KeyVerdict.Accepted:
                await RecordAsync(isTaken: true, current, candidate, reason: null);
                Hold(candidate);
                metrics.Rotated("accepted");
                LogRotated(current.Fingerprint, candidate.Fingerprint, candidate.Version);
                return null;
            case KeyVerdict.Rejected:
                return await RejectAsync(current, candidate, "Mistral refused the new key.");
            default:
                metrics.Rotated("inconclusive");
                LogInconclusive(candidate.Fingerprint, candidate.Version);
                return "A new key could not be checked with Mistral yet. The old key stays in use.";
        }
    }

    private async Task<string> RejectAsync(ApiKey current, ApiKey candidate, string reason)
    {
        // Looked at again at each poll, since Mistral may come to know a key late; the alarm is raised once.
        if (_rejected?.SameAs(candidate) is not true)
        {
            await RecordAsync(isTaken: false, current, candidate, reason);
            _rejected = candidate;
            metrics.Rotated("rejected");
            LogRejected(candidate.Fingerprint, candidate.Version, reason, current.Fingerprint);
        }

        return $"{reason} The old key stays in use.";
    }

    /// <summary>What the source holds now, within the time limit.</summary>
    public async Task<ApiKey> ReadAsync(TimeSpan timeLimit, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(timeLimit, timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            // A store's client, or a file that is a pipe, may block before it gives a task: it holds one thread, and no second one.
            if (_read is not { IsCompleted: false })
                _read = Task.Run(() => source.ReadAsync(either.Token), either.Token);
            return await _read.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            throw source.Failed("The key's source did not answer in time.", "See whether it can be reached from here, or raise Keys:Timeout.");
        }
        catch (Exception exception) when (exception is not (KeySourceException or ConfigurationException) && !cancellationToken.IsCancellationRequested)
        {
            // What a store's client says may repeat the secret, so only the kind of failure goes further.
            throw source.Failed($"The key's source failed with {exception.GetType().Name}.",
                "See whether it can be reached from here, and what its own log says.");
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever goes wrong in asking, the key was not refused.")]
    private async Task<KeyVerdict> VerifyAsync(ApiKey candidate)
    {
        using var limit = new CancellationTokenSource(options.Value.Timeout, timeProvider);
        try
        {
            return await verifier().VerifyAsync(candidate, limit.Token).WaitAsync(limit.Token);
        }
        catch (Exception)
        {
            return KeyVerdict.Inconclusive;
        }
    }

    private void Hold(ApiKey key)
    {
        Volatile.Write(ref _readAt, timeProvider.GetTimestamp());
        // By a clock that is ahead, the source's or its file's, the key would never grow old.
        var now = timeProvider.GetUtcNow();
        _holding = new Holding(key, key.Since < now ? key.Since.Value : now);
        _rejected = null;
        metrics.Observe(this);
    }

    private async Task RecordAsync(bool isTaken, ApiKey current, ApiKey candidate, string? reason)
    {
        var keyEvent = new KeyEvent(isTaken, source.Name, current.Fingerprint, current.Version, candidate.Fingerprint, candidate.Version, reason);
        foreach (var listener in events())
            await listener.RecordAsync(keyEvent).WaitAsync(options.Value.Timeout, timeProvider);
    }

    private string? AgeWarning(TimeSpan age) => options.Value.MaxAge is not { } maximum ? null
        : age < maximum - (options.Value.WarnBefore ?? (maximum / 2 < s_warnBefore ? maximum / 2 : s_warnBefore)) ? null
        : age >= maximum ? "The key is older than Keys:MaxAge allows. Replace it." : "The key will soon be older than Keys:MaxAge allows. Replace it.";

    /// <summary>The key and since when it is one, swapped together.</summary>
    private sealed record Holding(ApiKey Key, DateTimeOffset Since);

    [LoggerMessage(1101, LogLevel.Information, "The API key was rotated from {OldFingerprint} to {NewFingerprint}, version {NewVersion}.")]
    private partial void LogRotated(string oldFingerprint, string newFingerprint, string newVersion);

    [LoggerMessage(1102, LogLevel.Critical, "The new API key {Fingerprint}, version {Version}, was not taken: {Reason} The key {Kept} stays in use.")]
    private partial void LogRejected(string fingerprint, string version, string reason, string kept);

    [LoggerMessage(1103, LogLevel.Warning, "The new API key {Fingerprint}, version {Version}, could not be checked with Mistral. "
        + "The old one stays in use, and it is tried again.")]
    private partial void LogInconclusive(string fingerprint, string version);

    [LoggerMessage(1104, LogLevel.Warning, "The API key could not be read from {Source}: {Problem} {Remedy} The last good key stays in use.")]
    private partial void LogSourceFailed(string source, string problem, string remedy);
}

/// <summary>How the key is doing, for a health check.</summary>
/// <param name="Fingerprint">The current key's fingerprint, or none when no key is needed.</param>
/// <param name="Age">How old the key is: since its source came to hold it, or where the source does not say, since this program first read it.</param>
/// <param name="SinceRead">How long ago the source last gave a value.</param>
/// <param name="Warning">What needs someone's attention, a full sentence, or nothing.</param>
internal sealed record KeyHealth(bool Ready, string Source, string? Fingerprint, string? Version, TimeSpan Age, TimeSpan SinceRead, string? Warning);
