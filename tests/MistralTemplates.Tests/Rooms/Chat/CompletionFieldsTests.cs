using System.Text.Json;
using System.Text.Json.Nodes;
using Acme.App.Chat;
using Acme.App.Guards;
using Acme.App.Mistral;

namespace MistralTemplates.Tests.Rooms.Chat;

/// <summary>What a caller writes in Mistral's wire is what Mistral gets, field by field.</summary>
public sealed class CompletionFieldsTests
{
    private const string Pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

    [Theory]
    [InlineData("""{"prediction":{"type":"content","content":"The tide"}}""")]
    [InlineData("""{"reasoning_effort":"high"}""")]
    [InlineData("""{"metadata":{"ticket":"7","nested":{"a":[1,true]}}}""")]
    [InlineData("""{"safe_prompt":true}""")]
    [InlineData("""{"safe_prompt":false}""")]
    [InlineData("""{"prompt_mode":"reasoning","prompt_cache_key":"tides"}""")]
    [InlineData("""{"guardrails":[{"block_on_error":true,"moderation_llm_v2":{"action":"block"}}]}""")]
    [InlineData("""{"tools":[{"type":"function","function":{"name":"look","parameters":{"type":"object"},"strict":true}}],"parallel_tool_calls":false,"tool_choice":"any"}""")]
    [InlineData("""{"tools":[{"type":"function","function":{"name":"look","parameters":{"type":"object"},"strict":false}}]}""")]
    [InlineData("""{"response_format":{"type":"json_schema","json_schema":{"name":"tide","schema":{"type":"object"},"strict":false}}}""")]
    [InlineData("""{"response_format":{"type":"json_schema","json_schema":{"name":"tide","schema":{"type":"object"},"strict":true}}}""")]
    [InlineData("""{"temperature":0.5,"top_p":0.9,"max_tokens":7,"stop":["x"],"random_seed":1,"presence_penalty":1,"frequency_penalty":-1}""")]
    public void Field_OfMistralsSchema_ReachesMistralAsWritten(string fields)
    {
        var asked = JsonNode.Parse(fields)!.AsObject();
        asked["model"] = "mistral-small-latest";
        asked["messages"] = JsonNode.Parse("""[{"role":"user","content":"Hello"}]""");

        Assert.True(JsonNode.DeepEquals(asked, Sent(asked.ToJsonString())), Sent(asked.ToJsonString()).ToJsonString());
    }

    [Theory]
    [InlineData("""{"type":"image_url","image_url":"https://example.com/a.png"}""")]
    [InlineData("""{"type":"image_url","image_url":{"url":"https://example.com/a.png","detail":"low"}}""")]
    [InlineData($$$"""{"type":"image_url","image_url":{"url":"data:image/png;base64,{{{Pixel}}}","detail":"high"}}""")]
    [InlineData("""{"type":"document_url","document_url":"https://example.com/a.pdf","document_name":"Tides"}""")]
    [InlineData("""{"type":"document_url","document_url":"data:application/pdf;base64,AA==","document_name":"Tides"}""")]
    [InlineData("""{"type":"document_url","document_url":"data:application/vnd.openxmlformats-officedocument.presentationml.presentation;base64,AA=="}""")]
    [InlineData("""{"type":"file","file_id":"b2a6a1e4-7c1d-4b0e-9f57-0d2f3c6f5a11"}""")]
    [InlineData("""{"type":"input_audio","input_audio":"AA=="}""")]
    [InlineData("""{"type":"input_audio","input_audio":"https://example.com/a.mp3"}""")]
    [InlineData("""{"type":"reference","reference_ids":[1,2]}""")]
    [InlineData("""{"type":"thinking","thinking":[{"type":"text","text":"Hm."}],"signature":"c2lnbmVk","closed":true}""")]
    public void Chunk_OfMistralsSchema_ReachesMistralAsWritten(string chunk)
    {
        var messages = JsonNode.Parse($$"""[{"role":"user","content":[{"type":"text","text":"Look:"},{{chunk}}]}]""")!;
        var sent = Sent(new JsonObject { ["model"] = "mistral-small-latest", ["messages"] = messages.DeepClone() }.ToJsonString())["messages"];

        Assert.True(JsonNode.DeepEquals(messages, sent), sent!.ToJsonString());
    }

    [Fact]
    public void Message_OfANamedTool_ReachesMistralAsWritten()
    {
        var messages = JsonNode.Parse("""[{"role":"assistant","content":"","tool_calls":[{"id":"abcdefgh1","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","content":"x","tool_call_id":"abcdefgh1","name":"f"}]""");

        var sent = Sent(new JsonObject { ["model"] = "mistral-small-latest", ["messages"] = messages!.DeepClone() }.ToJsonString())["messages"]!;

        Assert.Equal("f", sent[1]!["name"]!.GetValue<string>());
    }

    /// <summary>So OpenAI's client sends back what it got.</summary>
    [Fact]
    public void Message_WithFieldsThatSayNothing_ReachesMistralWithoutThem()
    {
        var sent = Sent("""{"model":"m","messages":[{"role":"assistant","content":"x","refusal":null,"parsed":null,"annotations":[],"audio":null},{"role":"user","content":"y","name":null}]}""");

        Assert.Equal("""[{"role":"assistant","content":"x"},{"role":"user","content":"y"}]""", sent["messages"]!.ToJsonString());
    }

    [Fact]
    public void Fields_ThatSayNothing_AreNoReasonToRefuse()
    {
        var sent = Sent("""{"model":"m","messages":[{"role":"user","content":"x","provider_specific_fields":{"a":null,"b":[]}}],"user":null,"store":null,"functions":[]}""");

        Assert.Equal(["messages", "model"], sent.AsObject().Select(field => field.Key).Order());
    }

    /// <summary>Who got a call that cannot be read tells the model so, and sends the call back with that.</summary>
    [Fact]
    public void ToolCall_WithBrokenArguments_ReachesMistralAsItWas()
    {
        var sent = Sent("""{"model":"m","messages":[{"role":"assistant","content":"","tool_calls":[{"id":"abcdefgh1","function":{"name":"f","arguments":"{\"only\":\"drafts"}}]},{"role":"tool","content":"That was no JSON.","tool_call_id":"abcdefgh1"}]}""");

        Assert.Equal("{\"only\":\"drafts", sent["messages"]![0]!["tool_calls"]![0]!["function"]!["arguments"]!.GetValue<string>());
    }

    [Fact]
    public void Prefix_OfTheLastMessage_ReachesMistral()
    {
        var sent = Sent("""{"model":"m","messages":[{"role":"user","content":"Hello"},{"role":"assistant","content":"The tide","prefix":true}]}""");

        Assert.True(sent["messages"]![1]!["prefix"]!.GetValue<bool>());
    }

    [Fact]
    public void Guardrails_OfTheProgram_StandBeforeTheCallers()
    {
        var settings = new MistralOptions { Guardrails = { Enabled = true } };
        var sent = Sent("""{"model":"m","messages":[],"guardrails":[{"moderation_llm_v2":{"action":"none"}}]}""", settings)["guardrails"]!.AsArray();

        Assert.Equal(["block", "none"], sent.Select(rail => rail!["moderation_llm_v2"]!["action"]!.GetValue<string>()));
    }

    [Theory]
    [InlineData("""{"store":true}""", "store")]
    [InlineData("""{"logprobs":true}""", "logprobs")]
    [InlineData("""{"web_search_options":{}}""", "web_search_options")]
    [InlineData("""{"":1}""", "$")]
    [InlineData("""{"user":"ada"}""", "user")]
    [InlineData("""{"n":2}""", "n")]
    [InlineData("""{"reasoning_effort":1}""", "reasoning_effort")]
    [InlineData("""{"safe_prompt":"yes"}""", "safe_prompt")]
    [InlineData("""{"metadata":[]}""", "metadata")]
    [InlineData("""{"max_tokens":1,"max_completion_tokens":1}""", "max_completion_tokens")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://example.com/a.png","detail":"huge"}}]}]}""", "messages[0].content[0].image_url.detail")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://example.com/a.png","size":"huge"}}]}]}""", "messages[0].content[0].image_url")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"image_url","image_url":"data:text/html;base64,AA=="}]}]}""", "messages[0].content[0].image_url")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"image_url","image_url":"data:image/png;x=hidden;base64,AA=="}]}]}""", "messages[0].content[0].image_url")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"document_url","document_url":"data:text/plain;charset=utf-8;x=hidden;base64,AA=="}]}]}""", "messages[0].content[0].document_url")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"document_url","document_url":"data:text/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa;base64,AA=="}]}]}""", "messages[0].content[0].document_url")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"document_url","document_url":"file:///etc/passwd"}]}]}""", "messages[0].content[0].document_url")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"file","file_id":"../x"}]}]}""", "messages[0].content[0].file_id")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"input_audio","input_audio":"not base64"}]}]}""", "messages[0].content[0].input_audio")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"reference"}]}]}""", "messages[0].content[0].reference_ids")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"video"}]}]}""", "messages[0].content[0].type")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"image_url","image_url":7}]}]}""", "messages[0].content[0].image_url")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"detail":"low"}}]}]}""", "messages[0].content[0].image_url")]
    [InlineData("""{"messages":[{"role":"user","content":"x","tool_calls":[{"id":"1","function":{"name":"f"}}]}]}""", "messages[0].tool_calls")]
    [InlineData("""{"messages":[{"role":"user","content":"x","prefix":true}]}""", "messages[0].prefix")]
    [InlineData("""{"messages":[{"role":"assistant","content":"x","tool_call_id":"1"}]}""", "messages[0].tool_call_id")]
    [InlineData("""{"messages":[{"role":"assistant","content":"x","refusal":"no"}]}""", "messages[0].refusal")]
    [InlineData("""{"messages":[{"role":"assistant","content":"x","annotations":[{}]}]}""", "messages[0].annotations")]
    [InlineData("""{"messages":[{"role":"user","content":"x","name":"Ada"}]}""", "messages[0].name")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"text"}]}]}""", "messages[0].content[0].text")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"text","text":"a","image_url":"https://example.com/a.png"}]}]}""", "messages[0].content[0].image_url")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"image_url","image_url":"https://example.com/a.png","document_name":"a"}]}]}""", "messages[0].content[0].document_name")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"tool_choice":"any"}""", "tool_choice")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"tools":[],"tool_choice":{"type":"function","function":{"name":"f"}}}""", "tool_choice")]
    public void Field_ThatCannotBePassedOn_IsRefusedByItsPath(string fields, string path)
    {
        var refusal = Assert.Throws<ChatRefusedException>(() => Sent(fields));

        Assert.Equal([path], refusal.Errors.Keys);
    }

    /// <summary>The answer would be several times as large as the request.</summary>
    [Fact]
    public void Field_WithANameWithoutEnd_IsRefusedWithoutIt()
    {
        var refusal = Assert.Throws<ChatRefusedException>(() => Sent($$"""{"{{new string('a', 1_000)}}":1}"""));

        Assert.Equal(["$"], refusal.Errors.Keys);
    }

    [Theory]
    [InlineData("""{"stream_options":{"include_usage":true},"stream":true}""", "stream", "true")]
    [InlineData("""{"max_completion_tokens":7}""", "max_tokens", "7")]
    [InlineData("""{"seed":7}""", "random_seed", "7")]
    [InlineData("""{"n":1}""", "n", null)]
    public void Field_OfOpenAIsClients_IsTranslated(string fields, string name, string? value)
    {
        var sent = Sent(fields);

        Assert.Equal(value, sent[name]?.ToJsonString());
        Assert.Empty(sent.Select(field => field.Key).Intersect(["stream_options", "max_completion_tokens", "seed", "n"]));
    }

    private static JsonObject Sent(string body, MistralOptions? settings = null)
    {
        var request = JsonSerializer.Deserialize(body, CompletionJsonContext.Default.CompletionRequest)!;
        var wire = WireRequest.From(CompletionRequests.ToMessages(request), CompletionRequests.ToOptions(request), settings ?? new MistralOptions(), request.Stream == true);
        return JsonSerializer.SerializeToNode(wire, MistralJsonContext.Default.WireRequest)!.AsObject();
    }
}
