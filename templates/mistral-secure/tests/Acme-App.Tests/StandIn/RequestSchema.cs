using static Acme.App.Tests.StandIn.Rules;

namespace Acme.App.Tests.StandIn;

/// <summary>
/// What Mistral's public OpenAPI document (2026-08-21) lets a request hold, and nothing else.
/// </summary>
internal static class RequestSchema
{
    private static readonly Rule s_functionType = OneOf("function");

    private static readonly Rule s_reference = ListOf(Integer(long.MinValue));

    private static readonly Rule s_thought = Tagged("type", new()
    {
        ["text"] = [Must("text", Text)],
        ["reference"] = [Must("reference_ids", s_reference)],
    });

    private static readonly Field[] s_thinking = [Must("thinking", ListOf(s_thought)), May("signature", OrNull(Text)), May("closed", Flag)];

    private static readonly Rule s_chunk = Tagged("type", new()
    {
        ["text"] = [Must("text", Text)],
        ["image_url"] = [Must("image_url", ByKind(text: Text, record: Fields(Must("url", Text), May("detail", OrNull(OneOf("low", "auto", "high"))))))],
        ["document_url"] = [Must("document_url", Text), May("document_name", OrNull(Text))],
        ["reference"] = [Must("reference_ids", s_reference)],
        ["file"] = [Must("file_id", Text)],
        ["input_audio"] = [Must("input_audio", Text)],
        ["thinking"] = s_thinking,
    });

    private static readonly Rule s_systemChunk = Tagged("type", new() { ["text"] = [Must("text", Text)], ["thinking"] = s_thinking });

    private static readonly Rule s_content = ByKind(text: Text, list: ListOf(s_chunk), orNull: true);

    private static readonly Rule s_toolCall = Fields(
        May("id", Text),
        May("type", s_functionType),
        Must("function", Fields(Must("name", Text), Must("arguments", ByKind(text: Text, record: AnyObject)))),
        May("index", Integer(0)));

    private static readonly Rule s_message = Tagged("role", new()
    {
        ["system"] = [Must("content", ByKind(text: Text, list: ListOf(s_systemChunk)))],
        ["user"] = [Must("content", s_content)],
        ["assistant"] = [May("content", s_content), May("tool_calls", OrNull(ListOf(s_toolCall))), May("prefix", Flag)],
        ["tool"] = [Must("content", s_content), May("tool_call_id", OrNull(Text)), May("name", OrNull(Text))],
    });

    private static readonly Rule s_tool = Fields(
        May("type", s_functionType),
        Must("function", Fields(Must("name", Text), Must("parameters", AnyObject), May("description", Text), May("strict", Flag))));

    private static readonly Rule s_toolChoice = ByKind(
        text: OneOf("auto", "none", "any", "required"),
        record: Fields(May("type", s_functionType), Must("function", Fields(Must("name", Text)))));

    private static readonly Rule s_responseFormat = Fields(
        May("type", OneOf("text", "json_object", "json_schema")),
        May("json_schema", OrNull(Fields(Must("name", Text), May("description", OrNull(Text)), Must("schema", AnyObject), May("strict", Flag)))));

    private static readonly Rule s_moderation = OrNull(Fields(
        May("model_name", Text),
        May("custom_category_thresholds", OrNull(AnyObject)),
        May("ignore_other_categories", Flag),
        May("action", OneOf("none", "block"))));

    private static readonly Rule s_guardrail = Fields(
        May("block_on_error", Flag), May("moderation_llm_v1", s_moderation), May("moderation_llm_v2", s_moderation));

    public static readonly Rule Chat = Fields(
        Must("model", Text),
        Must("messages", ListOf(s_message)),
        May("temperature", OrNull(Number(0, 1.5))),
        May("top_p", Number(0, 1, aboveLeast: true)),
        May("max_tokens", OrNull(Integer(0))),
        May("stream", Flag),
        May("stop", ByKind(text: Text, list: ListOf(Text))),
        May("random_seed", OrNull(Integer(0))),
        May("response_format", s_responseFormat),
        May("tools", OrNull(ListOf(s_tool))),
        May("tool_choice", s_toolChoice),
        May("presence_penalty", Number(-2, 2)),
        May("frequency_penalty", Number(-2, 2)),
        May("n", OrNull(Integer(1))),
        May("prediction", Fields(May("type", OneOf("content")), May("content", Text))),
        May("parallel_tool_calls", Flag),
        May("metadata", OrNull(AnyObject)),
        May("prompt_mode", OrNull(OneOf("reasoning"))),
        May("reasoning_effort", OneOf("none", "minimal", "low", "medium", "high", "xhigh")),
        May("guardrails", OrNull(ListOf(s_guardrail))),
        May("prompt_cache_key", OrNull(Text)),
        May("safe_prompt", Flag));

    public static readonly Rule ChatModeration = Fields(Must("model", Text), Must("input", ListOf(ByKind(list: ListOf(s_message), record: s_message))));

    public static readonly Rule TextModeration = Fields(Must("model", Text), Must("input", ByKind(text: Text, list: ListOf(Text))));
}
