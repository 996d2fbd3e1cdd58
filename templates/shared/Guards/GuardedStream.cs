using Acme.App.Mistral;
using Microsoft.Extensions.AI;

namespace Acme.App.Guards;

/// <summary>
/// Guards an answer update by update. Whoever shows its text shows the pieces joined, so that neither a thought nor a reference between them parts
/// what is sought. Text that is held back goes out before a tool's call.
/// </summary>
internal sealed class GuardedStream(TextGuard guard)
{
    private readonly HashSet<SensitiveKind> _kinds = [];
    private Flow? _text;
    private Flow? _thought;

    public IReadOnlyCollection<SensitiveKind> Kinds => _kinds;

    public IList<AIContent> Push(IEnumerable<AIContent> contents, bool isFinal)
    {
        List<AIContent> settled = [];
        foreach (var content in contents)
        {
            switch (content)
            {
                case TextContent text:
                    if (text.Text.Length == 0)
                        break;
                    End(ref _thought, settled);
                    Push(ref _text, text, text.Text, isEnd: false, settled);
                    break;
                case TextReasoningContent thought:
                    guard.GuardSignature(thought, _kinds);
                    // A signature is that of the thought it ends.
                    if (thought.Text.Length > 0 || thought.ProtectedData is not null)
                        Push(ref _thought, thought, thought.Text, isEnd: thought.ProtectedData is not null, settled);
                    break;
                default:
                    End(ref _thought, settled);
                    if (content is not (UsageContent or ReferenceContent) && content.GetType() != typeof(AIContent))
                        End(ref _text, settled);
                    settled.Add(guard.Guard(content, _kinds));
                    break;
            }
        }

        if (isFinal)
        {
            End(ref _thought, settled);
            End(ref _text, settled);
        }

        guard.RefuseBlocked(_kinds);
        return settled;
    }

    private void Push(ref Flow? flow, AIContent content, string piece, bool isEnd, List<AIContent> settled)
    {
        flow = (flow ?? new Flow(guard.Start(_kinds), content)) with { Last = content };
        Add(content, flow.Filter(piece, isEnd), settled);
        if (isEnd)
            flow = null;
    }

    private static void End(ref Flow? flow, List<AIContent> settled)
    {
        if (flow is { } open)
            Add(open.Last, open.Filter("", true), settled);
        flow = null;
    }

    private static void Add(AIContent content, string text, List<AIContent> settled)
    {
        if (text.Length > 0 || content is TextReasoningContent { ProtectedData: not null })
            settled.Add(GuardedContent.WithText(content, text));
    }

    /// <summary>Text of one sort on its way.</summary>
    private sealed record Flow(TextFilter Filter, AIContent Last);
}
