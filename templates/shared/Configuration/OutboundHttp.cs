using System.Net;

namespace Acme.App.Configuration;

/// <summary>How the program asks other machines: it follows no redirect, which would carry a key elsewhere, and tells nobody whose request it is.</summary>
internal static class OutboundHttp
{
    private static readonly TimeSpan s_connectionLife = TimeSpan.FromMinutes(5);

    public static SocketsHttpHandler CreateHandler() => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        ActivityHeadersPropagator = null,
        // A name may come to stand for another address.
        PooledConnectionLifetime = s_connectionLife,
        Proxy = new ProxyToOthers(),
    };

    /// <summary>The machine's own proxy, which .NET asks for loopback as well: what may go over http has to stay on this machine.</summary>
    private sealed class ProxyToOthers : IWebProxy
    {
        public ICredentials? Credentials
        {
            get => HttpClient.DefaultProxy.Credentials;
            set => HttpClient.DefaultProxy.Credentials = value;
        }

        public Uri? GetProxy(Uri destination) => IsBypassed(destination) ? null : HttpClient.DefaultProxy.GetProxy(destination);

        public bool IsBypassed(Uri host) => host.IsLoopback || HttpClient.DefaultProxy.IsBypassed(host);
    }
}
