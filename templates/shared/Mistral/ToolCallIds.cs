using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.AI;

namespace Acme.App.Mistral;

/// <summary>
/// Mistral takes tool-call ids of nine ASCII letters or digits only. Its own stay as they are; another provider's become the same
/// nine characters each time, and never one that the conversation uses already.
/// </summary>
internal sealed class ToolCallIds
{
    private const int Length = 9;
    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    private readonly Dictionary<string, string> _mapped = [];
    private readonly HashSet<string> _used = [];

    public ToolCallIds(IEnumerable<ChatMessage> messages)
    {
        var ids = messages.SelectMany(message => message.Contents)
            .Select(content => (content as FunctionCallContent)?.CallId ?? (content as FunctionResultContent)?.CallId)
            .OfType<string>();
        foreach (var id in ids.Where(IsNative))
            _used.Add(id);
    }

    /// <summary>The id as Mistral takes it.</summary>
    public string this[string id]
    {
        get
        {
            if (IsNative(id))
                return id;
            if (_mapped.TryGetValue(id, out var known))
                return known;
            var round = 0;
            var mapped = Derive(id, round);
            while (!_used.Add(mapped))
                mapped = Derive(id, ++round);
            return _mapped[id] = mapped;
        }
    }

    /// <summary>An id for a call that came without one.</summary>
    public static string Derive(string id, int round)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{round}:{id}"));
        return string.Create(Length, hash, static (letters, hash) =>
        {
            for (var index = 0; index < letters.Length; index++)
                letters[index] = Alphabet[hash[index] % Alphabet.Length];
        });
    }

    private static bool IsNative(string id) => id.Length == Length && id.All(char.IsAsciiLetterOrDigit);
}
