namespace Acme.App.Keys;

/// <summary>The key to use for the next request.</summary>
internal interface IApiKeys
{
    /// <summary>The current key, read anew for each request.</summary>
    ApiKey Current { get; }

    /// <summary>The current key, or null while there is none: before the start's checks have read it, and offline.</summary>
    ApiKey? CurrentOrDefault => Current;

    /// <summary>
    /// Asks the source again after Mistral refused <paramref name="rejected"/> with a 401; callers that come together share one refresh.
    /// </summary>
    /// <returns>The key to try once more: the same one when the source has no other.</returns>
    ValueTask<ApiKey> RefreshAsync(ApiKey rejected, CancellationToken cancellationToken);
}
