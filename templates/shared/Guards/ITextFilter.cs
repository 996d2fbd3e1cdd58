namespace Acme.App.Guards;

/// <summary>
/// Changes a text that arrives in pieces. However the text is cut, the pieces given back make up the same whole, and the last call is final.
/// </summary>
internal interface ITextFilter
{
    string Push(string piece, bool isFinal);
}

/// <summary>Finds what is to be replaced. What it decides depends only on the text, never on where a stream was cut.</summary>
internal interface ITextDetector
{
    /// <summary>
    /// Looks for the next finding from <paramref name="position"/>. Without one, <paramref name="position"/> is where the search goes on when
    /// more text comes, and <paramref name="safe"/> is how far the text is settled: nothing before it can become part of a finding.
    /// </summary>
    Finding? Next(ReadOnlySpan<char> text, bool isFinal, ref int position, ref int floor, out int safe);
}
