namespace Acme.App.Configuration;

/// <summary>What becomes of a request while something that should guard, limit or record it fails.</summary>
internal enum FailureMode
{
    /// <summary>The request is refused.</summary>
    Closed,

    /// <summary>The request goes on without it.</summary>
    Open,
}
