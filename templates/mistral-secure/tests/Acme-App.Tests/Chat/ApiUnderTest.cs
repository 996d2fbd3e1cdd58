using Acme.App.Tests.StandIn;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;

namespace Acme.App.Tests.Chat;

/// <summary>The API in this process, asking the stand-in.</summary>
internal sealed class ApiUnderTest(MistralStandIn mistral) : WebApplicationFactory<Program>
{
    private readonly string _data = Directory.CreateTempSubdirectory("api-under-test-").FullName;

    // A key on the command line, which is how the factory passes settings, is refused: every user of the machine could see it.
    static ApiUnderTest() => Environment.SetEnvironmentVariable("MISTRAL_API_KEY_DEV", MistralStandIn.UsualKey);

    /// <summary>Whether chats need no token.</summary>
    public bool AllowAnonymous { get; init; } = true;

    public string AuditFile => Path.Combine(_data, "audit.jsonl");

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseEnvironment("Development");
        // The test's own folder: no .env of the repository is read, and its settings are the project's.
        builder.UseContentRoot(AppContext.BaseDirectory);
        builder.UseSetting("Access:AllowAnonymous", AllowAnonymous.ToString());
        // No service but the stand-in is needed.
        builder.UseSetting("Limits:FailureMode", "Open");
        builder.UseSetting("Audit:Path", AuditFile);
        builder.UseSetting("Mistral:Endpoint", mistral.Endpoint.ToString());
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(_data, recursive: true);
    }
}
