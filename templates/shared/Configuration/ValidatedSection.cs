namespace Acme.App.Configuration;

/// <summary>A section of the configuration that a room reads as its options.</summary>
internal sealed record ValidatedSection(string Name)
{
    /// <summary>Whether a setting inside the section <paramref name="below"/> belongs to this one, further down, instead.</summary>
    public bool Holds(string setting, ValidatedSection below) =>
        Name.StartsWith(below.Name + ":", StringComparison.OrdinalIgnoreCase) && setting.StartsWith(Name + ":", StringComparison.OrdinalIgnoreCase);
}
