namespace Acme.App.Keys;

/// <summary>A key source that this program may write to, when an operator rotates the key.</summary>
internal interface IWritableKeySource : IKeySource
{
    /// <summary>Puts the key in place of the old one, whole or not at all.</summary>
    /// <exception cref="KeySourceException">The source could not be written.</exception>
    Task WriteAsync(ApiKey key, CancellationToken cancellationToken);
}
