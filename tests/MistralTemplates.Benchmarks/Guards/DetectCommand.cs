using System.IO.Compression;
using System.Text.Json;
using Acme.App.Guards;

namespace MistralTemplates.Benchmarks.Guards;

/// <summary><c>detect FILE</c>: scores the detector on labelled texts, gitleaks' rule tests or presidio-research's spans.</summary>
internal static class DetectCommand
{
    public static readonly SensitiveDataOptions Everything = new()
    {
        Emails = new GuardModes(GuardMode.Mask, GuardMode.Mask),
        Phones = new GuardModes(GuardMode.Mask, GuardMode.Mask),
        IpAddresses = new GuardModes(GuardMode.Mask, GuardMode.Mask),
    };

    private static readonly Dictionary<string, SensitiveKind> Entities = new()
    {
        ["CREDIT_CARD"] = SensitiveKind.Card,
        ["IBAN_CODE"] = SensitiveKind.Iban,
        ["EMAIL_ADDRESS"] = SensitiveKind.Email,
        ["US_SSN"] = SensitiveKind.Ssn,
        ["PHONE_NUMBER"] = SensitiveKind.Phone,
        ["IP_ADDRESS"] = SensitiveKind.Ip,
    };

    public static int Run(string path, bool isVerbose)
    {
        using var document = Read(path);
        var detector = new SensitiveDataDetector(Everything, modes => modes.Output);
        if (document.RootElement[0].TryGetProperty("full_text", out _))
            ScoreSpans(document.RootElement, detector, isVerbose);
        else
            ScoreLabels(document.RootElement, detector, isVerbose);
        return 0;
    }

    public static List<string> ReadTexts(string path)
    {
        using var document = Read(path);
        return [.. document.RootElement.EnumerateArray().Select(item => (item.TryGetProperty("full_text", out var text) ? text : item.GetProperty("text")).GetString()!)];
    }

    private static JsonDocument Read(string path)
    {
        using var file = File.OpenRead(path);
        using Stream content = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file;
        return JsonDocument.Parse(content);
    }

    private static List<Finding> FindAll(SensitiveDataDetector detector, string text)
    {
        var (position, floor, findings) = (0, 0, new List<Finding>());
        text = AsciiForms.Read(text);
        while (detector.Next(text, isFinal: true, ref position, ref floor, out _) is { } finding)
            findings.Add(finding);
        return findings;
    }

    private static void ScoreLabels(JsonElement texts, SensitiveDataDetector detector, bool isVerbose)
    {
        var (positives, hits, negatives, alarms, own) = (0, 0, 0, 0, 0);
        var missed = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var item in texts.EnumerateArray())
        {
            var (rule, text) = (item.GetProperty("rule").GetString()!, item.GetProperty("text").GetString()!);
            var found = FindAll(detector, text).FirstOrDefault(finding => finding.Kind == SensitiveKind.Secret);
            var isFound = found != default;
            if (item.GetProperty("label").GetInt32() == 1)
            {
                positives++;
                hits += isFound ? 1 : 0;
                if (!isFound)
                    missed[rule] = missed.GetValueOrDefault(rule) + 1;
                if (!isFound && isVerbose)
                    Console.WriteLine($"missed {rule}: {JsonSerializer.Serialize(text[..Math.Min(text.Length, 160)])}");
            }
            else
            {
                negatives++;
                alarms += isFound ? 1 : 0;
                own += isFound && IsOfRule(text, found, rule) ? 1 : 0;
                if (isFound && isVerbose)
                    Console.WriteLine($"{(IsOfRule(text, found, rule) ? "own alarm" : "alarm")} {rule}: {text[found.Start..found.End]} in {JsonSerializer.Serialize(text[..Math.Min(text.Length, 160)])}");
            }
        }

        Console.WriteLine($"secrets  recall {(double)hits / positives:F4} ({hits} of {positives})");
        Console.WriteLine($"secrets  any secret found in a text that holds none of its rule's: {(double)alarms / negatives:F4} ({alarms} of {negatives})");
        Console.WriteLine($"secrets  of these, found by a shape of the rule's provider or, for a rule of names, by a name: {(double)own / negatives:F4} ({own})");
        Console.WriteLine($"missed   {string.Join(", ", missed.OrderByDescending(rule => rule.Value).Select(rule => $"{rule.Key} {rule.Value}"))}");
    }

    /// <summary>Whether the rule itself is to blame: a shape of its own name fits, or the rule goes by names and no shape fits.</summary>
    private static bool IsOfRule(string text, Finding finding, string rule)
    {
        string[] byName = ["generic-api-key", "curl-auth-header", "curl-auth-user", "nuget-config-password", "hashicorp-tf-password", "kubernetes-secret-yaml"];
        var window = new TextWindow(text, isFinal: true);
        var lines = KeyShape.ReadTable();

        // The longest name is the rule's own: an ordinary key of Anthropic's is no fault of the rule for its admin keys.
        var own = lines.Select(NameOf).Where(rule.Replace("-", "", StringComparison.Ordinal).StartsWith).MaxBy(name => name.Length);
        if (JsonWebToken.Find(ref window, finding.Start) is not null)
            return rule.StartsWith("jwt", StringComparison.Ordinal);
        foreach (var line in lines)
            foreach (var shape in KeyShape.Parse(line))
                if (shape.Match(ref window, finding.Start, isEscaped: false) is not null)
                    return NameOf(line) == own;
        return byName.Contains(rule);

        static string NameOf(string line) => line.Split(' ')[0];
    }

    private static void ScoreSpans(JsonElement texts, SensitiveDataDetector detector, bool isVerbose)
    {
        var counts = Enum.GetValues<SensitiveKind>().ToDictionary(kind => kind, _ => new int[3]);
        foreach (var item in texts.EnumerateArray())
        {
            var text = item.GetProperty("full_text").GetString()!;
            var findings = FindAll(detector, text);
            var spans = item.GetProperty("spans").EnumerateArray()
                .Where(span => Entities.ContainsKey(span.GetProperty("entity_type").GetString()!))
                .Select(span => (Kind: Entities[span.GetProperty("entity_type").GetString()!], Start: span.GetProperty("start_position").GetInt32(), End: span.GetProperty("end_position").GetInt32()))
                .ToList();
            foreach (var span in spans)
            {
                var isFound = findings.Any(finding => finding.Kind == span.Kind && finding.Start < span.End && finding.End > span.Start);
                counts[span.Kind][isFound ? 0 : 1]++;
                if (!isFound && isVerbose)
                    Console.WriteLine($"missed {span.Kind}: {JsonSerializer.Serialize(text[Math.Max(0, span.Start - 40)..Math.Min(text.Length, span.End + 10)])}");
            }

            foreach (var finding in findings.Where(finding => !spans.Any(span => span.Kind == finding.Kind && finding.Start < span.End && finding.End > span.Start)))
            {
                counts[finding.Kind][2]++;
                if (isVerbose)
                    Console.WriteLine($"alarm {finding.Kind}: {text[finding.Start..finding.End]} in {JsonSerializer.Serialize(text[Math.Max(0, finding.Start - 40)..Math.Min(text.Length, finding.End + 10)])}");
            }
        }

        foreach (var (kind, count) in counts)
            Console.WriteLine($"{kind,-7} recall {Share(count[0], count[1])} ({count[0]} of {count[0] + count[1]})  precision {Share(count[0], count[2])} ({count[2]} false)");
    }

    private static string Share(int part, int rest) => part + rest == 0 ? "-" : $"{(double)part / (part + rest):F4}";
}
