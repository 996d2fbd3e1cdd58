using System.Security.Cryptography;
using System.Text.Json;
using Acme.App.Access;
using Acme.App.Auditing;
using Acme.App.Chat;
using Acme.App.Configuration;
using Acme.App.Guards;
using Acme.App.Keys;
using Acme.App.Mistral;
using Acme.App.Operations;
using Acme.App.Operations.Doctor;
using Acme.App.Scale;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using MistralTemplates.Harness;
using MistralTemplates.Tests.Rooms.Configuration;
using Spectre.Console;

namespace MistralTemplates.Tests.Rooms.Chat;

/// <summary>The doctor before an API whose pipeline is whole, and before one that lost a part.</summary>
public sealed class ApiChecksTests
{
    private static readonly string[] s_production =
    [
        $"--Audit:ChainKey={Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))}", $"--Audit:CheckpointKey={NewCheckpointKey()}",
        "--Mistral:Endpoint=https://mistral.example", "--Access:Anonymous=false",
        "--Authentication:Schemes:Bearer:ValidIssuer=issuer", "--Authentication:Schemes:Bearer:ValidAudiences:0=issuer",
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RateLimits_AsItIsMade_Passes() => Assert.Equal("passed", (await CheckAsync("rate-limits", UseAll)).Mark);

    /// <summary>The doctor asks under a name of its own.</summary>
    [Theory]
    [InlineData("rate-limits")]
    [InlineData("errors")]
    [InlineData("transport")]
    public async Task Check_HostsAreNamed_Passes(string check) =>
        Assert.Equal("passed", (await CheckAsync(check, UseAll, "Production", [.. s_production, "--AllowedHosts=api.example;localhost"])).Mark);

    [Fact]
    public async Task RateLimits_EndpointIsOutsideTheGroupOfCallers_FailsForTheCaller()
    {
        var (mark, found) = await CheckAsync("rate-limits", app =>
        {
            app.UseAccess();
            app.MapPost("/api/chat", () => Results.BadRequest());
        });

        Assert.Equal("failed", mark);
        Assert.StartsWith("One caller may send", found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RateLimits_AnotherEndpointIsOutsideTheGroupOfCallers_IsNamed()
    {
        var (mark, found) = await CheckAsync("rate-limits", app =>
        {
            UseAll(app);
            app.MapPost("api/own", () => Results.Ok());
            app.MapGet("/open", () => Results.Ok()).AllowAnonymous();
            app.MapGet("/staff", () => Results.Ok()).RequireAuthorization("staff");
            app.MapGet("/operate", () => Results.Ok()).RequireAuthorization(AccessPolicies.Operate);
        });

        Assert.Equal(("failed", "One caller may send any number of requests to /api/own, /staff."), (mark, found));
    }

    [Fact]
    public async Task RateLimits_EndpointIsOpenToAnybody_IsNamed()
    {
        var (mark, found) = await CheckAsync("rate-limits", app =>
        {
            UseAll(app);
            app.MapPost("/ask", () => Results.Ok()).AllowAnonymous();
        });

        Assert.Equal("passed", mark);
        Assert.EndsWith(" Open to anybody: /ask, /health/live, /health/ready.", found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RateLimits_NoLimitForAnAddress_FailsForTheAddress()
    {
        var (mark, found) = await CheckAsync("rate-limits", app =>
        {
            app.UseExceptionHandler();
            app.UseRouting();
            app.UseAuthentication();
            app.UseAuthorization();
            app.MapChat();
        });

        Assert.Equal("failed", mark);
        Assert.StartsWith("One address may send", found, StringComparison.Ordinal);
    }

    /// <summary>Such a policy asks its scheme for a token, which the doctor has not: that says nothing of the limits.</summary>
    [Fact]
    public async Task RateLimits_PolicyNamesAScheme_SaysThatItWasNotChecked()
    {
        var (mark, found) = await CheckAsync("rate-limits", app =>
        {
            var policies = app.Services.GetRequiredService<IOptions<AuthorizationOptions>>().Value;
            policies.AddPolicy(AccessPolicies.Chat, policy => policy.AddAuthenticationSchemes("Bearer").RequireAuthenticatedUser());
            UseAll(app);
        });

        Assert.Equal(("notChecked", "not checked: a caller of the doctor's is answered with 401 before it is counted."), (mark, found));
    }

    [Fact]
    public async Task RateLimits_NoChat_SaysThatItWasNotChecked() => Assert.Equal(("notChecked", "not checked: there is no /api/chat."), await CheckAsync("rate-limits", app => app.UseAccess()));

    /// <summary>Nothing listens where Redis should: the owner is told that it is Redis, and not that the endpoint has no limit.</summary>
    [Theory]
    [InlineData("Closed")]
    [InlineData("Open")]
    public async Task RateLimits_CountIsOutOfReach_SaysWhy(string mode)
    {
        using var folder = Folder();
        await using var away = new RedisConnection(Options.Create(new RedisOptions { Endpoint = "127.0.0.1:1", ConnectTimeout = TimeSpan.FromMilliseconds(200) }));
        var store = new RedisLimitStore(away, Options.Create(new AccessOptions()), TimeProvider.System);

        var (mark, found) = await CheckAsync("rate-limits", UseAll, "Development", [$"--Access:FailureMode={mode}"], folder, store);

        Assert.Equal("notChecked", mark);
        Assert.StartsWith("not checked: the limits cannot be counted now. Redis does not answer: ", found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Errors_AsItIsMade_Passes() => Assert.Equal("passed", (await CheckAsync("errors", UseAll)).Mark);

    [Fact]
    public async Task Errors_PageForDevelopers_Fails() => Assert.Equal("failed", (await CheckAsync("errors", app =>
    {
        app.UseDeveloperExceptionPage();
        app.UseAccess();
        app.MapChat();
    })).Mark);

    [Fact]
    public async Task Errors_CallerIsRefusedBefore_SaysThatItWasNotChecked() => Assert.Equal("notChecked", (await CheckAsync("errors", app => app.Run(context =>
    {
        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        return Task.CompletedTask;
    }))).Mark);

    [Fact]
    public async Task Transport_InProduction_Passes() => Assert.Equal("passed", (await CheckAsync("transport", UseAll, "Production", s_production)).Mark);

    [Fact]
    public async Task Transport_InDevelopment_SaysThatItWasNotChecked() => Assert.Equal("notChecked", (await CheckAsync("transport", UseAll)).Mark);

    [Fact]
    public async Task Transport_NoRedirection_Fails()
    {
        var (mark, found) = await CheckAsync("transport", app =>
        {
            app.UseHsts();
            app.MapHealth();
        }, "Production", s_production);

        Assert.Equal("failed", mark);
        Assert.Contains("instead of being sent to https", found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Transport_NoHsts_Fails()
    {
        var (mark, found) = await CheckAsync("transport", app =>
        {
            app.UseHttpsRedirection();
            app.MapHealth();
        }, "Production", s_production);

        Assert.Equal("failed", mark);
        Assert.Contains("do not carry Strict-Transport-Security", found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnyCheck_AsksThePipeline_LeavesNoTraceInTheAudit()
    {
        using var folder = Folder();

        await CheckAsync("errors", UseAll, "Development", [], folder);

        Assert.Empty(Directory.GetFiles(folder.Path, "*.jsonl", SearchOption.AllDirectories));
    }

    private static void UseAll(WebApplication app)
    {
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseAccess();
        app.MapChat();
        app.MapHealth();
    }

    private static string NewCheckpointKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Convert.ToBase64String(key.ExportPkcs8PrivateKey());
    }

    private static TemporaryFolder Folder()
    {
        var folder = new TemporaryFolder();
        foreach (var file in Directory.EnumerateFiles(Path.Combine(TemplatePack.RepositoryRoot, "templates", "shared"), "appsettings*.json"))
            File.Copy(file, Path.Combine(folder.Path, Path.GetFileName(file)));
        return folder;
    }

    private static async Task<(string? Mark, string? Found)> CheckAsync(string check, Action<WebApplication> use, string environment = "Development", params string[] settings)
    {
        using var folder = Folder();
        return await CheckAsync(check, use, environment, settings, folder);
    }

    private static async Task<(string? Mark, string? Found)> CheckAsync(string check, Action<WebApplication> use, string environment, string[] settings, TemporaryFolder folder, ILimitStore? store = null)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        await DoctorCommand.Create(() => Build(folder.Path, use, environment, settings, store), output, console, errors).Parse(["--format", "json"]).InvokeAsync(cancellationToken: Token);

        Assert.Equal("", errors.ToString());
        using var json = JsonDocument.Parse(output.ToString());
        var result = json.RootElement.GetProperty("checks").EnumerateArray().Single(element => element.GetProperty("id").GetString() == check);
        return (result.GetProperty("mark").GetString(), result.GetProperty("found").GetString());
    }

    private static WebApplication Build(string folder, Action<WebApplication> use, string environment, string[] settings, ILimitStore? store)
    {
        string[] arguments = environment == "Development" ? ["--Mistral:Offline=true", "--Access:Anonymous=true", .. settings] : settings;
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = arguments, ContentRootPath = folder, EnvironmentName = environment, ApplicationName = "Acme-App" });
        if (store is not null)
            builder.Services.AddSingleton(store);
        builder.AddConfiguration();
        builder.AddKeys();
        builder.AddMistral();
        builder.AddGuards();
        builder.AddAuditing();
        builder.AddOperations();
        builder.AddAccess();
        builder.AddChat();
        builder.AddInProcessServer();
        var app = builder.Build();
        use(app);
        return app;
    }
}
