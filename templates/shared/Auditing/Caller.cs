using System.Diagnostics;
using System.Net;
using Acme.App.Configuration;
using Microsoft.Extensions.Options;

namespace Acme.App.Auditing;

/// <summary>On whose behalf the program is working.</summary>
/// <param name="UserId">Who asks: the token's subject, the operating system's user, or the job's user.</param>
/// <param name="IpAddress">Where the request came from, for a server.</param>
/// <param name="RequestId">What the kind calls this piece of work: a request's or a job's id.</param>
/// <param name="IsOutOfTime">Whether what this piece of work may take is over, so that it was not the caller who ended it.</param>
internal sealed record Caller(string? UserId, string? IpAddress, string? RequestId, bool IsOutOfTime = false);

/// <summary>Tells the audit who is being served now. Each kind of program has its own way to know.</summary>
internal interface ICallerAccessor
{
    Caller Current { get; }
}

/// <summary>Fills in who is served and where, as far as the privacy settings allow it, and cuts what is too long to be meant.</summary>
internal sealed class AuditSubject(
    AuditOptions options, IOptions<PolicyOptions> policy, AuditKeys keys, ICallerAccessor callers, IHostEnvironment environment)
{
    private const int MaxText = 256;
    private const string NotAllowed = "(not allowed)";

    public AuditRecord Complete(AuditRecord record)
    {
        var caller = callers.Current;
        var user = record.UserId ?? caller.UserId;
        return record with
        {
            UserId = Cut(options.PseudonymiseUsers && user is not null ? keys.Current.Pseudonym(user) : user),
            IpAddress = options.ShortenIpAddresses ? Shorten(record.IpAddress ?? caller.IpAddress) : Cut(record.IpAddress ?? caller.IpAddress),
            RequestId = Cut(record.RequestId ?? caller.RequestId),
            TraceId = Activity.Current?.TraceId.ToString(),
            Environment = environment.EnvironmentName,
            // Whatever else a caller writes there, a piece of a prompt or a key, could not be taken out of the log again.
            ModelAsked = record.ModelAsked is { } model && !policy.Value.AllowedModels.Contains(model) ? NotAllowed : record.ModelAsked,
            ModelAnswered = Cut(record.ModelAnswered),
            Detail = Cut(record.Detail),
        };
    }

    internal static string? Shorten(string? address)
    {
        if (!IPAddress.TryParse(address, out var parsed))
            return null;

        var bytes = (parsed.IsIPv4MappedToIPv6 ? parsed.MapToIPv4() : parsed).GetAddressBytes();
        bytes.AsSpan(bytes.Length == 4 ? 3 : 6).Clear();
        return new IPAddress(bytes).ToString();
    }

    private static string? Cut(string? text) => text?.Length > MaxText ? text[..MaxText] : text;
}
