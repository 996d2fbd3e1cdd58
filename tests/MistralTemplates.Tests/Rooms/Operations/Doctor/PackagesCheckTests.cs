using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Acme.App.Operations.Doctor;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using MistralTemplates.Harness;
using MistralTemplates.Tests.Rooms.Configuration;

namespace MistralTemplates.Tests.Rooms.Operations.Doctor;

/// <summary>What the doctor makes of a feed's answer, asked by the real <c>dotnet list package</c> of a feed on loopback with one package.</summary>
public sealed class PackagesCheckTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true, true, "Failed", "Known to be vulnerable: Acme.Sample 1.0.0.")]
    [InlineData(false, true, "Passed", "The feed knows of no vulnerability in the packages used.")]
    [InlineData(true, false, "NotChecked", "not checked: the packages are not restored, or their feed did not answer.")]
    public async Task CheckPackages_AnswerOfAFeed_IsJudged(bool isVulnerable, bool answers, string mark, string found)
    {
        using var folder = new TemporaryFolder();
        // The path is another for each feed, since NuGet keeps answers by their address.
        var path = $"/{Guid.NewGuid():N}";
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        await using var feed = builder.Build();
        feed.Run(context => AnswerAsync(context, feed.Urls.Single() + path, isVulnerable));
        await feed.StartAsync(Token);
        folder.Write("nuget.config", $"""
            <configuration>
              <packageSources><clear /><add key="feed" value="{feed.Urls.Single()}{path}/index.json" allowInsecureConnections="true" /></packageSources>
            </configuration>
            """);
        folder.Write("sample.csproj", """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup><TargetFramework>net10.0</TargetFramework><NuGetAudit>false</NuGetAudit></PropertyGroup>
              <ItemGroup><PackageReference Include="Acme.Sample" Version="1.0.0" /></ItemGroup>
            </Project>
            """);
        var packages = new Dictionary<string, string> { ["NUGET_PACKAGES"] = Path.Combine(folder.Path, "packages"), ["NUGET_HTTP_CACHE_PATH"] = Path.Combine(folder.Path, "answers") };
        (await Command.RunAsync("dotnet", ["restore"], folder.Path, TimeSpan.FromMinutes(5), Token, packages)).EnsureSuccess("dotnet restore");
        if (!answers)
            await feed.StopAsync(Token);
        using var patient = new Patient(folder.Path, git: null);
        await using var services = new ServiceCollection().AddSingleton(patient).BuildServiceProvider();

        var verdict = await RepositoryChecks.All.Single(check => check.Id == "packages").RunAsync(services, Token);

        Assert.Equal((mark, found), (verdict.Mark.ToString(), verdict.Found));
    }

    [Fact]
    public async Task CheckPackages_NothingWasRestored_IsNotCheckedAndSaysHow()
    {
        using var folder = new TemporaryFolder();
        folder.Write("sample.csproj", """<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup></Project>""");
        using var patient = new Patient(folder.Path, git: null);
        await using var services = new ServiceCollection().AddSingleton(patient).BuildServiceProvider();

        var verdict = await RepositoryChecks.All.Single(check => check.Id == "packages").RunAsync(services, Token);

        Assert.Equal((CheckMark.NotChecked, true), (verdict.Mark, verdict.Remedy.StartsWith("Restore the packages", StringComparison.Ordinal)));
    }

    /// <summary>The parts of NuGet's protocol (version 3) that a restore and a list ask for.</summary>
    private static async Task AnswerAsync(HttpContext context, string address, bool isVulnerable)
    {
        var asked = context.Request.Path.Value ?? "";
        if (asked.EndsWith(".nupkg", StringComparison.Ordinal))
            await context.Response.Body.WriteAsync(Package(), context.RequestAborted);
        else if (asked.EndsWith("/reg/acme.sample/index.json", StringComparison.Ordinal))
            await context.Response.WriteAsync(Registration(address, isVulnerable).ToJsonString(), context.RequestAborted);
        else if (asked.EndsWith("/flat/acme.sample/index.json", StringComparison.Ordinal))
            await context.Response.WriteAsync("""{ "versions": [ "1.0.0" ] }""", context.RequestAborted);
        else
            await context.Response.WriteAsync($$"""
                { "version": "3.0.0", "resources": [
                  { "@id": "{{address}}/flat/", "@type": "PackageBaseAddress/3.0.0" },
                  { "@id": "{{address}}/reg/", "@type": "RegistrationsBaseUrl/3.6.0" } ] }
                """, context.RequestAborted);
    }

    private static JsonObject Registration(string address, bool isVulnerable)
    {
        var entry = new JsonObject { ["@id"] = $"{address}/entry", ["id"] = "Acme.Sample", ["version"] = "1.0.0", ["listed"] = true };
        if (isVulnerable)
            entry["vulnerabilities"] = new JsonArray(new JsonObject { ["advisoryUrl"] = "https://advisories.example/1", ["severity"] = "2" });
        var leaf = new JsonObject { ["@id"] = $"{address}/leaf", ["catalogEntry"] = entry, ["packageContent"] = $"{address}/flat/acme.sample/1.0.0/acme.sample.1.0.0.nupkg" };
        var page = new JsonObject { ["@id"] = $"{address}/page", ["count"] = 1, ["lower"] = "1.0.0", ["upper"] = "1.0.0", ["items"] = new JsonArray(leaf) };
        return new JsonObject { ["count"] = 1, ["items"] = new JsonArray(page) };
    }

    private static byte[] Package()
    {
        using var bytes = new MemoryStream();
        using (var archive = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            using (var manifest = new StreamWriter(archive.CreateEntry("Acme.Sample.nuspec").Open(), Encoding.UTF8))
                manifest.Write("<package><metadata><id>Acme.Sample</id><version>1.0.0</version><authors>Acme</authors><description>A sample.</description></metadata></package>");
            archive.CreateEntry("lib/netstandard2.0/_._");
        }

        return bytes.ToArray();
    }
}
