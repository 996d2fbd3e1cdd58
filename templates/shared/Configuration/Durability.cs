namespace Acme.App.Configuration;

/// <summary>What a thing that was written survives before it counts as written.</summary>
internal enum Durability
{
    /// <summary>The process's end, however sudden.</summary>
    Process,

    /// <summary>The loss of power as well, for a flush each time.</summary>
    Disk,
}
