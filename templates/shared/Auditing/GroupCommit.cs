namespace Acme.App.Auditing;

/// <summary>Lets many callers share one flush: whoever joins while one is under way is covered by the next.</summary>
internal sealed class GroupCommit(Action flush)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource? _waiting;
    private bool _flushing;

    /// <summary>Completes once a flush that began after this call has ended.</summary>
    public Task JoinAsync()
    {
        lock (_gate)
        {
            _waiting ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (!_flushing)
            {
                _flushing = true;
                ThreadPool.UnsafeQueueUserWorkItem(static commit => commit.FlushAll(), this, preferLocal: false);
            }

            return _waiting.Task;
        }
    }

    private void FlushAll()
    {
        while (TakeWaiting() is { } batch)
        {
            try
            {
                flush();
                batch.SetResult();
            }
            catch (Exception exception)
            {
                batch.SetException(exception);
            }
        }
    }

    private TaskCompletionSource? TakeWaiting()
    {
        lock (_gate)
        {
            var batch = _waiting;
            _waiting = null;
            _flushing = batch is not null;
            return batch;
        }
    }
}
