namespace Acme.App.Keys;

/// <summary>What Mistral says of a key.</summary>
internal enum KeyVerdict
{
    Accepted,
    Rejected,

    /// <summary>Mistral could not be asked, or did not say: the key may be good.</summary>
    Inconclusive,
}

/// <summary>Asks Mistral whether it takes a key. The room above implements it.</summary>
internal interface IKeyVerifier
{
    Task<KeyVerdict> VerifyAsync(ApiKey key, CancellationToken cancellationToken);
}
