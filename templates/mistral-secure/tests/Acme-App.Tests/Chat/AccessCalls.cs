using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace Acme.App.Tests.Chat;

/// <summary>What the tests of access do and look at.</summary>
internal static class AccessCalls
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public static HttpClient Client(ApiUnderTest api, string? token)
    {
        var client = api.CreateClient();
        client.DefaultRequestHeaders.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    public static Task<HttpResponseMessage> AskAsync(HttpClient client, int? maxTokens = null) => client.PostAsJsonAsync(
        "/api/chat", new { model = "mistral-small-latest", messages = new[] { new { role = "user", content = "Hello" } }, maxTokens }, CancellationToken);

    public static async Task<IReadOnlyList<JsonElement>> RecordsAsync(ApiUnderTest api, string action)
    {
        await using var file = new FileStream(api.AuditFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var lines = (await new StreamReader(file).ReadToEndAsync(CancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return [.. lines.Select(line => JsonDocument.Parse(line).RootElement).Where(record => record.GetProperty("action").GetString() == action)];
    }
}
