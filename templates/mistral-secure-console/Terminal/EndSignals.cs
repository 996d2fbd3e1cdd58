using System.Runtime.InteropServices;

namespace Acme.App.Terminal;

/// <summary>
/// A terminal that is closed tells the program twice: the system and the shell send a signal each. The second must not cut off what the first
/// began to end.
/// </summary>
internal static class EndSignals
{
    private static readonly Lazy<PosixSignalRegistration[]> s_ignored = new(
        () => [PosixSignalRegistration.Create(PosixSignal.SIGTERM, Ignore), PosixSignalRegistration.Create(PosixSignal.SIGHUP, Ignore)]);

    /// <summary>Takes this signal, and those that follow it until the program has ended, for no end of its own. On Windows it does not return.</summary>
    public static void Take(PosixSignalContext signal)
    {
        signal.Cancel = true;
        _ = s_ignored.Value;
        // Windows ends the program when this returns, whatever was asked, and else gives it a few seconds.
        if (OperatingSystem.IsWindows())
            Thread.Sleep(Timeout.Infinite);
    }

    private static void Ignore(PosixSignalContext signal) => signal.Cancel = true;
}
