using System.Runtime.InteropServices;

namespace Acme.App.Operations;

internal static class StopSignal
{
    /// <summary>Has a signal stop what is under way; a second one ends the program at once, as without a word of ours.</summary>
    public static void Stop(this PosixSignalContext signal, CancellationTokenSource stop)
    {
        try
        {
            signal.Cancel = !stop.IsCancellationRequested;
            stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It comes on a thread of its own, and what it would have stopped has just ended.
        }
    }
}
