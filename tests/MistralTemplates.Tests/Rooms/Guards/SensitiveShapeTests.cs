using Acme.App.Guards;

namespace MistralTemplates.Tests.Rooms.Guards;

/// <summary>The ways in which people and programs write one value. <c>#</c> stands in the patterns for what is put together when the test runs.</summary>
public sealed class SensitiveShapeTests
{
    private static readonly SensitiveDataDetector Detector = Guarding.Everything();

    [Theory]
    [InlineData("ada+news#mail.example.com")]
    [InlineData("ada_l.o-v%e#a.b.c.example.museum")]
    [InlineData("ada#bücher.example")]
    [InlineData("ada#xn--bcher-kva.example")]
    [InlineData("ada#example.xn--p1ai")]
    [InlineData("jörg.müller#example.org")]
    [InlineData("ада#пример.рф")]
    [InlineData("ada#例え.テスト")]
    [InlineData("o'hara#example.org")]
    [InlineData("d'arc.o'hara#example.org")]
    [InlineData("\"ada.l\"#example.org")]
    [InlineData("nguyễn.thị#example.vn")]
    [InlineData("홍길동#예시.한국")]
    [InlineData("张三#例子.公司")]
    [InlineData("สมชาย#ตัวอย่าง.ไทย")]
    [InlineData("\"张三\"#example.org")]
    public void Redact_EmailAddress_IsMaskedWhole(string pattern)
    {
        var email = pattern.Replace('#', '@');

        Assert.Equal("Write to [email], please.", Redact($"Write to {email}, please."));
        Assert.Equal("<[email]>", Redact($"<{email}>"));
    }

    [Theory]
    [InlineData("'ada#example.org'", "'[email]'")]
    [InlineData("print('a'+'ada#example.org')", "print('a'+'[email]')")]
    [InlineData("\"ada b\"#example.org", "\"ada [email]")]
    [InlineData("写信给用户#例子.公司。", "[email]。")]
    [InlineData("邮箱：用户#例子.公司。", "邮箱：[email]。")]
    [InlineData("一二三四五六七八九十一二三四五六七#例子.公司。", "一二三四五六七八九十一二三四五六七[email]。")]
    [InlineData("写信给ada#example.com吧", "写信给[email]吧")]
    [InlineData("ask git#vger.example.org: it is a list", "ask [email]: it is a list")]
    [InlineData("legit#example.com:8080", "[email]:8080")]
    public void Redact_EmailAddressAmongOthersMarks_IsMaskedAlone(string pattern, string expected) => Assert.Equal(expected, Redact(pattern.Replace('#', '@')));

    [Theory]
    [InlineData("user#localhost")]
    [InlineData("@ada and # example.org")]
    [InlineData("\"\"#example.org")]
    [InlineData("npm i #scope/package.json")]
    [InlineData("git clone git#github.com:acme/chat.git")]
    [InlineData("url = ssh://git#gitlab.example.com/acme/chat.git")]
    public void Redact_NoEmailAddress_IsLeftAlone(string pattern)
    {
        var text = pattern.Replace('#', '@');

        Assert.Same(text, Redact(text));
    }

    [Theory]
    [InlineData("4111#1111#1111#1111", " ")]
    [InlineData("4111#1111#1111#1111", "-")]
    [InlineData("4111#1111#1111#1111", "")]
    [InlineData("4111#1111#1111#1111", ".")]
    [InlineData("4111#1111#1111#1111", "\u00a0")]
    [InlineData("4111#1111#1111#1111", "\u202f")]
    [InlineData("4111#1111#1111#1111", "\u2013")]
    [InlineData("4111#1111#1111#1111", "  ")]
    [InlineData("4111#1111#1111#1111", " - ")]
    [InlineData("3782#822463#10005", "-")]
    [InlineData("3782#822463#10005", " ")]
    [InlineData("3782#822463#10005", ".")]
    public void Redact_CardWithSeparators_IsMaskedWhole(string pattern, string separator) =>
        Assert.Equal("pay with [card] today", Redact($"pay with {pattern.Replace("#", separator, StringComparison.Ordinal)} today"));

    [Theory]
    [InlineData("DE89#3704#0044#0532#0130#00", " ")]
    [InlineData("DE89#3704#0044#0532#0130#00", "")]
    [InlineData("DE89#3704#0044#0532#0130#00", "-")]
    [InlineData("DE89#3704#0044#0532#0130#00", "\u00a0")]
    [InlineData("GB82#WEST#1234#5698#7654#32", " ")]
    [InlineData("fr14#2004#1010#0505#0001#3m02#606", " ")]
    [InlineData("NO93#8601#1117#947", " ")]
    public void Redact_IbanWithSeparators_IsMaskedWhole(string pattern, string separator) =>
        Assert.Equal("send to [iban], today", Redact($"send to {pattern.Replace("#", separator, StringComparison.Ordinal)}, today"));

    [Theory]
    [InlineData("+49 30 #901820")]
    [InlineData("+33 (0)1 42 #68 53 00")]
    [InlineData("+44 20 7946 #0958")]
    [InlineData("+4930#901820")]
    [InlineData("0049 30 #901820")]
    [InlineData("(212) 555#-0142")]
    [InlineData("212.555#.0142")]
    [InlineData("212-555#-0142")]
    [InlineData("1-800-555#-0142")]
    [InlineData("001-212-555#-0142")]
    [InlineData("+1-212-555#-0142")]
    [InlineData("212-555#-0142 x123")]
    [InlineData("212-555#-0142x1234")]
    [InlineData("079 #2718 1155")]
    [InlineData("0688#872 49 99")]
    [InlineData("06 12 #34 56 78")]
    [InlineData("030 #9018-20")]
    public void Redact_PhoneNumber_IsMasked(string pattern) =>
        Assert.StartsWith("ring [phone]", Redact($"ring {pattern.Replace("#", "", StringComparison.Ordinal)} now"), StringComparison.Ordinal);

    [Theory]
    [InlineData("On 05.06.2023 14 people came, and on 05.06.23 14.30 three more.")]
    [InlineData("Order 0000 345678 of 2,500,000 and 0.123 456 789")]
    [InlineData("Rows 100 200 300, 2020 - 2024, 06 12 34 56 78 90")]
    [InlineData("12345678 and 1234567890123")]
    public void Redact_NumbersThatAreNoPhones_AreLeftAlone(string text) => Assert.Same(text, Redact(text));

    [Theory]
    [InlineData("Server=tcp:db.example,1433;Database=app;User ID=app;Password=#;Encrypt=True")]
    [InlineData("Server=db;Uid=app;Pwd=#;")]
    [InlineData("Host=db;Username=app;Password='#';Pooling=true")]
    [InlineData("Data Source=db; User Id = app; Password = \"#\";")]
    [InlineData("DefaultEndpointsProtocol=https;AccountName=a;AccountKey=#;EndpointSuffix=core.windows.net")]
    [InlineData("Endpoint=sb://a.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=#")]
    [InlineData("redis.example:6380,password=#,ssl=True")]
    [InlineData("mongodb+srv://app:#@cluster.example/db?retryWrites=true")]
    [InlineData("amqps://app:#@mq.example/vhost")]
    [InlineData("redis://:#@cache.example:6379/0")]
    [InlineData("jdbc:postgresql://db/app?user=app&password=#&ssl=true")]
    public void Redact_ConnectionString_LosesThePasswordAlone(string pattern)
    {
        var text = pattern.Replace("#", SensitiveSamples.Mixed, StringComparison.Ordinal);

        Assert.Equal(pattern.Replace("#", "[secret]", StringComparison.Ordinal), Redact(text));
    }

    [Theory]
    [InlineData("var client = new MistralClient(\"#\");")]
    [InlineData("new MistralClient(new ApiKeyCredential(\"#\"), options)")]
    [InlineData("private static readonly ApiKey Key = new(\"#\");")]
    [InlineData("var apiKey = new(\"#\");")]
    [InlineData("const client = new Mistral('#')")]
    [InlineData("\"code\": \"new MistralClient(\\\"#\\\")\"")]
    [InlineData("const API_KEY: &str = \"#\";")]
    [InlineData("const API_KEY: &'static str = \"#\";")]
    [InlineData("let apiKey: String = \"#\"")]
    [InlineData("const apiKey: string = '#';")]
    [InlineData("val apiKey: String? = \"#\"")]
    [InlineData("API_KEY: Final[str] = '#'")]
    [InlineData("String[] keys; String apiKey = \"#\";")]
    public void Redact_KeyInCode_IsMasked(string pattern)
    {
        var key = SensitiveSamples.Mixed[..32];

        Assert.Equal(pattern.Replace("#", "[secret]", StringComparison.Ordinal), Redact(pattern.Replace("#", key, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("new SecretReference(\"mistral-key-of-app12\")")]
    [InlineData("new ApiKeyName(\"q7Zt2LmX9vwPd3HsJ6fGy1TuA5eRo0iW\")")]
    [InlineData("cache.GetToken(\"q7Zt2LmX9vwPd3HsJ6fGy1TuA5eRo0iW\")")]
    [InlineData("new CommitId(\"q7Zt2LmX9vwPd3HsJ6fGy1TuA5eRo0iW\")")]
    public void Redact_ArgumentThatIsNoKey_IsLeftAlone(string text) => Assert.Same(text, Redact(text));

    [Theory]
    [InlineData("https://acme.blob.core.windows.net/files/a.txt?sv=2024-11-04&se=2026-01-01T00%3A00%3A00Z&sr=b&sp=r&sig=#", "", "%3D")]
    [InlineData("https://acme.blob.core.windows.net/files/a.txt?sig=#&sp=r", "", "%3D")]
    [InlineData("https://discord.com/api/#", "webhooks/1234567890123456789/", "q7Zt2LmX9vBc4NrK8wPd3HsJ")]
    public void Redact_AddressThatIsAKey_IsMasked(string pattern, string before, string after)
    {
        var secret = before + SensitiveSamples.Mixed + after;

        Assert.Equal(pattern.Replace("#", "[secret]", StringComparison.Ordinal), Redact(pattern.Replace("#", secret, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("q7Zt2LmX9vabcdefwPd3HsJ6fGy1TuA5eRo0iW")]
    [InlineData("q7Zt2LmX9v654321wPd3HsJ6fGy1TuA5eRo0iW")]
    [InlineData("q7Zt2LmX9v000000wPd3HsJ6fGy1TuA5eRo0iW")]
    [InlineData("thisIsAFakeKeyForTheDocs0123ABC9876xyz")]
    [InlineData("MySecretToken4TheUnitTestOfThisProject")]
    public void Redact_KeyThatNobodyWasGiven_IsLeftAlone(string body)
    {
        var text = $"use {"gh" + "p_"}{body[..36]} or {"AI" + "za"}{body[..35]}";

        Assert.Same(text, Redact(text));
    }

    [Theory]
    [InlineData("q7Zt2LmX9vabcdewPd3HsJ6fGy1TuA5eRo0iW8")]
    [InlineData("q7Zt2LmX9vAAAAAAAwd3HsJ6fGy1TuA5eRo0iW")]
    public void Redact_KeyWithAShortStretchInOrder_IsMasked(string body) => Assert.Equal("use [secret]", Redact($"use {"gh" + "p_"}{body[..36]}"));

    [Fact]
    public void Redact_AVeryLongRunOfOneLetter_IsNoSecret()
    {
        var text = $"password=\"{new string('a', 65_536)}\"";

        Assert.Same(text, Redact(text));
    }

    [Theory]
    [InlineData("RSA ")]
    [InlineData("EC ")]
    [InlineData("OPENSSH ")]
    [InlineData("ENCRYPTED ")]
    [InlineData("")]
    public void Redact_PrivateKeyOnOneLine_IsMaskedWhole(string sort)
    {
        foreach (var newline in (string[])["\\n", "\\r\\n", "\\\\n", " ", ""])
        {
            var key = $"-----BEGIN {sort}PRIV" + $"ATE KEY-----{newline}{SensitiveSamples.Mixed}{newline}{SensitiveSamples.Hex}{newline}-----END {sort}PRIV" + "ATE KEY-----";

            Assert.Equal($"{{\"pem\": \"[secret]{newline}\", \"a\": 1}}", Redact($"{{\"pem\": \"{key}{newline}\", \"a\": 1}}"));
        }
    }

    /// <summary>Whoever asks for a key may ask for short lines.</summary>
    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    [InlineData("\\n")]
    public void Redact_PrivateKeyInShortLines_IsMaskedWhole(string newline)
    {
        var body = string.Join(newline, (SensitiveSamples.Mixed + SensitiveSamples.Hex).Chunk(16).Select(line => new string(line)));
        var key = "-----BEGIN PRIV" + $"ATE KEY-----{newline}{body}{newline}-----END PRIV" + "ATE KEY-----";

        Assert.Equal("see [secret] there", Redact($"see {key} there"));
    }

    private static string Redact(string text) => RedactionFilter.Redact(Detector, text, new HashSet<SensitiveKind>());
}
