using System.Text.Json;
using Acme.App.Configuration;
using Acme.App.Guards;
using Acme.App.Mistral;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Hosting;

namespace MistralTemplates.Tests.Rooms.Guards;

public sealed class GuardedRoadTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly Dictionary<string, (string Kind, string Value)> s_samples = new()
    {
        ["Secrets"] = ("secret", SensitiveSamples.GitHubToken),
        ["Cards"] = ("card", SensitiveSamples.Card),
        ["Ibans"] = ("iban", SensitiveSamples.Iban),
        ["SocialSecurityNumbers"] = ("ssn", SensitiveSamples.Ssn),
        ["Emails"] = ("email", SensitiveSamples.Email),
        ["Phones"] = ("phone", SensitiveSamples.Phone),
        ["IpAddresses"] = ("ip", SensitiveSamples.Ip),
    };

    [Fact]
    public async Task GetResponse_SecretInTheRequest_IsRefusedWithItsKind()
    {
        var model = new ScriptedClient();
        using var road = Road(model);

        var refused = await Assert.ThrowsAsync<ChatRefusedException>(() => road.GetResponseAsync(
            [new ChatMessage(ChatRole.System, "Be brief."), new ChatMessage(ChatRole.User, $"Use {SensitiveSamples.GitHubToken}")], cancellationToken: None));

        Assert.Equal((ChatRefusedException.SensitiveData, "secret"), (refused.Code, Assert.Single(refused.Kinds)));
        Assert.DoesNotContain(SensitiveSamples.GitHubToken, refused.ToString(), StringComparison.Ordinal);
        Assert.Null(model.Messages);
    }

    [Fact]
    public async Task GetResponse_EmailInTheRequest_IsMaskedForMistralAndLeftToTheCaller()
    {
        var model = new ScriptedClient(new TextContent("Done."));
        using var road = Road(model);
        var message = new ChatMessage(ChatRole.User, $"Write to {SensitiveSamples.Email}");

        HashSet<string> told = [];
        GuardKinds.GatherInto(told);
        await road.GetResponseAsync([message], cancellationToken: None);

        Assert.Equal("Write to [email]", Assert.Single(model.Messages!).Text);
        Assert.Contains(SensitiveSamples.Email, message.Text, StringComparison.Ordinal);
        Assert.Equal(["email"], told);
    }

    [Fact]
    public async Task GetResponse_SecretsInEveryKindOfContent_AreMasked()
    {
        var arguments = JsonSerializer.Deserialize<Dictionary<string, object?>>($$"""{"password":"{{"hunter2" + "x"}}","note":["see {{SensitiveSamples.GitHubToken}}"],"count":3}""");
        var model = new ScriptedClient(
            new TextContent($"Take {SensitiveSamples.GitHubToken}"), new TextReasoningContent($"It is {SensitiveSamples.StripeKey}"), new FunctionCallContent("1", "f", arguments));
        using var road = Road(model);

        var response = await road.GetResponseAsync([new ChatMessage(ChatRole.User, "Hello")], cancellationToken: None);

        var contents = response.Messages[0].Contents;
        Assert.Equal("Take [secret]", ((TextContent)contents[0]).Text);
        Assert.Equal("It is [secret]", ((TextReasoningContent)contents[1]).Text);
        Assert.Equal("""{"password":"[secret]","note":["see [secret]"],"count":3}""", JsonSerializer.Serialize(((FunctionCallContent)contents[2]).Arguments));
        Assert.Null(response.RawRepresentation);
    }

    /// <summary>An id looks as random as a secret; what it is, its name says.</summary>
    [Fact]
    public async Task GetResponse_IdsInAToolsResult_StayAsTheyAre()
    {
        var result = JsonSerializer.SerializeToElement(new { orderId = SensitiveSamples.Mixed[..20], requestId = SensitiveSamples.Mixed[5..30], note = SensitiveSamples.Mixed });
        var model = new ScriptedClient(new TextContent("Yes."));
        using var road = Road(model);

        await road.GetResponseAsync([new ChatMessage(ChatRole.Tool, [new FunctionResultContent("1", result)])], cancellationToken: None);

        Assert.Equal(result.GetRawText(), JsonSerializer.Serialize(((FunctionResultContent)model.Messages!.Single().Contents.Single()).Result));
    }

    /// <summary>Whoever shows an answer's text shows its parts joined.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Ask_SecretCutByWhatIsNoText_IsMasked(bool isStreamed)
    {
        var (first, second) = (SensitiveSamples.GitHubToken[..20], SensitiveSamples.GitHubToken[20..]);
        AIContent[] contents =
        [
            new TextContent($"Take {first}"), new ReferenceContent([1]), new TextReasoningContent("Hm."), new AIContent(), new TextContent($"{second} now."),
        ];
        using var road = Road(new ScriptedClient(contents));

        var response = isStreamed
            ? (await road.GetStreamingResponseAsync("Hello", cancellationToken: None).ToListAsync(None)).ToChatResponse()
            : await road.GetResponseAsync("Hello", cancellationToken: None);

        Assert.Equal("Take [secret] now.", response.Text);
        Assert.Equal("Hm.", string.Concat(response.Messages.SelectMany(message => message.Contents).OfType<TextReasoningContent>()));
        Assert.Contains(response.Messages.SelectMany(message => message.Contents), content => content is ReferenceContent);
    }

    [Fact]
    public async Task GetStreamingResponse_SignedThoughtsInPieces_HaveEachItsOwnSignature()
    {
        using var road = Road(new ScriptedClient(
            new TextReasoningContent("fir"), new TextReasoningContent("st") { ProtectedData = "one" }, new TextReasoningContent("second") { ProtectedData = "two" }, new TextContent("ok")));

        var updates = await road.GetStreamingResponseAsync("Hello", cancellationToken: None).ToListAsync(None);

        var thoughts = updates.SelectMany(update => update.Contents).OfType<TextReasoningContent>().ToList();
        Assert.Equal("firstsecond", string.Concat(thoughts));
        Assert.Equal(["one", "two"], thoughts.Where(thought => thought.ProtectedData is not null).Select(thought => thought.ProtectedData));
    }

    [Fact]
    public async Task GetResponse_NamesOfFilesAndSettingsOfMistrals_AreGuardedAndGoOn()
    {
        var model = new ScriptedClient(new TextContent("Yes."));
        using var road = Road(model);
        var options = new ChatOptions { AdditionalProperties = new() { ["safe_prompt"] = true, ["prediction"] = new { content = SensitiveSamples.Email }, ["mine"] = 1 } };
        AIContent[] contents = [new DataContent(new byte[] { 1 }, "application/pdf") { Name = $"{SensitiveSamples.Email} scan.pdf" }, new HostedFileContent(SensitiveSamples.Email)];

        await road.GetResponseAsync([new ChatMessage(ChatRole.User, contents)], options, None);

        Assert.Equal("[email] scan.pdf", model.Messages!.Single().Contents.OfType<DataContent>().Single().Name);
        Assert.Equal("[email]", model.Messages!.Single().Text);
        Assert.Equal("true", ((JsonElement)model.Options!.AdditionalProperties!["safe_prompt"]!).GetRawText());
        Assert.Equal("[email]", ((JsonElement)model.Options.AdditionalProperties["prediction"]!).GetProperty("content").GetString());
        Assert.Equal(1, model.Options.AdditionalProperties["mine"]);
    }

    /// <summary>Each thought's signature is of that thought alone; without one Mistral would not take it back.</summary>
    [Theory]
    [InlineData("Fine.", true)]
    [InlineData("hunter2x", false)]
    public async Task GetResponse_ThoughtsBesideEachOther_KeepTheirSignaturesUnlessMasked(string end, bool areKept)
    {
        var (first, second) = (new TextReasoningContent("The password: ") { ProtectedData = "first" }, new TextReasoningContent(end) { ProtectedData = "second" });
        using var road = Road(new ScriptedClient(first, second));

        var response = await road.GetResponseAsync([new ChatMessage(ChatRole.User, "Hello")], cancellationToken: None);

        var thoughts = response.Messages[0].Contents.OfType<TextReasoningContent>();
        Assert.Equal(areKept ? ["first", "second"] : [null], thoughts.Select(thought => thought.ProtectedData));
        Assert.Equal(areKept ? "The password: Fine." : "The password: [secret]", string.Concat(thoughts));
    }

    [Fact]
    public async Task GetStreamingResponse_SecretCutAnywhere_IsMaskedInOrder()
    {
        var text = $"Take {SensitiveSamples.GitHubToken} now.";
        var call = new FunctionCallContent("1", "f", new Dictionary<string, object?> { ["apiKey"] = SensitiveSamples.MistralKey });
        using var road = Road(new ScriptedClient([.. text.Select(letter => new TextContent(letter.ToString())), call, new TextContent("Bye")]));

        HashSet<string> told = [];
        GuardKinds.GatherInto(told);
        var updates = new List<ChatResponseUpdate>();
        await foreach (var update in road.GetStreamingResponseAsync([new ChatMessage(ChatRole.User, "Hello")], cancellationToken: None))
            updates.Add(update);

        var contents = updates.SelectMany(update => update.Contents).ToList();
        var at = contents.FindIndex(content => content is FunctionCallContent);
        Assert.Equal("Take [secret] now.", string.Concat(contents[..at]));
        Assert.Equal("[secret]", ((FunctionCallContent)contents[at]).Arguments!["apiKey"]);
        Assert.Equal("Bye", string.Concat(contents[(at + 1)..]));
        Assert.Equal(["secret"], told);
        Assert.All(updates, update => Assert.Null(update.RawRepresentation));
    }

    /// <summary>What is no tree of JSON can be read all the same, by whoever reads line by line or takes the last of two fields.</summary>
    [Theory]
    [InlineData("{\"a\":\"KEY\"}")]
    [InlineData("{\"a\":\"KEY\",\"a\":1}")]
    [InlineData("{\"a\":\"KEY\"}\n{\"b\":1}")]
    [InlineData("\"KEY\"")]
    [InlineData(" [\"KEY\"")]
    [InlineData("{\"a\":\"{\\\"b\\\":\\\"\\KEY\\\"}\"}\n{\"c\":1}")]
    public async Task GetResponse_SecretBehindEscapesOfAToolsAnswer_IsRefused(string answer)
    {
        using var road = Road(new ScriptedClient(new TextContent("Done.")));
        var escaped = string.Concat(SensitiveSamples.GitHubToken.Select(letter => $"\\u{(int)letter:x4}"));
        var message = new ChatMessage(ChatRole.Tool, [new FunctionResultContent("1", answer.Replace("KEY", escaped, StringComparison.Ordinal))]);

        var refused = await Assert.ThrowsAsync<ChatRefusedException>(() => road.GetResponseAsync([message], cancellationToken: None));

        Assert.Equal(["secret"], refused.Kinds);
    }

    /// <summary>JSON within a string of JSON, as programs log it: the quotes are escaped as well.</summary>
    [Theory]
    [InlineData("{\"log\":\"{\\u0022body\\u0022:\\u0022{\\\\u0022password\\\\u0022:\\\\u0022WORD\\\\u0022}\\u0022}\"}\n{\"b\":1}")]
    [InlineData("{\"body\":\"{\\u0022password\\u0022:\\u0022WORD\\u0022}\"}\n{\"b\":1}")]
    public async Task GetResponse_SecretBehindEscapedQuotes_IsRefused(string answer)
    {
        using var road = Road(new ScriptedClient(new TextContent("Done.")));
        var text = answer.Replace("WORD", "P@ss;w0rd," + "9!zQ", StringComparison.Ordinal);

        var refused = await Assert.ThrowsAsync<ChatRefusedException>(
            () => road.GetResponseAsync([new ChatMessage(ChatRole.Tool, [new FunctionResultContent("1", text)])], cancellationToken: None));

        Assert.Equal(["secret"], refused.Kinds);
    }

    /// <summary>A mask must not turn what is quoted into fields of its own.</summary>
    [Fact]
    public async Task GetResponse_EscapedQuotesBesideWhatIsMasked_StayEscaped()
    {
        var model = new ScriptedClient(new TextContent("Done."));
        using var road = Road(model);
        const string quoted = "\"x\\u0022,\\u0022admin\\u0022:true\"}\n{\"b\":1}";
        var answer = new FunctionResultContent("1", $"{{\"to\":\"{SensitiveSamples.Email}\",\"note\":{quoted}");

        await road.GetResponseAsync([new ChatMessage(ChatRole.Tool, [answer])], cancellationToken: None);

        Assert.Equal($"{{\"to\":\"[email]\",\"note\":{quoted}", ((FunctionResultContent)Assert.Single(Assert.Single(model.Messages!).Contents)).Result);
    }

    /// <summary>A mask reads like the name of a value that follows it: what is masked is looked at again, and the rest stays.</summary>
    [Theory]
    [InlineData("\"name\",\"phone\",\"fax\"\n\"Ann\",\"+49 30 1234567\",\"030 9845836646\"\n\"Bob\",\"x\",\"y\"")]
    [InlineData("[Support] Tel. +49 30 1234567, 030 9845836646. Opening hours: 9 to 5.")]
    [InlineData("\"Caf\\u00e9\" Tel. +49 30 1234567, 030 9845836646. Opening hours: 9 to 5.")]
    [InlineData("[default]\n\"\\u0022\"\nTel. +49 30 1234567, 030 9845836646. Opening hours: 9 to 5.")]
    [InlineData("[default]\n\"\\u0022\"\nTel. +49 30 1234567, 030 9845836640, 030 9845836641, 030 9845836642, 030 9845836643, 030 9845836644, 030 9845836645. Opening hours: 9 to 5.")]
    public async Task GetResponse_SeveralValuesInATextThatOnlyBeginsLikeJson_LosesNothingElse(string text)
    {
        var model = new ScriptedClient(new TextContent("Done."));
        using var road = Road(model, ("Guards:SensitiveData:Phones:Input", "Mask"));

        await road.GetResponseAsync([new ChatMessage(ChatRole.Tool, [new FunctionResultContent("1", text)])], cancellationToken: None);

        var sent = Assert.IsType<string>(((FunctionResultContent)Assert.Single(Assert.Single(model.Messages!).Contents)).Result);
        Assert.Contains("[phone]", sent, StringComparison.Ordinal);
        Assert.DoesNotContain("1234567", sent, StringComparison.Ordinal);
        Assert.EndsWith(text[^10..], sent, StringComparison.Ordinal);
        Assert.StartsWith(text[..4], sent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetResponse_SecretCutOverTwoTextsByATerminalsSequence_IsMasked()
    {
        var model = new ScriptedClient(new TextContent("Done."));
        using var road = Road(model, ("Guards:SensitiveData:Secrets:Input", "Mask"));
        var token = SensitiveSamples.GitHubToken;

        await road.GetResponseAsync(
            [new ChatMessage(ChatRole.User, [new TextContent($"a {token[..20]}\u001b["), new TextContent($"0m{token[20..]} b")])], cancellationToken: None);

        Assert.Equal("a [secret] b", Assert.Single(model.Messages!).Text);
    }

    [Fact]
    public async Task GetResponse_HiddenCharactersThatAreShown_JoinNoTextsAndKeepSignatures()
    {
        var model = new ScriptedClient(new TextContent("Done."));
        using var road = Road(model, ("Guards:SafeText:HiddenCharacters", "Show"));
        AIContent[] contents =
        [
            new TextContent("Picture one:\u200b"), new TextContent("Picture two:"),
            new TextReasoningContent("first\u200b") { ProtectedData = "signature" }, new TextReasoningContent("second"),
        ];

        await road.GetResponseAsync([new ChatMessage(ChatRole.User, contents)], cancellationToken: None);

        var sent = Assert.Single(model.Messages!).Contents;
        Assert.Equal(["Picture one:[U+200B]", "Picture two:", "first[U+200B]", "second"], sent.Select(content => content.ToString()));
        Assert.Equal("signature", ((TextReasoningContent)sent[2]).ProtectedData);
    }

    [Fact]
    public async Task GetResponse_RulesBroken_NamesTheFields()
    {
        using var road = Road(new ScriptedClient());

        var refused = await Assert.ThrowsAsync<ChatRefusedException>(() => road.GetResponseAsync(
            [new ChatMessage(ChatRole.User, "Hello")], new ChatOptions { ModelId = "unknown", MaxOutputTokens = 9_999 }, None));

        Assert.Equal(["maxTokens", "model"], refused.Errors.Keys.Order());
    }

    [Fact]
    public async Task GetResponse_NothingSaid_FillsInModelAndTokens()
    {
        var model = new ScriptedClient();
        using var road = Road(model);
        var options = new ChatOptions();

        await road.GetResponseAsync([new ChatMessage(ChatRole.User, "Hello")], options, None);

        Assert.Equal(("mistral-small-latest", 2_000), (model.Options!.ModelId, model.Options.MaxOutputTokens));
        Assert.Null(options.ModelId);
    }

    [Fact]
    public void Start_OptionsThatMakeNoSense_AreAllReported()
    {
        var result = new GuardOptionsValidator(Microsoft.Extensions.Options.Options.Create(new MistralOptions())).Validate(Guarding.Options(options =>
        {
            options.SensitiveData.AllowedValues = ["", " padded "];
            options.Request.MaxTemperature = 2;
            options.SensitiveData.Shapes = ["nonsense", "acme ACME w32"];
            options.Moderation.Input = true;
            options.Moderation.Thresholds.Clear();
        }));

        Assert.Equal(
            ["Moderation", "Request:MaxTemperature", "SensitiveData.AllowedValues[0]", "SensitiveData.AllowedValues[1]", "SensitiveData.Shapes[0]", "SensitiveData.Shapes[1]"],
            result.Errors.Select(error => error.PropertyName).Order());
        Assert.All(result.Errors, error => Assert.NotNull(error.CustomState));
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Start_ModerationWhileOffline_IsRefused(bool input, bool output)
    {
        var validator = new GuardOptionsValidator(Microsoft.Extensions.Options.Options.Create(new MistralOptions { Offline = true }));

        var result = validator.Validate(Guarding.Options(options => (options.Moderation.Input, options.Moderation.Output) = (input, output)));

        Assert.Equal("Moderation asks Mistral, so it cannot be on while 'Mistral:Offline' is on.", Assert.Single(result.Errors).ErrorMessage);
        Assert.True(validator.Validate(Guarding.Options()).IsValid);
    }

    public static TheoryData<string, string, string, bool, bool> KindsAndModes =>
    [
        .. from setting in s_samples.Keys
           from direction in (string[])["Input", "Output"]
           from mode in Enum.GetNames<GuardMode>()
           from isStreamed in (bool[])[false, true]
           from isArgument in (bool[])[false, true]
           select (setting, direction, mode, isStreamed, isArgument),
    ];

    [Theory, MemberData(nameof(KindsAndModes))]
    public async Task Ask_EachKindInEachMode_IsAllowedMaskedOrRefused(string setting, string direction, string mode, bool isStreamed, bool isArgument)
    {
        var (kind, value) = s_samples[setting];
        var isInput = direction == "Input";
        AIContent[] said = isArgument
            ? [new FunctionCallContent("1", "f", new Dictionary<string, object?> { ["note"] = $"Take {value} now" })]
            : [.. $"Take {value} now".Chunk(isStreamed ? 1 : 100).Select(piece => new TextContent(new string(piece)))];
        var model = new ScriptedClient(isInput ? [new TextContent("Done.")] : said);
        using var road = Road(model, ($"Guards:SensitiveData:{setting}:{direction}", mode));

        var (contents, refused) = await AskAsync(road, isInput ? new ChatMessage(ChatRole.Assistant, said) : new ChatMessage(ChatRole.User, "Hello"), isStreamed);

        var heard = TextOf(isInput ? model.Messages?[0].Contents ?? [] : contents);
        if (mode == nameof(GuardMode.Block))
        {
            Assert.Equal((ChatRefusedException.SensitiveData, kind), (refused!.Code, Assert.Single(refused.Kinds)));
            Assert.Equal(isInput, model.Messages is null);
            Assert.DoesNotContain(value, heard + refused, StringComparison.Ordinal);
            return;
        }

        Assert.Null(refused);
        Assert.Equal(mode == nameof(GuardMode.Mask) ? $"Take [{kind}] now" : $"Take {value} now", heard);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Ask_GuardThatThrows_IsCountedAndRefusesWithoutWhatItThrew(bool isStreamed)
    {
        using var failed = new MetricCollector<long>(meterScope: null, "Acme.App.Guards", "guards.failed");
        var unreadable = new FunctionCallContent("1", "f", new Dictionary<string, object?> { ["note"] = new Unreadable() });
        using var road = Road(new ScriptedClient(unreadable));

        var (contents, refused) = await AskAsync(road, new ChatMessage(ChatRole.User, "Hello"), isStreamed);

        Assert.Empty(contents);
        Assert.Equal(ChatRefusedException.GuardFailed, refused!.Code);
        Assert.Contains(failed.GetMeasurementSnapshot(), measured => measured.Tags["guard"] is "sensitive-data");
        Assert.DoesNotContain(Unreadable.Canary, refused.ToString(), StringComparison.Ordinal);
    }

    private static async Task<(List<AIContent> Contents, ChatRefusedException? Refused)> AskAsync(IChatClient road, ChatMessage message, bool isStreamed)
    {
        List<AIContent> contents = [];
        try
        {
            if (!isStreamed)
                return ([.. (await road.GetResponseAsync([message], cancellationToken: None)).Messages.SelectMany(answer => answer.Contents)], null);
            await foreach (var update in road.GetStreamingResponseAsync([message], cancellationToken: None))
                contents.AddRange(update.Contents);
            return (contents, null);
        }
        catch (ChatRefusedException refused)
        {
            return (contents, refused);
        }
    }

    private static string TextOf(IEnumerable<AIContent> contents) =>
        string.Concat(contents.Select(content => content is FunctionCallContent call ? call.Arguments!["note"] as string : content.ToString()));

    private static IChatClient Road(ScriptedClient model, params (string Key, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(settings.ToDictionary(setting => setting.Key, setting => (string?)setting.Value));
        builder.AddGuards();
        builder.Services.Configure<PolicyOptions>(policy => (policy.AllowedModels, policy.MaxTokensPerRequest) = (Guarding.Policy().AllowedModels, Guarding.Policy().MaxTokensPerRequest));
        builder.Services.Configure<MistralOptions>(options => options.Model = "mistral-small-latest");
        return new ChatClientBuilder(model).UseGuards().Build(builder.Services.BuildServiceProvider());
    }

    /// <summary>No serializer reads it.</summary>
    private sealed class Unreadable
    {
        public const string Canary = "canary-value";

        public string Text => throw new InvalidOperationException(Canary);
    }
}
