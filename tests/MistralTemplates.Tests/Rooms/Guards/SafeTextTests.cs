using System.Text;
using System.Text.Json;
using Acme.App.Guards;
using Microsoft.Extensions.AI;

namespace MistralTemplates.Tests.Rooms.Guards;

public sealed class SafeTextTests
{
    [Theory]
    [InlineData("\u001b[31mred\u001b[0m", "red")]
    [InlineData("\u001b]0;title\u0007text", "text")]
    [InlineData("\u001b]8;;https://e.example\u001b\\link", "link")]
    [InlineData("\u009b2J is only words", "2J is only words")]
    [InlineData("He said â€œhelloâ€\u009d and left", "He said â€œhelloâ€ and left")]
    [InlineData("a\u0008b\0d", "abd")]
    [InlineData("a\r\nb\rc\n\rd", "a\nb\nc\n\nd")]
    [InlineData("a\fb\vc\u0085d\u2028e\u2029f", "a\nb\nc\nd\ne\nf")]
    [InlineData("a\u2028\u200d\u200cb\u0085\ufe0f", "a\nb\n")]
    [InlineData("user\u202etxt.exe", "usertxt.exe")]
    [InlineData("pa\u200bss\u200dword", "password")]
    [InlineData("tag\U000E0041\U000E0042 end", "tag end")]
    [InlineData("\u001b(Bplain", "plain")]
    [InlineData("1\ufe0f2\ufe0f", "12")]
    [InlineData("ren\u00e9\u200c@example", "ren\u00e9@example")]
    [InlineData("e\u0301\u200da \u03b1\u200c\u0431\u200d", "e\u0301a \u03b1\u0431")]
    [InlineData("41\u00a0\u200c11\u2011\u200d11\u0661\u200c", "41\u00a011\u201111\u0661")]
    [InlineData("\u4f60\u200c\u200d\u200c\ufe0f\u200d", "\u4f60\u200c")]
    public void Clean_HiddenCharacters_AreGone(string text, string expected) => Assert.Equal(expected, TerminalText.Clean(text));

    [Theory]
    [InlineData("Plain text,\twith a tab\nand a line.")]
    [InlineData("Grüße aus Köln, 日本語, 👩\u200d💻 and ❤\ufe0f.")]
    [InlineData("1\ufe0f\u20e3 Install, #\ufe0f\u20e3 and *\ufe0f\u20e3 〽\ufe0f")]
    [InlineData("ℹ\ufe0f Note ‼\ufe0f ⁉\ufe0f 〰\ufe0f ©\ufe0f ↔\ufe0f ㊗\ufe0f and هـ\u200d")]
    [InlineData("葛\ufe00 and ⛹\ufe0f\u200d♀\ufe0f")]
    [InlineData("می\u200cخواهم")]
    [InlineData("𝄞 and 𝄀, 𝅘𝅥𝅮, ᠠ\u180b, ⠠⠓\u2800")]
    public void Clean_WhatReadersNeed_Stays(string text) => Assert.Equal(text, TerminalText.Clean(text));

    /// <summary>Unicode 16, DerivedCoreProperties.txt: Default_Ignorable_Code_Point.</summary>
    [Theory]
    [InlineData(0x00AD, 0x00AD)]
    [InlineData(0x034F, 0x034F)]
    [InlineData(0x061C, 0x061C)]
    [InlineData(0x115F, 0x1160)]
    [InlineData(0x17B4, 0x17B5)]
    [InlineData(0x180B, 0x180F)]
    [InlineData(0x200B, 0x200F)]
    [InlineData(0x202A, 0x202E)]
    [InlineData(0x2060, 0x206F)]
    [InlineData(0x3164, 0x3164)]
    [InlineData(0xFE00, 0xFE0F)]
    [InlineData(0xFEFF, 0xFEFF)]
    [InlineData(0xFFA0, 0xFFA0)]
    [InlineData(0xFFF0, 0xFFF8)]
    [InlineData(0x1BCA0, 0x1BCA3)]
    [InlineData(0x1D173, 0x1D17A)]
    [InlineData(0xE0000, 0xE0FFF)]
    public void Clean_WhatUnicodeCallsIgnorable_IsGoneBetweenLetters(int first, int last)
    {
        for (var code = first; code <= last; code++)
            Assert.Equal((code, "ab"), (code, TerminalText.Clean($"a{char.ConvertFromUtf32(code)}b")));
    }

    /// <summary>What is cut anywhere is cleaned as the whole is.</summary>
    [Fact]
    public void Push_CutAnywhere_GivesWhatTheWholeGives()
    {
        const string text = "1\ufe0f\u20e32\ufe0fa\r\nb\u001b[1mc\U0001D173d\U000E0041e𝄞\rf\n👩\u200d💻";
        var whole = TerminalText.Clean(text);

        for (var cut = 0; cut <= text.Length; cut++)
        {
            var filter = new HiddenCharacterFilter(HiddenCharacters.Strip);
            Assert.Equal(whole, filter.Push(text[..cut]) + filter.Push(text[cut..]));
        }

        Assert.Equal("1\ufe0f\u20e32a\nbcde𝄞\nf\n👩\u200d💻", whole);
    }

    /// <summary>Within the text they would part what is looked for.</summary>
    [Fact]
    public void Apply_Show_TellsTheCodesBehindTheText()
    {
        var guard = Guarding.Output(options => options.HiddenCharacters = HiddenCharacters.Show);
        var token = SensitiveSamples.GitHubToken.Insert(9, "\u200b");
        var stream = guard.Start(new HashSet<SensitiveKind>());

        Assert.Equal("ab.[U+202E][U+E0041]", guard.Apply("a\u202eb\U000E0041.\u202e", new HashSet<SensitiveKind>()));
        Assert.Equal("No. 1[U+FE0F]", guard.Apply("No. 1\ufe0f", new HashSet<SensitiveKind>()));
        Assert.Equal("Take [secret] now.[U+200B]", guard.Apply($"Take {token} now.", new HashSet<SensitiveKind>()));
        Assert.Equal("Take [secret] now.[U+200B]", string.Concat($"Take {token} now.".Select(letter => stream(letter.ToString(), false))) + stream("", true));
    }

    [Fact]
    public void Apply_SecretSplitByInvisibleCharacters_IsStillMasked()
    {
        var token = SensitiveSamples.GitHubToken;

        Assert.Equal("[secret]", Guarding.Output().Apply(token.Insert(2, "\u200b").Insert(9, "\u001b[0m").Insert(20, "\ufe0f\ufe01"), new HashSet<SensitiveKind>()));
    }

    [Theory]
    [InlineData("![x](https://evil.example/a.png)", "![x](#removed-link)")]
    [InlineData("![x](<//evil.example/a.png>)", "![x](<#removed-link>)")]
    [InlineData("[more](https://evil.example/?q=data)", "[more](#removed-link)")]
    [InlineData("[1]: https://evil.example/?q=data", "[1]: #removed-link")]
    [InlineData("![a [b] c](https://evil.example/a.png)", "![a [b] c](#removed-link)")]
    [InlineData("![a\\[b](https://evil.example/a.png)", "![a\\[b](#removed-link)")]
    [InlineData("[![a](https://evil.example/a.png)](https://evil.example/?q=data)", "[![a](#removed-link)](#removed-link)")]
    [InlineData("![x](https://evil.example/a?k=%2B1\n)", "![x](#removed-link\n)")]
    [InlineData("<img src=\"https://evil.example/a\">", "<img src=\"#removed-link\">")]
    [InlineData("![x][r]\n\n[r]: https://evil.example/data.png", "![x][r]\n\n[r]: #removed-link")]
    [InlineData("![r][]\n\n[r]: <https://evil.example/a b?q=data> \"title\"", "![r][]\n\n[r]: <#removed-link> \"title\"")]
    [InlineData("![r]\n\n[r]:\n   //evil.example/data 'title'", "![r]\n\n[r]:\n   #removed-link 'title'")]
    [InlineData("> ![r]\n>\n> [r]:\n> https://evil.example/data", "> ![r]\n>\n> [r]:\n> #removed-link")]
    [InlineData("![x](\t      https://evil.example/data)", "![x](\t      #removed-link)")]
    [InlineData("![x](https&colon;//evil.example/data)", "![x](#removed-link)")]
    [InlineData("![x](https\\://evil.example/data)", "![x](#removed-link)")]
    [InlineData("![x](https:/\\evil.example/data)", "![x](#removed-link)")]
    [InlineData("![x](/\\evil.example/data)", "![x](#removed-link)")]
    [InlineData("[x](<https://evil.example/a b?q=data>)", "[x](<#removed-link>)")]
    [InlineData("[x](https://evil.example/(a)?q=data)", "[x](#removed-link)")]
    [InlineData("[x](https://evil.example/a&quest;q=data)", "[x](#removed-link)")]
    [InlineData("[x](https://evil.example/\\)?q=data)", "[x](#removed-link)")]
    [InlineData("![x](\\/\\/evil.example/data)", "![x](#removed-link)")]
    [InlineData("![x](h&#116;tps://evil.example/data)", "![x](#removed-link)")]
    [InlineData("![x](/&sol;evil.example/data)", "![x](#removed-link)")]
    [InlineData("see <https://evil.example/?q=data>", "see <#removed-link>")]
    [InlineData("<img alt=x src = https://evil.example/a>", "<img alt=x src = #removed-link>")]
    [InlineData("<img srcset='//evil.example/a 2x'>", "<img srcset='#removed-link'>")]
    [InlineData("<img srcset='/a.png 1x,\n https://evil.example/a 2x' alt=x>", "<img srcset='#removed-link' alt=x>")]
    [InlineData("<img srcset=\"/a 1x, /b 2x,//evil.example/a 3x\">", "<img srcset=\"#removed-link\">")]
    [InlineData("<p style='background:url(https://evil.example/a)'>", "<p style='background:url(#removed-link)'>")]
    [InlineData("<p style=\"background: red URL( '//evil.example/a(1)' )\">", "<p style=\"background: red URL( '#removed-link' )\">")]
    [InlineData("<a HREF=\"https://evil.example/?q=data\">", "<a HREF=\"#removed-link\">")]
    [InlineData("![x](https:evil.example/data)", "![x](#removed-link)")]
    [InlineData("[![a\\]b](https://evil.example/data)", "[![a\\]b](#removed-link)")]
    [InlineData("<img src=\"ht\ntps://evil.example/a\">", "<img src=\"#removed-link\">")]
    [InlineData("<img src='https:\t//evil.example/a'>", "<img src='#removed-link'>")]
    [InlineData("<img src=\"/\n/evil.example/a\">", "<img src=\"#removed-link\">")]
    [InlineData("<img src=&#104ttps://evil.example/a>", "<img src=#removed-link>")]
    [InlineData("<p style=\"a:b;/**/background:image(url(//evil.example/a))\">", "<p style=\"a:b;/**/background:image(url(#removed-link))\">")]
    [InlineData("<link rel=stylesheet href=https://evil.example/a>", "<link rel=stylesheet href=#removed-link>")]
    [InlineData("<link title=\"<a \" href=https://evil.example/a>", "<link title=\"<a \" href=#removed-link>")]
    [InlineData("<link title='>' href=https://evil.example/a>", "<link title='>' href=#removed-link>")]
    [InlineData("<link/rel=stylesheet/href=https://evil.example/a>", "<link/rel=stylesheet/href=#removed-link>")]
    [InlineData("<svg><image width=1 href='https://evil.example/a'/>", "<svg><image width=1 href='#removed-link'/>")]
    [InlineData("<object data=\"https://evil.example/a\">", "<object data=\"#removed-link\">")]
    [InlineData("<form method=post action=https://evil.example/>", "<form method=post action=#removed-link>")]
    [InlineData("<a href=/a ping=\"https://evil.example/a\">", "<a href=/a ping=\"#removed-link\">")]
    [InlineData("<link imagesrcset='//evil.example/a 2x'>", "<link imagesrcset='#removed-link'>")]
    [InlineData("<use xlink:href=\"https://evil.example/a\">", "<use xlink:href=\"#removed-link\">")]
    [InlineData("<meta http-equiv=refresh content=\"0; url=https://evil.example/?q=data\">", "<meta http-equiv=refresh content=\"0; url=#removed-link\">")]
    [InlineData("1. [r]: https://evil.example/data", "1. [r]: #removed-link")]
    [InlineData("1) [r]: https://evil.example/data", "1) [r]: #removed-link")]
    [InlineData("![x](\u00a0https://evil.example/data)", "![x](\u00a0#removed-link)")]
    [InlineData("![x](<\u3000https://evil.example/data>)", "![x](<\u3000#removed-link>)")]
    [InlineData("[x](\u2003https://evil.example/a?q=data)", "[x](\u2003#removed-link)")]
    [InlineData("[r]:\u00a0https://evil.example/data", "[r]:\u00a0#removed-link")]
    [InlineData("[1 ![`]`](https://evil.example/data)", "[1 ![`]`](#removed-link)")]
    [InlineData("[1 ![`\\]`](https://evil.example/data)", "[1 ![`\\]`](#removed-link)")]
    [InlineData("![a `[` b](https://evil.example/data)", "![a `[` b](#removed-link)")]
    [InlineData("[1 ![<http://a]>](https://evil.example/data)", "[1 ![<http://a]>](#removed-link)")]
    [InlineData("[1 ![<b title=\"]\">](https://evil.example/data)", "[1 ![<b title=\"]\">](#removed-link)")]
    [InlineData("[1 ![`](x)`](https://evil.example/data)", "[1 ![`](x)`](#removed-link)")]
    [InlineData("<img src                                        =\"https://evil.example/a\">", "<img src                                        =\"#removed-link\">")]
    [InlineData("it's <a title=x'y <link rel=stylesheet href=\"https://evil.example/a\">", "it's <a title=x'y <link rel=stylesheet href=\"#removed-link\">")]
    [InlineData("<link title=<a rel=stylesheet href=\"https://evil.example/a\">", "<link title=<a rel=stylesheet href=\"#removed-link\">")]
    [InlineData("<link title=a\"b href=https://evil.example/a>", "<link title=a\"b href=#removed-link>")]
    [InlineData("<p style=\"background:\\75rl(https://evil.example/a)\">", "<p style=\"background:\\75rl(#removed-link)\">")]
    [InlineData("<p style=\"background:\\75 rl('https://evil.example/a')\">", "<p style=\"background:\\75 rl('#removed-link')\">")]
    [InlineData("<p style=\"background:u\\r\\6C(https://evil.example/a)\">", "<p style=\"background:u\\r\\6C(#removed-link)\">")]
    [InlineData("<p style=\"background:\\000069 \\00006d \\000061 \\000067 \\000065 \\00002d \\000073 \\000065 \\000074 ('https://evil.example/a' 1x)\">", "<p style=\"background:\\000069 \\00006d \\000061 \\000067 \\000065 \\00002d \\000073 \\000065 \\000074 (#removed-link)\">")]
    [InlineData("<p style=\"list-style: new url(https://evil.example/a)\">", "<p style=\"list-style: new url(#removed-link)\">")]
    [InlineData("![a <b title=\"[\"> c](https://evil.example/data)", "![a <b title=\"[\"> c](#removed-link)")]
    [InlineData("![a <http://x/[> c](https://evil.example/data)", "![a <http://x/[> c](#removed-link)")]
    [InlineData("<iframe srcdoc=\"<p></p><img src&#61;https://evil.example/a>\">", "<iframe srcdoc=\"#removed-link\">")]
    [InlineData("<iframe srcdoc='<p title=\"x\">&lt;img src&#61;https://evil.example/a>'>", "<iframe srcdoc='#removed-link'>")]
    [InlineData("<p style=\"background:-webkit-image-set('/a' 1x, 'https://evil.example/a' 2x)\">", "<p style=\"background:-webkit-image-set(#removed-link)\">")]
    [InlineData("<style>@import \"https://evil.example/a\";</style>", "<style>@import \"#removed-link\";</style>")]
    [InlineData("<meta http-equiv=refresh content=\"0; https://evil.example/?q=data\">", "<meta http-equiv=refresh content=\"0; #removed-link\">")]
    [InlineData("<iframe srcdoc=\"&lt;img src&#61;https://evil.example/a>\">", "<iframe srcdoc=\"#removed-link\">")]
    [InlineData("[x](mailto:a@evil.example?body=data)", "[x](#removed-link)")]
    public void Apply_OutboundLink_LosesItsDestination(string text, string expected) => Assert.Equal(expected, Guarding.Output().Apply(text, new HashSet<SensitiveKind>()));

    [Theory]
    [InlineData("[docs](https://docs.example/page)")]
    [InlineData("[up](../README.md) and ![here](images/a.png)")]
    [InlineData("![here](images/a.png) and [docs](https://docs.example/page)")]
    [InlineData("a[0] = b[1]; x == y; log[0]: done; [key]: // why, [INFO]: error:no, [r]: ./a.md, [s]: C:\\a, [t]: AT&T and [s]: #part")]
    [InlineData("see <https://docs.example/page>, https://docs.example/?page=1 and (have you read [docs](https://docs.example/page)?)")]
    [InlineData("<a href=\"https://docs.example/page\"> <img src=\"/a.png\"> ![x](data:image/png;base64,AAAA)")]
    [InlineData("<p class=x>a < b, <b>don't</b> <a class=x href='https://docs.example/page'>")]
    [InlineData("<a class=x href=\"https://docs.example/page\">, link.href = \"https://docs.example/page\" and [a\\]b](https://docs.example/page)")]
    [InlineData("src=\"a b\tc\", [key]: \"one\n two\", curl(https://docs.example) and <img src=\"/a?b=1&amp;c=2\">")]
    [InlineData("<img srcset=\"/a.png 1x, /b.png 2x\"> <p style='background:url(/a.png)'> get_url(\"https://docs.example/page\"), href = a, https://docs.example/page")]
    [InlineData("case map[0]: //fallthrough\narr[i]://c\nvideo_src = \"https://docs.example/a.mp4\"; data = \"https://docs.example/data\"")]
    [InlineData("[`HttpClient`](https://docs.example/page), `a[0]` and [use `b`](https://docs.example/page) with <b>[c](https://docs.example/page)</b>")]
    [InlineData("![here](a.png)\n\n[`code`](https://docs.example/page), content=\"https://docs.example/page\", srcdoc=\"<p>a</p>\" and @import \"a.css\"")]
    [InlineData("<meta property=\"og:url\" content=\"https://docs.example/page\"> <p style=\"background:image-set('/a.png' 1x)\"> and [mail](mailto:docs)")]
    [InlineData("\\sin(2\\pi f: \\varphi), \\left(\\frac{a}{b}\\right)^2, \\\\ P(A \\mid B), r\"\\b(?:\\d{1,3}\\.){3}\" and get\\_user(id: int)")]
    [InlineData("new \\DateTime('2024-01-01T00:00:00'), \\Exception(\"Error: https://docs.example\") and --url(https://docs.example/page)")]
    [InlineData("更多信息请看！[官网](https://docs.example/page)。 公式URL（https://docs.example/page）を参照、参考文献［1］（https://docs.example/page?id=3） [1]：https://docs.example/page")]
    [InlineData("![build](badge.svg) one\n- [`docs`](https://docs.example/page)\n* two [`more`](https://docs.example/page)")]
    [InlineData("for (let i=0;i<n;i++) { go(i); } <a href=\"https://docs.example/page\"> and Rows(content=\"1. https://docs.example/page\")")]
    [InlineData("const api = new URL(\"https://docs.example/v1\"); fetch(new URL('https://docs.example/page')); return new URL(\"https://docs.example/page\")")]
    [InlineData("公式URL(https://docs.example/page)を参照、参考网址url(https://docs.example/page)")]
    [InlineData("let src = &source; struct node *src = &head; &lt;img src=&quot;/a.png&quot;&gt;</code></pre>")]
    [InlineData("<audio controls src=\"data:audio/mpeg;base64,//uQxAAAAAAAAAAAAAAA\"></audio> and src = \"See the manual, https://docs.example/page\"")]
    [InlineData("https://docs.example/embed?src=https://docs.example/a, $src = 'https://docs.example/a', def f(src=\"https://docs.example/a\") and type=bind,src=//var/run,target=/x")]
    [InlineData("[Env.Prod]: \"https://docs.example/v1\", await axios[method](\"https://docs.example/items?page=1\")")]
    [InlineData("requests.get(timeout=10, url=\"https://docs.example/users\"), Server=db;Timeout=30;Url=https://docs.example/api;")]
    [InlineData("for (int i=0;i<n;i++) sum += i;\nString data = \"https://docs.example/data\"; if (a <b) { x(action='https://docs.example/form'); }")]
    [InlineData("- ![build](badge.svg) one\n  - [`docs`](https://docs.example/page)\n\n> ![a](a.png) one\n>\n> [`b`](https://docs.example/page)")]
    [InlineData("# ![logo](logo.png) Title\n## [`docs`](https://docs.example/page)\n\n> ![a](a.png)\n> - [`b`](https://docs.example/page)")]
    [InlineData("action=https://docs.example/a, url = \"https://docs.example/a\"; img.src = \"https://docs.example/a.png\"")]
    public void Apply_HarmlessLink_Stays(string text) => Assert.Same(text, Guarding.Output().Apply(text, new HashSet<SensitiveKind>()));

    /// <summary>Most of an answer about code is one list or one table.</summary>
    [Theory]
    [InlineData("- [`GetAsync`](https://docs.example/page) gets it\n")]
    [InlineData("| [`List<T>`](https://docs.example/page) | a list |\n")]
    [InlineData("See [`foo`](https://docs.example/page), which says more of it. ")]
    public void Apply_ManyLinksWithCodeInTheirLabels_Stay(string text)
    {
        // Of many lengths, so that the look back ends at each of their places once.
        var answer = string.Concat(Enumerable.Range(0, 200).Select(index => text.Replace("page", new string('p', (index % 17) + 1), StringComparison.Ordinal)));

        Assert.Same(answer, Guarding.Output().Apply(answer, new HashSet<SensitiveKind>()));
    }

    [Theory]
    [InlineData(500)]
    [InlineData(1_030)]
    public void Apply_AttributeFarBeforeItsValue_LosesIt(int spaces)
    {
        var before = "<img src" + new string(' ', spaces);

        Assert.Equal($"{before}=\"#removed-link\">", Guarding.Output().Apply($"{before}=\"https://evil.example/a\">", new HashSet<SensitiveKind>()));
    }

    /// <summary>What is left stands behind a <c>#</c>, and is sent to nobody.</summary>
    [Fact]
    public void Apply_LinkTooLongToReadToItsQuery_LosesItsDestination()
    {
        var path = new string('a', 3_000);

        Assert.Equal("[x](#removed-link?q=data)", Guarding.Output().Apply($"[x](https://evil.example/{path}?q=data)", new HashSet<SensitiveKind>()));
    }

    /// <summary>Behind so much white space no page finds the address any more.</summary>
    [Fact]
    public void Apply_OutboundLinkFarBehindItsLabel_IsNoLinkAnyMore()
    {
        var spaces = new string(' ', 500);

        Assert.StartsWith("![x](#removed-link ", Guarding.Output().Apply($"![x]({spaces}https://evil.example/data)", new HashSet<SensitiveKind>()), StringComparison.Ordinal);
    }

    [Fact]
    public void Apply_HtmlEncode_LeavesNoMarkup()
    {
        var guard = Guarding.Output(options => options.HtmlEncode = true);

        Assert.Equal("&lt;b onclick=&quot;x&quot;&gt; &amp; &#39;", guard.Apply("<b onclick=\"x\"> & '", new HashSet<SensitiveKind>()));
    }

    /// <summary>They are run, not shown.</summary>
    [Fact]
    public void Guard_HtmlEncode_LeavesTheArgumentsOfAToolAlone()
    {
        var call = new FunctionCallContent("1", "f", new Dictionary<string, object?> { ["query"] = "a < b && c", ["rows"] = JsonSerializer.SerializeToElement<string[]>(["<b>"]) });

        var guarded = (FunctionCallContent)Guarding.Output(options => options.HtmlEncode = true).Guard(call, new HashSet<SensitiveKind>());

        Assert.Equal("a < b && c", guarded.Arguments!["query"]);
        Assert.Equal("<b>", ((JsonElement)guarded.Arguments["rows"]!)[0].GetString());
    }

    [Fact]
    public void Guard_NamesOfFields_AreMaskedAndToldApart()
    {
        string[] cards = [SensitiveSamples.Card, SensitiveSamples.Card.Replace(' ', '-')];
        var nested = JsonSerializer.SerializeToElement(new Dictionary<string, int> { [cards[0]] = 1, [cards[1]] = 2, ["plain"] = 3 });
        var call = new FunctionCallContent("1", "f", new Dictionary<string, object?> { [cards[0]] = 1, [cards[1]] = nested });
        HashSet<SensitiveKind> kinds = [];

        var guarded = (FunctionCallContent)Guarding.Output().Guard(call, kinds);

        Assert.Equal("""{"[card]":1,"[card] 1":{"[card]":1,"[card] 1":2,"plain":3}}""", JsonSerializer.Serialize(guarded.Arguments));
        Assert.Equal([SensitiveKind.Card], kinds);
    }

    [Theory]
    [InlineData("https://files.example/a.png?key={0}")]
    [InlineData("https://files.example/{0}/a.png")]
    public void Guard_SecretInAnAddressWithALetterAsItsNumber_IsFound(string address)
    {
        var written = string.Format(System.Globalization.CultureInfo.InvariantCulture, address, $"%67{SensitiveSamples.GitHubToken[1..]}");
        HashSet<SensitiveKind> kinds = [];

        var guarded = Guarding.Output().Guard(new UriContent(new Uri(written), "image/*"), kinds);

        Assert.Equal([SensitiveKind.Secret], kinds);
        Assert.DoesNotContain(SensitiveSamples.Mixed[..8], Assert.IsType<TextContent>(guarded).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Guard_NameOfATool_IsMasked()
    {
        HashSet<SensitiveKind> kinds = [];

        var guarded = (FunctionCallContent)Guarding.Output().Guard(new FunctionCallContent("1", SensitiveSamples.GitHubToken, new Dictionary<string, object?>()), kinds);

        Assert.Equal("[secret]", guarded.Name);
        Assert.Equal([SensitiveKind.Secret], kinds);
    }

    [Theory]
    [InlineData("authorization", "Bearer #")]
    [InlineData("apiKey", "#\n")]
    [InlineData("api_key", " #")]
    [InlineData("Authorization", "token  #")]
    [InlineData("password", "hunter2\u200bhunter3")]
    public void Guard_SecretInAToolsArguments_IsMaskedHoweverItIsWritten(string name, string pattern)
    {
        var kinds = new HashSet<SensitiveKind>();
        var call = new FunctionCallContent("1", "get", new Dictionary<string, object?> { [name] = pattern.Replace("#", SensitiveSamples.Mixed, StringComparison.Ordinal) });

        var guarded = (FunctionCallContent)Guarding.Output().Guard(call, kinds);

        Assert.Equal("[secret]", guarded.Arguments![name]);
        Assert.Equal([SensitiveKind.Secret], kinds);
    }

    /// <summary>System.Text.Json writes a quote within a string as an escape, behind which nothing looks like itself.</summary>
    [Fact]
    public void Guard_JsonInJsonInAToolsResult_IsGuardedToo()
    {
        var text = JsonSerializer.Serialize(new { body = JsonSerializer.Serialize(new { body = JsonSerializer.Serialize(new { password = "hunter2" + "hunter3" }) }) });

        var guarded = (FunctionResultContent)Guarding.Output().Guard(new FunctionResultContent("1", text), new HashSet<SensitiveKind>());

        Assert.DoesNotContain("hunter3", (string)guarded.Result!, StringComparison.Ordinal);
        Assert.Contains("[secret]", (string)guarded.Result!, StringComparison.Ordinal);
    }

    [Fact]
    public void Guard_JsonInAToolsResult_IsGuardedFieldByField()
    {
        var text = JsonSerializer.Serialize(new { settings = new { password = "hunter2" + "hunter3", note = "ünïcode \"quoted\"" }, numbers = new[] { 1, 2 } });
        var clean = JsonSerializer.Serialize(new { note = "ünïcode \"quoted\"" });

        var guarded = (FunctionResultContent)Guarding.Output().Guard(new FunctionResultContent("1", text), new HashSet<SensitiveKind>());
        var untouched = (FunctionResultContent)Guarding.Output().Guard(new FunctionResultContent("1", clean), new HashSet<SensitiveKind>());

        var settings = JsonElement.Parse((string)guarded.Result!).GetProperty("settings");
        Assert.Equal(("[secret]", "ünïcode \"quoted\""), (settings.GetProperty("password").GetString(), settings.GetProperty("note").GetString()));
        Assert.Equal(clean, untouched.Result);
    }

    [Theory]
    [InlineData("""{"o":{"x":1,"x":2}}""", """{"x":1,"x":2}""")]
    [InlineData("""{"o":{"password":"#","password":"#"}}""", """{"password":"[secret]","password":"[secret]"}""")]
    public void Guard_ArgumentsThatNameAFieldTwice_AreGuardedAsText(string pattern, string expected)
    {
        var arguments = JsonSerializer.Deserialize<Dictionary<string, object?>>(pattern.Replace("#", "hunter2" + "hunter3", StringComparison.Ordinal));

        var guarded = (FunctionCallContent)Guarding.Output().Guard(new FunctionCallContent("1", "get", arguments), new HashSet<SensitiveKind>());

        Assert.Equal(expected, guarded.Arguments!["o"]!.ToString());
    }

    [Fact]
    public void Push_NothingSaidBetweenTheHalvesOfASecret_MasksItAllTheSame()
    {
        var stream = new GuardedStream(Guarding.Output());
        var token = SensitiveSamples.GitHubToken;
        AIContent[] said = [new TextContent($"It is {token[..20]}"), new TextReasoningContent(""), new TextContent(""), new TextContent($"{token[20..]}.")];

        var settled = said.SelectMany(content => stream.Push([content], isFinal: false)).ToList();
        settled.AddRange(stream.Push([], isFinal: true));

        Assert.Equal("It is [secret].", string.Concat(settled));
    }

    /// <summary>A number's digits may be a type's name.</summary>
    [Fact]
    public void Guard_TypeOfData_IsMasked()
    {
        HashSet<SensitiveKind> kinds = [];

        var guarded = Guarding.Output().Guard(new DataContent("words"u8.ToArray(), $"text/{SensitiveSamples.Card.Replace(" ", "", StringComparison.Ordinal)}"), kinds);

        Assert.Equal("text/[card]", Assert.IsType<TextContent>(guarded).Text);
        Assert.Equal([SensitiveKind.Card], kinds);
    }

    [Fact]
    public void Guard_ArgumentsThatWereCutOff_AreReadThroughTheirEscapes()
    {
        var arguments = "{\"to\":\"" + SensitiveSamples.Email.Replace("@", "\\u0040", StringComparison.Ordinal) + "\",\"b\":\"x";
        var call = new FunctionCallContent("1", "send") { AdditionalProperties = new() { ["malformedArguments"] = arguments } };

        var guarded = Guarding.Output().Guard(call, new HashSet<SensitiveKind>());

        Assert.Equal("{\"to\":\"[email]\",\"b\":\"x", guarded.AdditionalProperties!["malformedArguments"]);
    }

    [Fact]
    public void Guard_NameOfADocument_IsMasked()
    {
        var document = new DataContent("words"u8.ToArray(), "text/plain") { Name = SensitiveSamples.Email };

        var guarded = (DataContent)Guarding.Output().Guard(document, new HashSet<SensitiveKind>());

        Assert.Equal("[email]", guarded.Name);
    }

    [Theory]
    [InlineData("text/csv", "iso-8859-1")]
    [InlineData("text/plain;charset=utf-16", "utf-16")]
    [InlineData("application/json", "utf-8")]
    public void Guard_TextDocument_IsLeftAsItIsOrGuardedInItsEncoding(string mediaType, string encoding)
    {
        var bytes = Encoding.GetEncoding(encoding).GetBytes("Grüße");
        var document = new DataContent(bytes, mediaType) { AdditionalProperties = new() { ["document_name"] = "notes.txt" } };
        var telling = new DataContent(Encoding.GetEncoding(encoding).GetBytes($"Grüße, {SensitiveSamples.Email}"), mediaType) { AdditionalProperties = document.AdditionalProperties };

        Assert.Same(document, Guarding.Output().Guard(document, new HashSet<SensitiveKind>()));
        var guarded = (DataContent)Guarding.Output().Guard(telling, new HashSet<SensitiveKind>());
        Assert.Equal("Grüße, [email]", Encoding.GetEncoding(encoding).GetString(guarded.Data.Span));
        Assert.Equal("notes.txt", guarded.AdditionalProperties!["document_name"]);
    }

    /// <summary>An encoding that a document tells, or that it seems to have, does not hide what it holds.</summary>
    [Theory]
    [InlineData("text/plain", "ascii", "", "FFFE")]
    [InlineData("text/plain;charset=utf-16", "ascii", "", "")]
    [InlineData("text/plain;charset=utf-16be", "utf-16BE", "", "")]
    [InlineData("text/plain", "utf-16BE", "", "")]
    [InlineData("text/plain", "utf-16", "", "")]
    [InlineData("text/plain", "utf-16", "Grüße 路, ", "FFFE")]
    [InlineData("text/plain", "utf-16BE", "Grüße 路, ", "FEFF")]
    [InlineData("application/octet-stream", "utf-8", "Grüße, ", "")]
    public void Guard_DocumentInAnyEncoding_IsMaskedInItsOwn(string mediaType, string encoding, string before, string mark)
    {
        byte[] Written(string secret) => [.. Convert.FromHexString(mark), .. Encoding.GetEncoding(encoding).GetBytes($"{before}{secret} 1")];
        HashSet<SensitiveKind> kinds = [];

        var guarded = (DataContent)Guarding.Output().Guard(new DataContent(Written(SensitiveSamples.Card), mediaType), kinds);

        Assert.Equal([SensitiveKind.Card], kinds);
        Assert.Equal(Written("[card]"), guarded.Data.ToArray());
    }

    [Fact]
    public void Guard_JsonDocumentWithAnEscapedLetter_IsReadThroughIt()
    {
        var document = new DataContent(Encoding.UTF8.GetBytes($$"""{"card":"\u0034{{SensitiveSamples.Card[1..]}}"}"""), "application/json");

        var guarded = (DataContent)Guarding.Output().Guard(document, new HashSet<SensitiveKind>());

        Assert.Equal("""{"card":"[card]"}""", Encoding.UTF8.GetString(guarded.Data.Span));
    }

    /// <summary>What the guard does not understand it does not touch.</summary>
    [Theory]
    [InlineData("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "504B0304140000000800AB007F0D0A90989D8D")]
    [InlineData("application/vnd.sqlite3", "53514C69746520666F726D617420330010000101")]
    [InlineData("text/plain", "5661F865206E9E6E6ED92031303020809D0D0A7465787420907465787420989F2E")]
    [InlineData("text/csv", "FFFE61003B0062000D000A0041003B004200")]
    [InlineData("text/csv", "EFBBBF613B620D0A413B42")]
    public void Guard_DocumentWithNothingToFind_StaysByteForByte(string mediaType, string bytes)
    {
        var document = new DataContent(Convert.FromHexString(bytes), mediaType);

        Assert.Same(document, Guarding.Output().Guard(document, new HashSet<SensitiveKind>()));
    }

    /// <summary>Neither what the document tells of itself nor a byte that does not belong there keeps them in.</summary>
    [Theory]
    [InlineData("text/plain", "")]
    [InlineData("text/plain", "00")]
    [InlineData("text/plain", "FF")]
    [InlineData("text/plain;charset=utf-16", "")]
    public void Guard_HiddenCharactersInADocument_AreTakenOut(string mediaType, string more)
    {
        var document = new DataContent((byte[])[.. Encoding.UTF8.GetBytes("Read\U000E0041\U000E0042 this.\r\n"), .. Convert.FromHexString(more)], mediaType);

        var guarded = (DataContent)Guarding.Output().Guard(document, new HashSet<SensitiveKind>());

        Assert.StartsWith("Read this.\n", Encoding.UTF8.GetString(guarded.Data.Span), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text/plain", "FF")]
    [InlineData("application/x-ndjson", "FF")]
    [InlineData("application/json-seq", "00")]
    [InlineData("application/json5", "FF")]
    public void Guard_SecretCutByHiddenCharactersInADocument_IsFoundWhateverElseIsThere(string mediaType, string more)
    {
        var secret = SensitiveSamples.GitHubToken.Insert(7, "\u200b");
        HashSet<SensitiveKind> kinds = [];

        var guarded = (DataContent)Guarding.Output().Guard(
            new DataContent((byte[])[.. Encoding.UTF8.GetBytes($"Use {secret} here"), .. Convert.FromHexString(more)], mediaType), kinds);

        Assert.Equal([SensitiveKind.Secret], kinds);
        Assert.StartsWith("Use [secret] here", Encoding.UTF8.GetString(guarded.Data.Span), StringComparison.Ordinal);
    }
}
