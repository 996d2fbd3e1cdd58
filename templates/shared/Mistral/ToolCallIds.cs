using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.AI;

namespace Acme.App.Mistral;

/// <summary>
/// Mistral takes tool-call ids of nine ASCII letters or digits only. Its own stay as they are; another provider's become the same
/// nine characters each time, and never one that the conversation uses already.
/// </summary>
internal sealed class ToolCallIds(IEnumerable<ChatMessage> messages)
{
    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    private readonly Dictionary<string, string> _mapped = [];
    private HashSet<string>? _used;

    /// <summary>The id as Mistral takes it.</summary>
    public string this[string id]
    {
        get
        {
            if (IsNative(id) || _mapped.TryGetValue(id, out var mapped))
                return IsNative(id) ? id : _mapped[id];
            _used ??= [.. messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>().Select(call => call.CallId).Where(IsNative)];
            var round = 0;
            while (!_used.Add(mapped = Derive(id, round)))
                round++;
            return _mapped[id] = mapped;
        }
    }

    public static string Derive(string id, int round) => string.Create(9, SHA256.HashData(Encoding.UTF8.GetBytes($"{round}:{id}")), static (letters, hash) =>
    {
        for (var index = 0; index < letters.Length; index++)
            letters[index] = Alphabet[hash[index] % Alphabet.Length];
    });

    private static bool IsNative(string id) => id.Length == 9 && id.All(char.IsAsciiLetterOrDigit);
}
