using Microsoft.Extensions.AI;

namespace Acme.App.Guards;

/// <summary>Guards an answer update by update. Text that is held back goes out before anything of another sort.</summary>
internal sealed class GuardedStream(TextGuard guard)
{
    private readonly HashSet<SensitiveKind> _kinds = [];
    private ITextFilter? _filter;
    private AIContent? _flowing;

    public IReadOnlyCollection<SensitiveKind> Kinds => _kinds;

    public IList<AIContent> Push(IEnumerable<AIContent> contents, bool isFinal)
    {
        List<AIContent> settled = [];
        foreach (var content in contents)
        {
            if (content is UsageContent)
                settled.Add(SensitiveDataChatClient.WithoutRaw(content));
            else if (content is TextContent or TextReasoningContent)
                Flow(content, settled);
            else
            {
                End(settled);
                settled.Add(SensitiveDataChatClient.WithoutRaw(guard.Guard(content, _kinds)));
            }
        }

        if (isFinal)
            End(settled);
        return settled;
    }

    private void Flow(AIContent content, List<AIContent> settled)
    {
        if (_flowing?.GetType() != content.GetType())
            End(settled);
        _flowing = content;
        _filter ??= guard.Start(_kinds);
        Add(_filter.Push(content is TextContent text ? text.Text : ((TextReasoningContent)content).Text, isFinal: false), settled);
    }

    private void End(List<AIContent> settled)
    {
        if (_filter is { } filter)
            Add(filter.Push("", isFinal: true), settled);
        (_filter, _flowing) = (null, null);
    }

    private void Add(string text, List<AIContent> settled)
    {
        if (text.Length > 0 || _flowing is TextReasoningContent { ProtectedData: not null })
            settled.Add(GuardedContent.WithText(_flowing!, text));
    }
}
