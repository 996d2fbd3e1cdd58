using Acme.App.Auditing;

namespace MistralTemplates.Tests.Rooms.Auditing;

/// <summary>Damages a log in every way there is, and lists what the verifier did not notice.</summary>
internal static class AuditMutations
{
    private static readonly string[] s_kinds = ["edit a byte", "drop a byte", "insert a byte", "drop a line", "insert a line", "swap lines", "repeat a line", "truncate", "cut whole lines off the end", "replace a value"];

    public static List<string> Run(SampleLog log, int count, int seed)
    {
        var random = new Random(seed);
        var original = File.ReadAllBytes(log.Files.Current);
        var missed = new List<string>();
        for (var number = 0; number < count; number++)
        {
            var kind = random.Next(s_kinds.Length);
            var mutated = Mutate(original, kind, random);
            if (mutated.AsSpan().SequenceEqual(original))
                continue;

            File.WriteAllBytes(log.Files.Current, mutated);
            if (log.Verify().Problem is null)
                missed.Add($"{number}: {s_kinds[kind]}");
        }

        File.WriteAllBytes(log.Files.Current, original);
        return missed;
    }

    private static byte[] Mutate(byte[] original, int kind, Random random)
    {
        var at = random.Next(original.Length);
        if (kind == 0)
        {
            var edited = (byte[])original.Clone();
            edited[at] ^= (byte)random.Next(1, 256);
            return edited;
        }

        if (kind is 1 or 2 or 7)
            return kind switch
            {
                1 => [.. original[..at], .. original[(at + 1)..]],
                2 => [.. original[..at], (byte)random.Next(256), .. original[at..]],
                _ => original[..at],
            };

        var lines = System.Text.Encoding.Latin1.GetString(original).TrimEnd('\n').Split('\n').ToList();
        var (one, other) = (random.Next(lines.Count), random.Next(lines.Count));
        switch (kind)
        {
            case 3: lines.RemoveAt(one); break;
            case 4: lines.Insert(one, lines[other].Replace("alice", "mallory", StringComparison.Ordinal)); break;
            case 5: (lines[one], lines[other]) = (lines[other], lines[one]); break;
            case 6: lines.Insert(one, lines[one]); break;
            case 8: lines.RemoveRange(one, lines.Count - one); break;
            default: lines[one] = lines[one].Replace("true", "false", StringComparison.Ordinal); break;
        }

        return System.Text.Encoding.Latin1.GetBytes(string.Concat(lines.Select(line => line + "\n")));
    }
}
