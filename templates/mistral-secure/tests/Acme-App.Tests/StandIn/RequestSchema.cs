using static Acme.App.Tests.StandIn.Rules;

namespace Acme.App.Tests.StandIn;

/// <summary>
/// What Mistral's public OpenAPI document (2026-08-21) lets a request hold, and nothing else.
/// </summary>
internal static class RequestSchema
{
    private static readonly Rule FunctionType = OneOf("function");

    private static readonly Rule Reference = ListOf(Integer(long.MinValue));

    private static readonly Rule Thought = Tagged("type", new()
    {
        ["text"] = [Must("text", Text)],
        ["reference"] = [Must("reference_ids", Reference)],
    });

    private static readonly Field[] Thinking = [Must("thinking", ListOf(Thought)), May("signature", OrNull(Text)), May("closed", Flag)];

    private static readonly Rule Chunk = Tagged("type", new()
    {
        ["text"] = [Must("text", Text)],
        ["image_url"] = [Must("image_url", ByKind(text: Text, record: Fields(Must("url", Text), May("detail", OrNull(OneOf("low", "auto", "high"))))))],
        ["document_url"] = [Must("document_url", Text), May("document_name", OrNull(Text))],
        ["reference"] = [Must("reference_ids", Reference)],
        ["file"] = [Must("file_id", Text)],
        ["input_audio"] = [Must("input_audio", Text)],
        ["thinking"] = Thinking,
    });

    private static readonly Rule SystemChunk = Tagged("type", new() { ["text"] = [Must("text", Text)], ["thinking"] = Thinking });

    private static readonly Rule Content = ByKind(text: Text, list: ListOf(Chunk), orNull: true);

    private static readonly Rule ToolCall = Fields(
        May("id", Text),
        May("type", FunctionType),
        Must("function", Fields(Must("name", Text), Must("arguments", ByKind(text: Text, record: AnyObject)))),
        May("index", Integer(0)));

    private static readonly Rule Message = Tagged("role", new()
    {
        ["system"] = [Must("content", ByKind(text: Text, list: ListOf(SystemChunk)))],
        ["user"] = [Must("content", Content)],
        ["assistant"] = [May("content", Content), May("tool_calls", OrNull(ListOf(ToolCall))), May("prefix", Flag)],
        ["tool"] = [Must("content", Content), May("tool_call_id", OrNull(Text)), May("name", OrNull(Text))],
    });

    private static readonly Rule Tool = Fields(
        May("type", FunctionType),
        Must("function", Fields(Must("name", Text), Must("parameters", AnyObject), May("description", Text), May("strict", Flag))));

    private static readonly Rule ToolChoice = ByKind(
        text: OneOf("auto", "none", "any", "required"),
        record: Fields(May("type", FunctionType), Must("function", Fields(Must("name", Text)))));

    private static readonly Rule ResponseFormat = Fields(
        May("type", OneOf("text", "json_object", "json_schema")),
        May("json_schema", OrNull(Fields(Must("name", Text), May("description", OrNull(Text)), Must("schema", AnyObject), May("strict", Flag)))));

    private static readonly Rule Moderation = OrNull(Fields(
        May("model_name", Text),
        May("custom_category_thresholds", OrNull(AnyObject)),
        May("ignore_other_categories", Flag),
        May("action", OneOf("none", "block"))));

    private static readonly Rule Guardrail = Fields(
        May("block_on_error", Flag), May("moderation_llm_v1", Moderation), May("moderation_llm_v2", Moderation));

    public static readonly Rule Chat = Fields(
        Must("model", Text),
        Must("messages", ListOf(Message)),
        May("temperature", OrNull(Number(0, 1.5))),
        May("top_p", Number(0, 1, aboveLeast: true)),
        May("max_tokens", OrNull(Integer(0))),
        May("stream", Flag),
        May("stop", ByKind(text: Text, list: ListOf(Text))),
        May("random_seed", OrNull(Integer(0))),
        May("response_format", ResponseFormat),
        May("tools", OrNull(ListOf(Tool))),
        May("tool_choice", ToolChoice),
        May("presence_penalty", Number(-2, 2)),
        May("frequency_penalty", Number(-2, 2)),
        May("n", OrNull(Integer(1))),
        May("prediction", Fields(May("type", OneOf("content")), May("content", Text))),
        May("parallel_tool_calls", Flag),
        May("metadata", OrNull(AnyObject)),
        May("prompt_mode", OrNull(OneOf("reasoning"))),
        May("reasoning_effort", OneOf("none", "minimal", "low", "medium", "high", "xhigh")),
        May("guardrails", OrNull(ListOf(Guardrail))),
        May("prompt_cache_key", OrNull(Text)),
        May("safe_prompt", Flag));

    public static readonly Rule ChatModeration = Fields(Must("model", Text), Must("input", ListOf(ByKind(list: ListOf(Message), record: Message))));

    public static readonly Rule TextModeration = Fields(Must("model", Text), Must("input", ByKind(text: Text, list: ListOf(Text))));
}
