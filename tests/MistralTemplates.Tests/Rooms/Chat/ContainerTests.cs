using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using MistralTemplates.Benchmarks.Auditing;
using MistralTemplates.Harness;
using MistralTemplates.Tests.Rooms.Configuration;

namespace MistralTemplates.Tests.Rooms.Chat;

/// <summary>What the image promises, without a container: a read-only file system is enough, and no secret reaches a layer.</summary>
public sealed class ContainerTests
{
    private static readonly string s_output = Path.Combine(TemplatePack.RepositoryRoot, "templates", "mistral-secure");

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    /// <summary>As a user that may write nowhere but where the audit lies: not at home, not beside the program, not among temporary files.</summary>
    [Fact]
    public async Task Program_ThatMayWriteItsAuditAlone_AnswersAndWritesNothingElse()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("The image is for Linux.");
            return;
        }

        using var folder = new TemporaryFolder();
        var data = Directory.CreateDirectory(Path.Combine(folder.Path, "data")).FullName;
        var home = Directory.CreateDirectory(Path.Combine(folder.Path, "home")).FullName;
        File.SetUnixFileMode(folder.Path, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        File.SetUnixFileMode(data, (UnixFileMode)0b111_111_111);
        File.SetUnixFileMode(home, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        string[] closed = [home, AppContext.BaseDirectory];
        var before = closed.SelectMany(Below).ToList();
        var settings = new Dictionary<string, string>(ApiProcess.Settings(data))
        {
            ["HOME"] = home,
            ["TMPDIR"] = home,
            ["DOTNET_EnableDiagnostics"] = "0",
            ["ASPNETCORE_URLS"] = "http://127.0.0.1:0",
        };
        // Whoever runs the tests as root could write everywhere.
        string[] command = Environment.IsPrivilegedProcess ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "dotnet"] : ["dotnet"];

        await using (var program = RunningProgram.Start(command[0], [.. command[1..], "exec", ApiProcess.ProgramFile], home, settings))
        {
            using var client = new HttpClient { BaseAddress = await GeneratedRepository.ListeningAddressAsync(program, CancellationToken) };
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", ApiProcess.Token("ada"));
            using var content = new StringContent(RunningApi.Question, Encoding.UTF8, "application/json");
            using var response = await client.PostAsync("/api/chat", content, CancellationToken);
            Assert.Equal(200, (int)response.StatusCode);
            Assert.Equal(0, await program.StopAsync(CancellationToken));
            Assert.DoesNotContain("\"@l\":\"Warning\"", program.Output, StringComparison.Ordinal);
        }

        Assert.Contains("chat.complete", await File.ReadAllTextAsync(Path.Combine(data, "audit.jsonl"), CancellationToken), StringComparison.Ordinal);
        Assert.Equal(before, closed.SelectMany(Below));
    }

    [Theory]
    [InlineData("global.json", true)]
    [InlineData("src/Acme-App/Program.cs", true)]
    [InlineData("src/Acme-App/Keys/ApiKey.cs", true)]
    [InlineData("src/Acme-App/appsettings.Production.json", true)]
    [InlineData(".env", false)]
    [InlineData("src/Acme-App/.env", false)]
    [InlineData("src/Acme-App/.env.local", false)]
    [InlineData("src/Acme-App/server.pem", false)]
    [InlineData("src/Acme-App/certificates/server.key", false)]
    [InlineData("src/Acme-App/server.pfx", false)]
    [InlineData("src/Acme-App/secrets/mistral", false)]
    [InlineData("src/Acme-App/audit/audit.jsonl", false)]
    [InlineData("src/Acme-App/bin/Debug/net10.0/Acme-App.dll", false)]
    [InlineData("src/Acme-App/obj/project.assets.json", false)]
    [InlineData(".git/config", false)]
    [InlineData("tests/Acme-App.Tests/Acme-App.Tests.csproj", false)]
    public void Context_OfTheBuild_HoldsTheSourceAndNoSecret(string path, bool isThere) => Assert.Equal(isThere, IsInContext(path));

    [Fact]
    public void Image_IsBuiltInStagesFromNamedPartsAndRunsAsNobody()
    {
        var lines = File.ReadAllLines(Path.Combine(s_output, "Dockerfile"));

        // Each layer of the last stage comes from the build's output; no value of a secret is an argument or a variable of the image.
        Assert.All(lines.Where(line => line.StartsWith("COPY", StringComparison.Ordinal) && !line.Contains("--from=build", StringComparison.Ordinal)), line => Assert.Matches("^COPY (global\\.json \\./|src/ src/)$", line));
        Assert.DoesNotContain(lines, line => Regex.IsMatch(line, "^(ARG|ADD)|KEY|PASSWORD|TOKEN|USER root"));
        Assert.All(lines.Where(line => line.StartsWith("FROM", StringComparison.Ordinal) && !line.Contains(" AS build", StringComparison.Ordinal)), line => Assert.EndsWith("-chiseled", line, StringComparison.Ordinal));
    }

    private static IEnumerable<string> Below(string folder) => Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal);

    /// <summary>By Docker's rules: of the patterns that match the path or a folder above it, the last one decides.</summary>
    private static bool IsInContext(string path)
    {
        var parts = path.Split('/');
        var names = Enumerable.Range(1, parts.Length).Select(count => string.Join('/', parts[..count])).ToList();
        var isThere = true;
        foreach (var line in File.ReadAllLines(Path.Combine(s_output, ".dockerignore")).Select(line => line.Trim()).Where(line => line is not ("" or ['#', ..])))
        {
            var pattern = line.TrimStart('!').TrimEnd('/');
            var regex = "^" + Regex.Escape(pattern).Replace(@"\*\*/", "(.*/)?", StringComparison.Ordinal).Replace(@"\*", "[^/]*", StringComparison.Ordinal).Replace(@"\[", "[", StringComparison.Ordinal) + "$";
            if (names.Any(name => Regex.IsMatch(name, regex)))
                isThere = line[0] == '!';
        }

        return isThere;
    }
}
