using System.Text.Json.Serialization;
using Microsoft.Extensions.AI;

namespace Acme.App.Guards;

/// <summary>A chat as a caller asks for it, before anybody has judged it. A class and not a record, so that no log prints it.</summary>
internal sealed class ChatRequest
{
    public string? Model { get; set; }

    public IReadOnlyList<ChatRequestMessage?>? Messages { get; set; }

    public float? Temperature { get; set; }

    public int? MaxTokens { get; set; }

    public bool? Stream { get; set; }

    /// <summary>The messages for the road, whose rules judge them; one without a role keeps having none.</summary>
    public IList<ChatMessage> ToChatMessages() =>
    [
        .. (Messages ?? []).Select(message => new ChatMessage(
            string.IsNullOrWhiteSpace(message?.Role) ? default : new ChatRole(message.Role), message?.Content)),
    ];

    public ChatOptions ToChatOptions() => new() { ModelId = Model, Temperature = Temperature, MaxOutputTokens = MaxTokens };
}

/// <summary>One message of a <see cref="ChatRequest"/>.</summary>
internal sealed class ChatRequestMessage
{
    public string? Role { get; set; }

    public string? Content { get; set; }
}

/// <summary>Reads <see cref="ChatRequest"/> strictly: an unknown, misspelt or repeated field is an error, not a surprise.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(ChatRequest))]
internal sealed partial class ChatRequestJsonContext : JsonSerializerContext;
