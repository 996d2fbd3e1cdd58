using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace Acme.App.Access;

/// <summary>
/// Closes a connection at once when its address has its share already: whoever opens them and says nothing could otherwise hold all
/// that there may be. The proxies whose headers are believed bring everybody's, and have no share.
/// </summary>
internal sealed partial class AddressConnections(
    IOptions<AccessOptions> access, IOptions<ForwardedHeadersOptions> forwarded, TimeProvider time, ILogger<AddressConnections> logger)
{
    private static readonly TimeSpan s_silence = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<string, int> _open = new();
    private long _told;

    public async Task InvokeAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        if (connection.RemoteEndPoint is not IPEndPoint { Address: var address } || IsProxy(address))
        {
            await next(connection);
            return;
        }

        var network = CallerQuota.NetworkOf(address);
        try
        {
            if (_open.AddOrUpdate(network, 1, (_, open) => open + 1) <= access.Value.Connections.MaxByAddress)
                await next(connection);
            else
                Close(connection);
        }
        finally
        {
            // Only an entry that is still at zero goes: another connection may have come meanwhile.
            if (_open.AddOrUpdate(network, 0, (_, open) => open - 1) <= 0)
                _open.TryRemove(new(network, 0));
        }
    }

    private void Close(ConnectionContext connection)
    {
        connection.Abort();
        // Told once a minute: whoever floods the program must not fill its log.
        var told = Interlocked.Read(ref _told);
        if ((told == 0 || time.GetElapsedTime(told) >= s_silence) && Interlocked.CompareExchange(ref _told, time.GetTimestamp(), told) == told)
            LogClosed(access.Value.Connections.MaxByAddress);
    }

    private bool IsProxy(IPAddress address) => IsKnown(address) || (address.IsIPv4MappedToIPv6 && IsKnown(address.MapToIPv4()));

    private bool IsKnown(IPAddress address) =>
        forwarded.Value.KnownProxies.Contains(address) || forwarded.Value.KnownIPNetworks.Any(network => network.Contains(address));

    [LoggerMessage(2102, LogLevel.Warning, "An address has {Most} connections, its share by Access:Connections:MaxByAddress, and further ones are closed. "
        + "A proxy has no share once Access:KnownProxies names it.")]
    private partial void LogClosed(int most);
}
