using Acme.App.Configuration;
using Microsoft.AspNetCore.Connections;

namespace Acme.App.Access;

/// <summary>Runs the server. An address at which it cannot listen is a wrong configuration like any other, and told like one.</summary>
internal static class ServerStart
{
    private const string Sources = "ASPNETCORE_URLS, --urls or Kestrel:Endpoints";

    /// <exception cref="ConfigurationException">Something is wrong with the configuration, or the server cannot listen.</exception>
    public static async Task RunServerAsync(this WebApplication app, CancellationToken cancellationToken)
    {
        try
        {
            await app.RunCheckedAsync(cancellationToken);
        }
        catch (Exception exception) when (IsOfServer(exception))
        {
            throw new ConfigurationException([Explain(exception)]);
        }
    }

    // Kestrel throws what it likes, from a format to a file; what another service throws at the start is no matter of addresses.
    private static bool IsOfServer(Exception exception) =>
        exception is not OperationCanceledException
        && exception.StackTrace?.Contains("Microsoft.AspNetCore.Hosting.GenericWebHostService.StartAsync", StringComparison.Ordinal) is true;

    // The exception itself is in the log, where the host has put it.
    private static ConfigurationProblem Explain(Exception exception) => exception.InnerException is AddressInUseException
        ? new("urls", Sources, "Another program listens at one of these addresses.", "Stop it, or choose other addresses.")
        : new(
            "urls", Sources, $"The server did not start, for the reason in the log ({exception.GetType().Name}).",
            "Correct the addresses or their certificates; 'dotnet dev-certs https' makes one for Development.");
}
