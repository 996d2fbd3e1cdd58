namespace Acme.App.Jobs;

/// <summary>What was told of a fault that lasts: each cause once, until it is over.</summary>
internal sealed class ToldFaults
{
    private const int MostTold = 10;

    private readonly HashSet<string> _told = [];

    public bool IsNews(string cause) => _told.Count < MostTold && _told.Add(cause);

    /// <returns>Whether there was a fault.</returns>
    public bool End()
    {
        var wasTold = _told.Count > 0;
        _told.Clear();
        return wasTold;
    }
}
