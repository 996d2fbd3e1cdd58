using Acme.App.Guards;
using CsCheck;

namespace MistralTemplates.Tests.Rooms.Guards;

public sealed class RedactionTests
{
    private const int Piece = 100;
    private static readonly SensitiveDataDetector Detector = Guarding.Everything();
    private static readonly string[] Fragments =
    [
        .. SensitiveSamples.Positives.Select(sample => sample.Text), .. SensitiveSamples.Negatives, " ", "\n", "- ", "=", ":", "@", "\"", "\\n", ".", "-----BEGIN ", "password", "eyJ", "1", " 4", "é", "🙂",
        "](", "![a", "https://e.example/?q=1", ")", "\u001b[31m", "\u200b", "]:", "[a]: //e.example/", "<", ">", " src = ", " srcset='/a 1x, ", "'", ":url(", "&colon;", "\\", "`", "![", "\n- ", " srcdoc=\"", "image-set(", "@import \"", "<meta content=\"0; ", "\\75rl(", "   ", "你好", "１２", "＠", "＝", "\u3000", "٤١١١", "张三@例子.公司", "ễ",
        "<link ", "href=", "--", "value: ", "name: ", "\\\"", "\t", "*", "\ufe0f", "\\u0022", "\\u002B", "=@\"", "f(\"", "\u2011", "\\_", ";url=", "-----END PRIVATE KEY-----", "\"\"\"",
        "new(", "new Token(", "Mistral(", "password is ", "passe : ", " set ", "setx ", "ENV ", " ?? \"", "{ get; set; } = \"", "(\"Bearer\", \"", "\r\n", "API key", "a1", "\"e1\"", "+49", "==", "//", "PWD=/", "<pwd.h>",
    ];

    public static TheoryData<int> Positives => [.. Enumerable.Range(0, SensitiveSamples.Positives.Count)];

    public static TheoryData<int> NearMatchIndexes => [.. Enumerable.Range(0, NearMatches.All.Length)];

    public static TheoryData<string> Negatives => [.. SensitiveSamples.Negatives];

    [Theory, MemberData(nameof(Positives))]
    public void Redact_SensitiveText_LeavesTheMaskAlone(int index)
    {
        var (text, mask) = SensitiveSamples.Positives[index];

        var redacted = Redact(text);

        Assert.Contains(mask, redacted, StringComparison.Ordinal);
        Assert.Equal(redacted, Redact(redacted));
    }

    [Theory, MemberData(nameof(Negatives))]
    public void Redact_HarmlessText_GivesTheSameInstance(string text) => Assert.Same(text, Redact(text));

    [Theory, MemberData(nameof(Positives))]
    public void Push_EveryTwoWaySplit_EqualsTheWhole(int index)
    {
        var text = SensitiveSamples.Positives[index].Text;
        var whole = Redact(text);
        for (var cut = 0; cut <= text.Length; cut++)
            Assert.Equal(whole, Stream([text[..cut], text[cut..]]));
    }

    /// <summary>The value is come upon by a digit within it: the search must not begin again before that digit.</summary>
    [Theory]
    [InlineData("x = new ApiKeyCredential(\"test1\");")]
    [InlineData("ApiKey key = new(\"test1\");")]
    [InlineData("throw new InvalidTokenError('e1')")]
    [InlineData("my password is 'a b1'")]
    [InlineData("setx PASSWORD ${A}1")]
    public async Task Redact_ArgumentThatIsNoSecret_Ends(string text)
    {
        var redacting = Task.Run(() => RedactionFilter.Redact(Guarding.Everything(), text, new HashSet<SensitiveKind>()), TestContext.Current.CancellationToken);

        Assert.Equal(text, await redacting.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Push_RandomSplits_EqualTheWhole() =>
        Gen.Select(Gen.OneOf([.. Fragments.Select(Gen.Const)]).Array[1, 8], Gen.Int[1, 12].Array[1, 30]).Sample(
            (fragments, sizes) =>
            {
                var text = string.Concat(fragments);
                return Stream(Cut(text, sizes)) == Redact(text);
            },
            iter: 1_000);

    [Fact]
    public void Push_RandomSplitsThroughEveryFilter_EqualTheWhole()
    {
        var guard = Guarding.Output();
        Gen.Select(Gen.OneOf([.. Fragments.Select(Gen.Const)]).Array[1, 8], Gen.Int[1, 12].Array[1, 30]).Sample(
            (fragments, sizes) =>
            {
                var text = string.Concat(fragments);
                var filter = guard.Start(new HashSet<SensitiveKind>());
                var streamed = string.Concat(Cut(text, sizes).Select(piece => filter(piece, false))) + filter("", true);
                return streamed == guard.Apply(text, new HashSet<SensitiveKind>());
            },
            iter: 1_000);
    }

    [Fact]
    public void Push_CleanProse_HoldsBackAWordAtMost()
    {
        const string prose = "Now and then a key is lost, and nobody minds: there are others. In 1984 it was so too, they say.";
        var filter = new RedactionFilter(Detector, new HashSet<SensitiveKind>());
        var given = 0;
        for (var index = 0; index < prose.Length; index++)
        {
            given += filter.Push(prose[index..(index + 1)], isFinal: false).Length;
            Assert.InRange(index + 1 - given, 0, "nobody minds:".Length);
        }
    }

    /// <summary>
    /// The time grows with the length alone, shown without a clock: no look from a place reaches further than what is still open there, so
    /// that bound and the number of characters that are offered to the search bound the work.
    /// </summary>
    [Theory, MemberData(nameof(NearMatchIndexes))]
    public void Next_NearMatchRepeated_OffersTwiceTheTextAtTwiceTheLength(int index)
    {
        var detector = new SensitiveDataDetector(Guarding.MaskEverything(), modes => modes.Output, removesLinks: true);
        var nearMatch = NearMatches.All[index];

        var (half, open) = Offer(detector, string.Concat(Enumerable.Repeat(nearMatch, 60_000 / nearMatch.Length)));
        var (whole, openOfWhole) = Offer(detector, string.Concat(Enumerable.Repeat(nearMatch, 120_000 / nearMatch.Length)));

        Assert.InRange(whole, half, (long)(half * 2.4));
        Assert.InRange(openOfWhole, 0, nearMatch.Contains("KEY-----", StringComparison.Ordinal) ? 16_384 + Piece + TextWindow.Left : 2_048 + Piece);
        Assert.InRange(openOfWhole, open - Piece, open + Piece);
    }

    [Theory, MemberData(nameof(NearMatchIndexes))]
    public void Push_NearMatchRepeated_EqualsTheWhole(int index)
    {
        var text = string.Concat(Enumerable.Repeat(NearMatches.All[index], 6_000 / NearMatches.All[index].Length));
        var guard = Guarding.Output();
        var filter = guard.Start(new HashSet<SensitiveKind>());

        var streamed = string.Concat(Cut(text, [7, 1, 600, 3_000]).Select(piece => filter(piece, false))) + filter("", true);

        Assert.Equal(guard.Apply(text, new HashSet<SensitiveKind>()), streamed);
    }

    [Fact]
    public void Redact_AllowedValue_IsLeftAlone()
    {
        var detector = new SensitiveDataDetector(new SensitiveDataOptions { AllowedValues = [SensitiveSamples.Email] }, modes => modes.Output);
        var text = $"Write to {SensitiveSamples.Email}.";

        Assert.Same(text, RedactionFilter.Redact(detector, text, new HashSet<SensitiveKind>()));
    }

    [Fact]
    public void Redact_ValueThatItsProviderPublishes_IsLeftAlone()
    {
        var emulator = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6" + "IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
        var text = $"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey={emulator};";

        Assert.Same(text, Redact(text));
        Assert.DoesNotContain("K1SZ", Redact(text.Replace("Eby8", "Eby9", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public void ReadTable_PublishedValues_AreDigestsWithTheirSource() =>
        Assert.All(KeyShape.ReadTable("published-values.txt"), line => Assert.Matches("^[0-9a-f]{32}  [A-Z]", line));

    [Fact]
    public void Redact_ShapeOfTheOwner_IsMasked()
    {
        var detector = new SensitiveDataDetector(new SensitiveDataOptions { Shapes = ["acme ACME- w32", "customer KD- d8"] }, modes => modes.Output);

        Assert.Equal("take [secret] away", RedactionFilter.Redact(detector, $"take ACME-{SensitiveSamples.MistralKey} away", new HashSet<SensitiveKind>()));
        // Of an owner's own numbers none is a placeholder.
        foreach (var number in (string[])["12345678", "00000001", "20240101", "11111111"])
            Assert.Equal("of [secret]?", RedactionFilter.Redact(detector, $"of KD-{number}?", new HashSet<SensitiveKind>()));
    }

    /// <summary>An owner who is told nothing takes them for guarded.</summary>
    [Theory]
    [InlineData("acme acme:KEY- w32")]
    [InlineData("acme $ACME- w32")]
    [InlineData("acme (ACME_ w32")]
    [InlineData("acme ACME~1- w32")]
    [InlineData("acme ACME-,X w32")]
    [InlineData("acme _acme- w24")]
    [InlineData("acme -acme- w24")]
    public void Validate_ShapeThatIsNeverFound_IsRefused(string shape)
    {
        var result = new GuardOptionsValidator(Microsoft.Extensions.Options.Options.Create(new Acme.App.Mistral.MistralOptions()))
            .Validate(Guarding.Options(options => options.SensitiveData.Shapes = [shape]));

        Assert.Equal("SensitiveData.Shapes[0]", Assert.Single(result.Errors).PropertyName);
    }

    public static TheoryData<int, string> Tokens => new()
    {
        // A header with a certificate in it, or a key.
        { 30, "." + "ey" + SensitiveSamples.Part(40) + "." + SensitiveSamples.Part(40) },
        { 400, "." + "ey" + SensitiveSamples.Part(40) + "." + SensitiveSamples.Part(40) },
        { 1600, "." + "ey" + SensitiveSamples.Part(900) + "." + SensitiveSamples.Part(40) },
        // Whose content is short, or no JSON.
        { 30, ".ey" + "JpZCI6MX0" + "." + SensitiveSamples.Part(43) },
        { 30, ".ewogICJzdWIi" + SensitiveSamples.Part(40) + "." + SensitiveSamples.Part(43) },
        { 30, ".." + SensitiveSamples.Part(43) },
        // An encrypted token, whose key is agreed on or goes along.
        { 30, ".." + SensitiveSamples.Part(16) + "." + SensitiveSamples.Part(80) + "." + SensitiveSamples.Part(22) },
        { 30, "." + SensitiveSamples.Part(340) + "." + SensitiveSamples.Part(16) + "." + SensitiveSamples.Part(80) + "." + SensitiveSamples.Part(22) },
        { 30, "." + SensitiveSamples.Part(700) + "." + SensitiveSamples.Part(16) + "." + SensitiveSamples.Part(80) + "." + SensitiveSamples.Part(22) },
    };

    [Theory]
    [MemberData(nameof(Tokens))]
    public void Redact_TokenWithALongHeaderOrEncrypted_IsMasked(int header, string rest)
    {
        var text = $"Take {"ey" + "JhbGciOi"}{SensitiveSamples.Part(header)}{rest} now.";

        Assert.Equal("Take [secret] now.", Redact(text));
        Assert.Equal("Take [secret] now.", Stream(text.Select(letter => letter.ToString())));
    }

    /// <summary>A header alone, or two parts of a name, are no token.</summary>
    [Fact]
    public void Redact_WhatOnlyBeginsLikeAToken_Stays()
    {
        var header = "ey" + "JhbGciOiJIUzI1NiJ9";
        string[] texts =
        [
            $"It begins with {header}.part and {"ey" + "J2ZXJzaW9uIjoz"}{SensitiveSamples.Part(900)} is a source map.",
            $"sign({header}.payload.createSignatureFromKey(x))",
            $"{header}.PAYLOAD_GOES_IN.SIGNATURE_GOES_HERE",
            $"It is {header}.your-payload.your-signature-goes-here. Next.",
            $"data:application/json;base64,{"ey" + "J0eXBlIjoiRmVhdHVyZUNvbGxlY3Rpb24i"}{SensitiveSamples.Part(900)}",
        ];

        Assert.All(texts, text => Assert.Equal(text, Redact(text)));
    }

    [Theory]
    [InlineData(20_000)]
    [InlineData(60_000)]
    public void Redact_PrivateKeyOfAnyLength_IsMaskedToItsEnd(int length)
    {
        var lines = string.Join('\n', SensitiveSamples.Part(length).Chunk(64).Select(line => new string(line)));
        var text = $"-----BEGIN PGP {"PRIVATE"} KEY BLOCK-----\n\n{lines}\n-----END PGP {"PRIVATE"} KEY BLOCK-----\nBye";

        Assert.Equal($"[secret] PGP {"PRIVATE"} KEY BLOCK-----\nBye", Redact(text));
        Assert.Equal(Redact(text), Stream(text.Select(letter => letter.ToString())));
    }

    [Fact]
    public void ReadTable_EveryLine_IsRead()
    {
        var lines = KeyShape.ReadTable().ToList();

        Assert.True(lines.Count > 100);
        Assert.All(lines, line => Assert.NotEmpty(KeyShape.Parse(line)));
    }

    /// <summary>Lets a text arrive in pieces; counts the characters that each search may read, and the most that stayed open.</summary>
    private static (long Offered, int MostOpen) Offer(SensitiveDataDetector detector, string text)
    {
        var (position, floor, offered, most) = (0, 0, 0L, 0);
        for (var length = Piece; length <= text.Length; length += Piece)
        {
            do
                offered += length - position;
            while (detector.Next(text.AsSpan(0, length), isFinal: false, ref position, ref floor, out _) is not null);
            most = Math.Max(most, length - position);
        }

        return (offered, most);
    }

    private static string Redact(string text) => RedactionFilter.Redact(Detector, text, new HashSet<SensitiveKind>());

    private static string Stream(IEnumerable<string> pieces)
    {
        var filter = new RedactionFilter(Detector, new HashSet<SensitiveKind>());
        return string.Concat(pieces.Select(piece => filter.Push(piece, isFinal: false))) + filter.Push("", isFinal: true);
    }

    private static IEnumerable<string> Cut(string text, int[] sizes)
    {
        var (start, turn) = (0, 0);
        while (start < text.Length)
        {
            var end = Math.Min(text.Length, start + sizes[turn++ % sizes.Length]);
            yield return text[start..end];
            start = end;
        }
    }
}
