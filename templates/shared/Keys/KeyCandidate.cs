namespace Acme.App.Keys;

/// <summary>A key before it is taken.</summary>
/// <param name="key">The key.</param>
/// <param name="others">The values of other environments' keys.</param>
internal sealed class KeyCandidate(ApiKey key, IEnumerable<string> others)
{
    public string Value => key.Reveal();

    public IEnumerable<string> Others => others;
}
