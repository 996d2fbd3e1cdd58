using System.Threading.Channels;
using Serilog.Core;
using Serilog.Events;

namespace Acme.App.Auditing;

/// <summary>Lets many records share one flush: those that come while one is under way are written together by the next.</summary>
internal sealed class GroupCommit : ILogEventSink
{
    private const int MaxRecords = 1024;

    private readonly Channel<AuditEntry> _waiting = Channel.CreateUnbounded<AuditEntry>(new UnboundedChannelOptions { SingleReader = true });

    public GroupCommit(AuditWriter writer) => _ = Task.Run(async () =>
    {
        while (await _waiting.Reader.WaitToReadAsync())
            Commit(writer);
    });

    public void Emit(LogEvent logEvent)
    {
        var entry = AuditEntry.From(logEvent);
        entry.Down = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting.Writer.TryWrite(entry);
    }

    private void Commit(AuditWriter writer)
    {
        var batch = new List<AuditEntry>();
        while (batch.Count < MaxRecords && _waiting.Reader.TryRead(out var entry))
            batch.Add(entry);
        try
        {
            writer.WriteDurably(batch);
            batch.ForEach(entry => entry.Down!.SetResult());
        }
        catch (Exception exception)
        {
            batch.ForEach(entry => entry.Down!.SetException(exception));
        }
    }
}
