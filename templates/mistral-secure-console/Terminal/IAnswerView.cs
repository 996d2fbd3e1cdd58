namespace Acme.App.Terminal;

/// <summary>Where an answer appears, piece by piece. What is written comes from the guarded road, free of control sequences.</summary>
internal interface IAnswerView
{
    /// <summary>The question was sent.</summary>
    void Begin();

    void Write(string text);

    /// <summary>The answer is complete, or has broken off.</summary>
    void End();
}

/// <summary>The answer as it is, for a pipe or a terminal that only prints.</summary>
internal sealed class PlainView(TextWriter output) : IAnswerView
{
    private bool _hasText;

    public void Begin() => _hasText = false;

    public void Write(string text)
    {
        _hasText = true;
        output.Write(text);
        output.Flush();
    }

    public void End()
    {
        if (_hasText)
            output.WriteLine();
    }
}
