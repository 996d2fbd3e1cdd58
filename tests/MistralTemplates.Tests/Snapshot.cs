using MistralTemplates.Harness;

namespace MistralTemplates.Tests;

/// <summary>
/// Compares a text with the approved one in Snapshots/. What came out instead is written beside it as NAME.received.txt;
/// whoever agrees with the difference runs the tests once more with MISTRAL_TEMPLATES_APPROVE=1, which writes the approved file.
/// </summary>
internal static class Snapshot
{
    private const string ApproveVariable = "MISTRAL_TEMPLATES_APPROVE";

    private static readonly string s_folder = Path.Combine(TemplatePack.RepositoryRoot, "tests", "MistralTemplates.Tests", "Snapshots");

    public static void Match(string name, string text)
    {
        var approved = Path.Combine(s_folder, name + ".approved.txt");
        var received = Path.Combine(s_folder, name + ".received.txt");
        var expected = File.Exists(approved) ? File.ReadAllText(approved).ReplaceLineEndings("\n") : "";
        var isApproving = Environment.GetEnvironmentVariable(ApproveVariable) == "1";
        if (expected == text || isApproving)
        {
            if (expected != text)
                File.WriteAllText(approved, text);
            File.Delete(received);
            return;
        }

        File.WriteAllText(received, text);
        Assert.Fail($"'{name}' is not as approved. Compare {Path.GetFileName(received)} with {Path.GetFileName(approved)}; "
            + $"when the difference is meant, run the test again with {ApproveVariable}=1.\n{Difference(expected, text)}");
    }

    private static string Difference(string expected, string text)
    {
        var before = expected.Split('\n');
        var after = text.Split('\n');
        return string.Join('\n', before.Except(after).Select(line => "- " + line).Concat(after.Except(before).Select(line => "+ " + line)).Take(40));
    }
}
