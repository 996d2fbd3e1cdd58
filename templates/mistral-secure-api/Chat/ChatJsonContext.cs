using System.Text.Json.Serialization;

namespace Acme.App.Chat;

/// <summary>The outward JSON of the chat endpoint, without reflection.</summary>
[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ChatResult))]
[JsonSerializable(typeof(ChatDelta))]
[JsonSerializable(typeof(Dictionary<string, string[]>))]
internal sealed partial class ChatJsonContext : JsonSerializerContext;
