using Microsoft.Extensions.Primitives;

namespace Acme.App.Configuration;

/// <summary>
/// Settings that no dump of the configuration shows, whichever source has them: they are missing from it, and only
/// <see cref="Hidden"/> finds them. A source that is added after <see cref="Hide"/> hides nothing, and is not asked.
/// </summary>
internal static class HiddenSettings
{
    /// <summary>Hides the settings whose name begins so, in every source that there is now.</summary>
    public static void Hide(this IConfigurationBuilder configuration, string prefix)
    {
        var sources = configuration.Sources.ToList();
        configuration.Sources.Clear();
        sources.ForEach(source => configuration.Sources.Add(new HidingSource(source, prefix)));
    }

    /// <summary>The value of a hidden setting, for the one who hid it.</summary>
    public static string? Hidden(this IConfiguration configuration, string name) =>
        ((IConfigurationRoot)configuration).Providers.OfType<HidingProvider>().Select(provider => provider.Reveal(name)).OfType<string>().LastOrDefault();

    private sealed class HidingSource(IConfigurationSource source, string prefix) : IConfigurationSource
    {
        public IConfigurationProvider Build(IConfigurationBuilder builder) => new HidingProvider(source.Build(builder), prefix);
    }

    internal sealed class HidingProvider(IConfigurationProvider inner, string prefix) : IConfigurationProvider, IDisposable
    {
        public IConfigurationProvider Inner => inner;

        public string? Reveal(string name) => Hides(name) && inner.TryGet(name, out var value) ? value : null;

        public bool TryGet(string key, out string? value)
        {
            value = null;
            return !Hides(key) && inner.TryGet(key, out value);
        }

        public IEnumerable<string> GetChildKeys(IEnumerable<string> earlierKeys, string? parentPath) =>
            inner.GetChildKeys(earlierKeys, parentPath).Where(key => parentPath is not null || !Hides(key));

        public void Set(string key, string? value) => inner.Set(key, value);

        public IChangeToken GetReloadToken() => inner.GetReloadToken();

        public void Load() => inner.Load();

        public void Dispose() => (inner as IDisposable)?.Dispose();

        public override string? ToString() => inner.ToString();

        private bool Hides(string name) => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase);
    }
}
