using System.Diagnostics.Metrics;
using Microsoft.Extensions.AI;

namespace Acme.App.Guards;

/// <summary>
/// Tells the rooms above what the guards found in a chat that was answered: a response, or a stream's update, carries the kinds under
/// <see cref="Property"/>. It counts them as well.
/// </summary>
internal static class GuardKinds
{
    public const string Property = "guards.kinds";

    private static readonly Meter s_meter = new("Acme.App.Guards");
    private static readonly Counter<long> s_found = s_meter.CreateCounter<long>("guards.found", description: "Kinds of sensitive data that guards found.");
    private static readonly Counter<long> s_failed = s_meter.CreateCounter<long>("guards.failed", description: "Guards that gave no answer.");

    public static void CountFound(string kind) => s_found.Add(1, new KeyValuePair<string, object?>("kind", kind));

    public static void CountFailed(string guard) => s_failed.Add(1, new KeyValuePair<string, object?>("guard", guard));

    public static IReadOnlyCollection<string> Of(AdditionalPropertiesDictionary? properties) =>
        properties?.TryGetValue(Property, out IReadOnlyCollection<string>? kinds) == true ? kinds! : [];

    /// <summary>Adds kinds to those that a guard further in has left.</summary>
    public static AdditionalPropertiesDictionary? Join(AdditionalPropertiesDictionary? properties, IReadOnlyCollection<string> kinds)
    {
        if (kinds.Count == 0)
            return properties;
        var joined = properties is null ? [] : new AdditionalPropertiesDictionary(properties);
        joined[Property] = (IReadOnlyCollection<string>)[.. Of(properties).Union(kinds)];
        return joined;
    }
}
