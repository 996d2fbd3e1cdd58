using System.Diagnostics.Metrics;
using Acme.App.Configuration;
using Serilog;
using Serilog.Core;

namespace Acme.App.Auditing;

/// <summary>Whether records can be written now, and if not, whether requests are refused; what is wrong, in a sentence; and how many were let go.</summary>
internal sealed record AuditStatus(bool Available, bool Refuses, string? Problem, long Lost);

/// <summary>
/// The audit log: a Serilog logger of its own, so that levels and filters of the application's logs do not touch it. Once
/// <see cref="WriteAsync"/> has returned, the record is down as safely as <see cref="AuditOptions.Durability"/> says.
/// </summary>
internal sealed partial class AuditLog(
    AuditOptions options, AuditWriter writer, AuditCheckpoints checkpoints, AuditSubject subject, IEnumerable<AuditForwarding> forwardings,
    IMeterFactory meters, TimeProvider time, ILogger<AuditLog> logger) : IHostedService, IAsyncDisposable, IDisposable
{
    private static readonly TimeSpan s_retryInterval = TimeSpan.FromSeconds(1);

    private readonly Logger _serilog = new LoggerConfiguration().MinimumLevel.Verbose()
        .AuditTo.Sink(options.Durability == Durability.Disk ? new GroupCommit(writer) : (ILogEventSink)writer).CreateLogger();

    private readonly Logger? _forwarding = AuditForwarding.CreateLogger(forwardings);
    private readonly Counter<long> _failures =
        meters.Create("Acme.App.Auditing").CreateCounter<long>("audit.failures", "{record}", "Records that could not be written.");

    private string? _problem;
    private long _lost;
    private long _failedAt;
    private int _disposed;

    /// <summary>Opens the log before anything else starts: a second process on the same log gets no further.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            writer.TakeLock();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Nothing can be written there now, which may pass, and which the check says as it does later on.
        }

        CheckStatus();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Whether records can be written; where they could not, it is tried again.</summary>
    public AuditStatus CheckStatus()
    {
        try
        {
            if (_problem is null || time.GetElapsedTime(_failedAt) >= s_retryInterval)
            {
                writer.Open();
                _problem = null;
            }
        }
        catch (Exception exception)
        {
            Fail(exception);
        }

        var problem = _problem;
        return new AuditStatus(problem is null, problem is not null && options.FailureMode == FailureMode.Closed, problem, Interlocked.Read(ref _lost));
    }

    /// <summary>Throws when nothing may happen now because it could not be audited.</summary>
    public void EnsureAvailable()
    {
        var isFine = _problem is null && writer.IsOpen;
        if (!isFine && options.FailureMode == FailureMode.Closed && CheckStatus() is { Problem: { } problem })
            throw new AuditUnavailableException(problem);
    }

    public ValueTask WriteAsync(AuditRecord record) => WriteAsync(record, options.FailureMode);

    private async ValueTask WriteAsync(AuditRecord record, FailureMode mode)
    {
        try
        {
            var entry = new AuditEntry(subject.Complete(record), keepLines: _forwarding is not null);
            var auditEvent = entry.ToEvent(time.GetUtcNow());
            _serilog.Write(auditEvent);
            await (entry.Down?.Task ?? Task.CompletedTask);
            _forwarding?.Write(auditEvent);
            _problem = null;
            checkpoints.Count();
        }
        catch (Exception exception)
        {
            Fail(exception);
            _failures.Add(1);
            Interlocked.Increment(ref _lost);
            writer.CountLost();
            if (mode == FailureMode.Closed)
                throw new AuditUnavailableException(Describe(exception));
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
            return;

        if (writer.HasStarted && _problem is null)
            await WriteAsync(new AuditRecord(AuditActions.AuditStopped), FailureMode.Open);
        await checkpoints.FinishAsync();
        await _serilog.DisposeAsync();
        await (_forwarding?.DisposeAsync() ?? default);
    }

    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private void Fail(Exception exception)
    {
        _problem = Describe(exception);
        _failedAt = time.GetTimestamp();
        LogUnavailable(_problem, options.FailureMode);
    }

    private static string Describe(Exception exception) => exception switch
    {
        AggregateException { InnerException: { } inner } => Describe(inner),
        ConfigurationException { Problems: [var problem, ..] } => $"{problem.Problem} {problem.Remedy}",
        _ => exception.Message,
    };

    [LoggerMessage(5003, LogLevel.Critical, "The audit log cannot be written: {Problem} Audit:FailureMode is {Mode}.")]
    private partial void LogUnavailable(string problem, FailureMode mode);
}

/// <summary>The audit log cannot be written, and <c>Audit:FailureMode</c> says that nothing happens without a record.</summary>
internal sealed class AuditUnavailableException(string problem) : Exception($"The request was refused because it could not be audited. {problem}");
