using System.Diagnostics.Metrics;

namespace Acme.App.Jobs;

/// <summary>What a dashboard shows of the jobs: how attempts end, how long they take, and how many jobs are where.</summary>
internal sealed class JobMetrics
{
    public const string MeterName = "Acme.App.Jobs";

    private readonly Counter<long> _attempts;
    private readonly Histogram<double> _duration;
    private readonly UpDownCounter<long> _working;
    private readonly Gauge<long> _waiting;
    private long _done, _failed, _returned;

    public JobMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _attempts = meter.CreateCounter<long>("jobs.attempts", "{attempt}", "Attempts, by outcome: done, failed, or returned to be tried again.");
        _duration = meter.CreateHistogram<double>("jobs.duration", "s", "How long an attempt took.");
        _working = meter.CreateUpDownCounter<long>("jobs.working", "{job}", "Jobs that this worker is at.");
        _waiting = meter.CreateGauge<long>("jobs.waiting", "{job}", "Jobs in the queue that nobody has, as last counted.");
    }

    public (long Done, long Failed, long Returned) Totals => (Interlocked.Read(ref _done), Interlocked.Read(ref _failed), Interlocked.Read(ref _returned));

    public void Begun() => _working.Add(1);

    public void Done(TimeSpan duration) => Ended("done", ref _done, duration);

    public void Failed(TimeSpan duration) => Ended("failed", ref _failed, duration);

    public void Returned(TimeSpan duration) => Ended("returned", ref _returned, duration);

    public void Counted(JobCounts counts) => _waiting.Record(counts.Waiting + counts.Delayed);

    private void Ended(string outcome, ref long total, TimeSpan duration)
    {
        Interlocked.Increment(ref total);
        var tag = new KeyValuePair<string, object?>("outcome", outcome);
        _working.Add(-1);
        _attempts.Add(1, tag);
        _duration.Record(duration.TotalSeconds, tag);
    }
}
