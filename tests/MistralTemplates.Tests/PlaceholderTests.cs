namespace MistralTemplates.Tests;

public sealed class PlaceholderTests
{
    [Fact]
    public void ApiKey_ToString_GivesTheFingerprint()
    {
        var key = new Acme.App.Keys.ApiKey(new string('k', 3) + "ey", "1");

        Assert.Equal(key.Fingerprint, key.ToString());
    }
}
