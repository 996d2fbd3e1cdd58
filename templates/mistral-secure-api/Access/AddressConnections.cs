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
internal sealed class AddressConnections(IOptions<AccessOptions> access, IOptions<ForwardedHeadersOptions> forwarded)
{
    private readonly ConcurrentDictionary<string, int> _open = new();

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
                connection.Abort();
        }
        finally
        {
            // Only an entry that is still at zero goes: another connection may have come meanwhile.
            if (_open.AddOrUpdate(network, 0, (_, open) => open - 1) <= 0)
                _open.TryRemove(new(network, 0));
        }
    }

    private bool IsProxy(IPAddress address)
    {
        var known = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return forwarded.Value.KnownProxies.Contains(known) || forwarded.Value.KnownIPNetworks.Any(network => network.Contains(known));
    }
}
