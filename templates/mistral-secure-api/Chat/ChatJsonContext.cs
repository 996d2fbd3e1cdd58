using System.Text.Json.Serialization;
using Acme.App.Guards;

namespace Acme.App.Chat;

/// <summary>A piece of a streamed answer.</summary>
internal sealed record ChatDelta(string Delta);

/// <summary>The outward JSON of the chat endpoint, without reflection.</summary>
[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ChatResult))]
[JsonSerializable(typeof(ChatDelta))]
[JsonSerializable(typeof(Dictionary<string, string[]>))]
internal sealed partial class ChatJsonContext : JsonSerializerContext;
