using Acme.App.Keys;

namespace MistralTemplates.Tests.Rooms.Mistral;

/// <summary>Gives one key until it is rejected, then the next.</summary>
internal sealed class FakeApiKeys(params string[] values) : IApiKeys
{
    private readonly Queue<string> _later = new(values.Skip(1));

    public ApiKey Current { get; set; } = new(values[0], "1");

    public int Refreshes { get; private set; }

    public ValueTask<ApiKey> RefreshAsync(ApiKey rejected, CancellationToken cancellationToken)
    {
        Refreshes++;
        if (_later.TryDequeue(out var next))
            Current = new ApiKey(next, "2");
        return ValueTask.FromResult(Current);
    }
}
