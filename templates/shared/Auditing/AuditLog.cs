using System.Diagnostics.Metrics;
using System.Text;
using Acme.App.Configuration;
using Serilog;
using Serilog.Core;

namespace Acme.App.Auditing;

/// <summary>
/// The audit log: a Serilog logger of its own, so that levels and filters of the application's logs do not touch it. Once
/// <see cref="WriteAsync"/> has returned, the record is down as safely as <see cref="AuditOptions.Durability"/> says.
/// </summary>
internal sealed partial class AuditLog : IAsyncDisposable, IDisposable
{
    public const string MeterName = "Audit";

    private static readonly TimeSpan s_retryInterval = TimeSpan.FromSeconds(1);

    private readonly AuditOptions _options;
    private readonly AuditWriter _writer;
    private readonly AuditCheckpoints _checkpoints;
    private readonly ICallerAccessor _callers;
    private readonly TimeProvider _time;
    private readonly ILogger<AuditLog> _log;
    private readonly Logger _serilog;
    private readonly GroupCommit _commit;
    private readonly Counter<long> _failures;
    private readonly bool _forwards;
    private string? _problem;
    private long _lost;
    private long _failedAt;
    private int _disposed;

    public AuditLog(
        AuditOptions options, AuditWriter writer, AuditCheckpoints checkpoints, ICallerAccessor callers, IEnumerable<AuditForwarding> forwardings,
        IMeterFactory meters, TimeProvider time, ILogger<AuditLog> log)
    {
        (_options, _writer, _checkpoints, _callers, _time, _log) = (options, writer, checkpoints, callers, time, log);
        _failures = meters.Create(MeterName).CreateCounter<long>("audit.failures", "{record}", "Records that could not be written.");
        _commit = new GroupCommit(() => writer.Flush());
        var configuration = new LoggerConfiguration().MinimumLevel.Verbose().AuditTo.Sink(writer);
        foreach (var forwarding in forwardings)
        {
            forwarding.Configure(configuration.WriteTo);
            _forwards = true;
        }

        _serilog = configuration.CreateLogger();
    }

    /// <summary>Whether records can be written; where they could not, it is tried again.</summary>
    public AuditStatus CheckStatus()
    {
        if (_problem is null || _time.GetElapsedTime(_failedAt) >= s_retryInterval)
            Try(_writer.Open);
        return new AuditStatus(_problem is null, _problem, Interlocked.Read(ref _lost));
    }

    /// <summary>Throws when nothing may happen now because it could not be audited.</summary>
    public void EnsureAvailable()
    {
        if (_options.OnFailure == AuditFailureMode.FailClosed && CheckStatus() is { Problem: { } problem })
            throw new AuditUnavailableException(problem);
    }

    public async ValueTask WriteAsync(AuditRecord record)
    {
        var entry = new AuditEntry(record, record.Caller ?? _callers.Current) { Written = _forwards ? new StringBuilder() : null };
        var written = Try(() => _serilog.Write(entry.ToEvent(_time.GetUtcNow())));
        if (written && _options.Durability == AuditDurability.Disk)
            written = await TryAsync(_commit.JoinAsync());
        if (written)
            _checkpoints.Count();
        else
            Lose();
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
            return;

        if (_writer.IsOpen && Try(() => _writer.Append(new AuditEntry(new AuditRecord(AuditActions.AuditStopped), new Caller(null, null, null)))))
            _checkpoints.Count();
        await _checkpoints.DisposeAsync();
        await _serilog.DisposeAsync();
    }

    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private bool Try(Action action)
    {
        try
        {
            action();
            _problem = null;
            return true;
        }
        catch (Exception exception)
        {
            Fail(exception);
            return false;
        }
    }

    private async Task<bool> TryAsync(Task commit)
    {
        try
        {
            await commit;
            return true;
        }
        catch (Exception exception)
        {
            Fail(exception);
            return false;
        }
    }

    private void Fail(Exception exception)
    {
        _problem = Describe(exception);
        _failedAt = _time.GetTimestamp();
        LogUnavailable(_log, _problem, _options.OnFailure);
    }

    private void Lose()
    {
        _failures.Add(1);
        if (_options.OnFailure == AuditFailureMode.FailClosed)
            throw new AuditUnavailableException(_problem ?? "The log was unavailable for a moment.");

        Interlocked.Increment(ref _lost);
        Interlocked.Increment(ref _writer.Lost);
    }

    private static string Describe(Exception exception) => exception switch
    {
        AggregateException { InnerException: { } inner } => Describe(inner),
        ConfigurationException { Problems: [var problem, ..] } => $"{problem.Problem} {problem.Remedy}",
        _ => exception.Message,
    };

    [LoggerMessage(EventId = 5003, Level = LogLevel.Critical, Message = "The audit log cannot be written: {Problem} Requests follow {Mode}.")]
    private static partial void LogUnavailable(Microsoft.Extensions.Logging.ILogger logger, string problem, AuditFailureMode mode);
}
