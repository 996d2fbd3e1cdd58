using System.Diagnostics.Metrics;

namespace Acme.App.Guards;

/// <summary>
/// Tells the rooms above what the guards found, however the chat ends: whoever called them may have left, and Mistral may have failed,
/// before there is an answer that could carry it. It counts what was found as well.
/// </summary>
internal static class GuardKinds
{
    private static readonly AsyncLocal<HashSet<string>?> s_told = new();
    private static readonly Meter s_meter = new("Acme.App.Guards");
    private static readonly Counter<long> s_found = s_meter.CreateCounter<long>("guards.found", description: "Kinds of sensitive data that guards found.");
    private static readonly Counter<long> s_failed = s_meter.CreateCounter<long>("guards.failed", description: "Guards that gave no answer.");

    /// <summary>Has the guards in what is called from here on tell what they found.</summary>
    public static void GatherInto(HashSet<string> kinds) => s_told.Value = kinds;

    public static void Tell(string kind) => s_told.Value?.Add(kind);

    public static void CountFound(string kind) => s_found.Add(1, new KeyValuePair<string, object?>("kind", kind));

    public static void CountFailed(string guard) => s_failed.Add(1, new KeyValuePair<string, object?>("guard", guard));
}
