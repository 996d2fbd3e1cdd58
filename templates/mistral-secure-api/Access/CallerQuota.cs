using System.Net;
using System.Net.Sockets;
using System.Security.Claims;
using Microsoft.Extensions.Options;

namespace Acme.App.Access;

/// <summary>Whose account a request goes to, and what that caller may take.</summary>
/// <param name="Key">The caller: by issuer and subject, or by the network of its address where no token names one.</param>
internal sealed record CallerQuota(string Key, CallerLimits Limits)
{
    public static CallerQuota Of(HttpContext context)
    {
        var options = context.RequestServices.GetRequiredService<IOptions<AccessOptions>>().Value;
        if (context.User.FindFirst(HttpCallerAccessor.SubjectClaim) is not { } subject)
            return new CallerQuota($"address {NetworkOf(context)}", options.Limits);

        return new CallerQuota($"{subject.Issuer} {subject.Value}", LimitsOf(context.User, subject.Value, options));
    }

    /// <summary>Whoever has one IPv6 address has the other 2^64 of its network, too.</summary>
    public static string NetworkOf(HttpContext context) => NetworkOf(context.Connection.RemoteIpAddress);

    public static string NetworkOf(IPAddress? address) => address is { AddressFamily: AddressFamily.InterNetworkV6, IsIPv4MappedToIPv6: false }
        ? Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8))
        : address?.MapToIPv4().ToString() ?? "";

    private static CallerLimits LimitsOf(ClaimsPrincipal user, string subject, AccessOptions options)
    {
        if (options.Callers.TryGetValue(subject, out var own))
            return own.Over(options.Limits);
        // A list of roles or groups is a claim for each.
        var name = user.FindAll(options.ClassClaim).Select(claim => claim.Value).FirstOrDefault(options.Classes.ContainsKey);
        return name is null ? options.Limits : options.Classes[name].Over(options.Limits);
    }
}
