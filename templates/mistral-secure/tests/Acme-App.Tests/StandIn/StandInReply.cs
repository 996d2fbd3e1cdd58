using System.Text;

namespace Acme.App.Tests.StandIn;

/// <summary>How a scripted reply ends, once everything is sent.</summary>
internal enum ReplyEnd
{
    Properly,

    /// <summary>The connection is closed in the middle of the reply.</summary>
    Cut,

    /// <summary>Nothing more is sent, and the connection stays open.</summary>
    Hang,
}

/// <summary>A tool call that the stand-in makes. Its arguments are JSON, sent as a string as Mistral does.</summary>
internal sealed record StandInToolCall(string Id, string Name, string Arguments);

/// <summary>What the stand-in answers instead of its usual reply: an answer of the model, or any bytes at all.</summary>
internal sealed record StandInReply
{
    public int Status { get; init; } = 200;

    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    public string ContentType { get; init; } = "application/json";

    /// <summary>The body as it is sent, piece by piece. Null when the stand-in is to word an answer itself.</summary>
    public IEnumerable<byte[]>? Pieces { get; init; }

    /// <summary>The answer's text, for the stand-in to word as the request asked, streamed or not.</summary>
    public string? Text { get; init; }

    public IReadOnlyList<StandInToolCall> ToolCalls { get; init; } = [];

    public string FinishReason { get; init; } = "stop";

    /// <summary>How long the stand-in waits before it sends anything.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>How long the stand-in waits before each piece.</summary>
    public TimeSpan Pause { get; init; }

    public ReplyEnd End { get; init; }

    public static StandInReply Answer(string text, string finishReason = "stop") => new() { Text = text, FinishReason = finishReason };

    public static StandInReply Calls(params StandInToolCall[] calls) => new() { ToolCalls = calls, FinishReason = "tool_calls" };

    public static StandInReply Json(string body, int status = 200) => new() { Status = status, Pieces = [Encoding.UTF8.GetBytes(body)] };

    public static StandInReply Error(int status, string body, params (string Name, string Value)[] headers) =>
        Json(body, status) with { Headers = headers.ToDictionary(header => header.Name, header => header.Value) };

    /// <summary>Sends these pieces of an event stream as they are; each is flushed on its own.</summary>
    public static StandInReply Stream(params string[] pieces) => StreamOf(pieces.Select(Encoding.UTF8.GetBytes));

    public static StandInReply StreamOf(IEnumerable<byte[]> pieces) => new() { ContentType = "text/event-stream", Pieces = pieces };
}
