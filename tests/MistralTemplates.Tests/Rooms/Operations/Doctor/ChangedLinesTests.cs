using System.Text;
using Acme.App.Guards;
using Acme.App.Operations.Doctor;
using CsCheck;

namespace MistralTemplates.Tests.Rooms.Operations.Doctor;

public sealed class ChangedLinesTests
{
    private const int Versions = 12;

    [Fact]
    public void Find_VersionsThatDifferAnywhere_MissesNothingThatSearchingEachWholeFinds() => Gen.Int.Sample(
        seed =>
        {
            var random = new Random(seed);
            var quick = SecretFinder.For(new SensitiveDataOptions(), []);
            var thorough = SecretFinder.For(new SensitiveDataOptions(), []);
            var (found, expected, isRight) = (new HashSet<string>(), new HashSet<string>(), true);
            var text = new StringBuilder(string.Concat(Enumerable.Range(0, random.Next(400)).Select(_ => Piece(random))));
            for (var version = 0; version < Versions; version++)
            {
                Change(text, random);
                var some = Find(quick, text.ToString(), []);
                var all = Find(thorough, text.ToString(), [], path: null);
                found.UnionWith(some.Keys);
                expected.UnionWith(all.Keys);
                // A line next to a changed one is read without its own neighbours, so that the secret in it may have another beginning or end.
                isRight &= expected.IsSubsetOf(found)
                    && some.Values.Where(one => !expected.Contains(one.Fingerprint)).All(one => all.Values.Any(other => other.Line == one.Line));
            }

            return isRight;
        },
        iter: 300,
        threads: 1);

    [Fact]
    public void Find_TwoLinesOfManyChange_GivesTheseAlone()
    {
        var lines = Enumerable.Range(0, 4000).Select(line => $"a line with number {line}, which is long enough to be told from the others around it\n").ToArray();
        var before = Encoding.Latin1.GetBytes(string.Concat(lines));
        lines[1000] = "";
        lines[2000] = "another\nand one more\n";
        var text = Encoding.Latin1.GetBytes(string.Concat(lines));
        var changed = new List<Range>();

        ChangedLines.Find(before, text, changed);

        Assert.Equal(2, changed.Count);
        var parts = changed.Select(part => Encoding.Latin1.GetString(text[part])).ToList();
        Assert.All(parts, part => Assert.InRange(part.Count(character => character == '\n'), 2, 7));
        Assert.Contains("number 999,", parts[0], StringComparison.Ordinal);
        Assert.Contains("number 1001,", parts[0], StringComparison.Ordinal);
        Assert.Contains("another\nand one more\n", parts[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Find_NothingChanged_GivesNothing()
    {
        var changed = new List<Range> { .. };

        ChangedLines.Find("one\ntwo\n"u8, "one\ntwo\n"u8, changed);

        Assert.Empty(changed);
    }

    [Fact]
    public void Find_SameTextUnderTwoPaths_IsFoundUnderBoth()
    {
        var finder = SecretFinder.For(new SensitiveDataOptions(), []);
        var text = $"MISTRAL_API_KEY={GitFolder.NewKey()}\n";

        Assert.Single(Find(finder, text, [], "a.txt"));
        Assert.Single(Find(finder, text, [], "b.txt"));
    }

    private static void Change(StringBuilder text, Random random)
    {
        for (var changes = random.Next(1, 4); changes > 0; changes--)
        {
            var at = random.Next(text.Length + 1);
            text.Remove(at, Math.Min(random.Next(120), text.Length - at));
            text.Insert(at, string.Concat(Enumerable.Range(0, random.Next(3)).Select(_ => Piece(random))));
        }
    }

    private static string Piece(Random random) => random.Next(14) switch
    {
        0 => $"MISTRAL_API_KEY={Key(random, 32)}\n",
        1 => $"\"password\": \"{Key(random, random.Next(4, 40))}\",\n",
        2 => string.Concat("gh", "p_", Key(random, 36), " "),
        3 => $"-----BEGIN {(random.Next(2) == 0 ? "RSA " : "")}PRIVATE KEY-----\n{string.Join('\n', Enumerable.Range(0, random.Next(1, 50)).Select(_ => Key(random, 64)))}\n-----END",
        4 => $"postgres://user:{Key(random, 12)}@host/db\n",
        5 => new string(' ', random.Next(30)),
        8 => $"<password>{string.Concat(Enumerable.Repeat("\n", random.Next(5)))}  ",
        9 => $"{Key(random, 24)}</password>\n",
        6 => "\n",
        _ => $"a line of {random.Next(1000)} words, {Key(random, 5)} and more of it stands here = value;\n",
    };

    private static string Key(Random random, int length) => new(random.GetItems("abcdefghkmnpqrstuvwxyzABCDEFGHKLMNPQRSTUVWXYZ23456789".AsSpan(), length));

    private static Dictionary<string, FoundSecret> Find(SecretFinder finder, string text, Dictionary<string, FoundSecret> found, string? path = "notes.txt")
    {
        using var stream = new MemoryStream(Encoding.Latin1.GetBytes(text));
        finder.Find(stream, stream.Length, found, path);
        return found;
    }
}
