using Microsoft.Extensions.AI;

namespace Acme.App.Guards;

/// <summary>Guards an answer update by update. Text that is held back goes out before anything of another sort.</summary>
internal sealed class GuardedStream(TextGuard guard)
{
    private readonly HashSet<SensitiveKind> _kinds = [];
    private TextFilter? _filter;
    private AIContent? _flowing;

    public IReadOnlyCollection<SensitiveKind> Kinds => _kinds;

    public IList<AIContent> Push(IEnumerable<AIContent> contents, bool isFinal)
    {
        List<AIContent> settled = [];
        foreach (var content in contents)
        {
            // What says nothing must not part the two halves of a secret.
            if (content is TextContent { Text: "" } or TextReasoningContent { Text: "", ProtectedData: null })
                continue;
            if (content is TextContent or TextReasoningContent)
            {
                if (_flowing?.GetType() != content.GetType())
                    End(settled);
                _flowing = content;
                guard.GuardSignature(content, _kinds);
                _filter ??= guard.Start(_kinds);
                Add(_filter(content is TextContent text ? text.Text : ((TextReasoningContent)content).Text, isFinal: false), settled);
                continue;
            }

            if (content is not UsageContent)
                End(settled);
            settled.Add(guard.Guard(content, _kinds));
        }

        if (isFinal)
            End(settled);
        guard.RefuseBlocked(_kinds, messageIndex: null);
        return settled;
    }

    private void End(List<AIContent> settled)
    {
        if (_filter is { } filter)
            Add(filter("", isFinal: true), settled);
        (_filter, _flowing) = (null, null);
    }

    private void Add(string text, List<AIContent> settled)
    {
        if (text.Length > 0 || _flowing is TextReasoningContent { ProtectedData: not null })
            settled.Add(GuardedContent.WithText(_flowing!, text));
    }
}
