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
        await app.CheckConfigurationAsync(cancellationToken);
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or ConfigurationException))
        {
            throw new ConfigurationException([Explain(exception)]);
        }

        await app.WaitForShutdownAsync(cancellationToken);
    }

    // The exception itself is in the log, where the host has put it.
    private static ConfigurationProblem Explain(Exception exception) => exception.InnerException is AddressInUseException
        ? new("urls", Sources, "Another program listens at one of these addresses.", "Stop it, or choose other addresses.")
        : new(
            "urls", Sources, $"The server did not start, for the reason in the log ({exception.GetType().Name}).",
            "Correct the addresses or their certificates; 'dotnet dev-certs https' makes one for Development.");
}
