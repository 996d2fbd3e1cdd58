using System.Text.Json;
using MistralTemplates.Harness;
using MistralTemplates.Tests.Creation;
using MistralTemplates.Tests.Rooms.Access;
using MistralTemplates.Tests.Rooms.Operations.Doctor;

namespace MistralTemplates.Tests.Programs;

/// <summary>The built program's doctor and its pre-commit hook, in a git repository as a user has it.</summary>
public sealed class DoctorProgramTests(PackFixture fixture)
{
    private static readonly string[] s_marks = ["passed", "failed", "notChecked"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Variant.BuiltIds), MemberType = typeof(Variant))]
    public async Task Doctor_OfEachVariantAsItIsMade_FailsNothingAndHasTheTenLines(string id)
    {
        var variant = Variant.Find(id);
        using var folder = await RepositoryAsync(variant);
        await using var redis = variant.UsesRedis ? await RedisServer.StartAsync(Token) : null;

        var result = await DoctorAsync(folder, variant, redis?.Settings ?? new Dictionary<string, string>());

        using var json = JsonDocument.Parse(result.Output);
        var checks = json.RootElement.GetProperty("checks").EnumerateArray().ToList();
        var failed = checks.Where(check => check.GetProperty("mark").GetString() == "failed").Select(check => check.ToString());
        Assert.Empty(failed);
        Assert.Equal(0, result.ExitCode);
        Assert.All(Enumerable.Range(1, 10), line => Assert.Contains(checks, check => check.GetProperty("line").GetInt32() == line));
        Assert.All(checks, check => Assert.Contains(check.GetProperty("mark").GetString(), s_marks));
        var search = checks.Single(check => check.GetProperty("id").GetString() == "secrets-in-git");
        Assert.True(search.GetProperty("mark").GetString() == "passed", search.ToString());
    }

    [Theory]
    [InlineData("api")]
    [InlineData("console")]
    [InlineData("worker")]
    public async Task Doctor_SecretWasCommitted_IsExitCode1WithItsPlaceAndWithoutItsValue(string kind)
    {
        var variant = Variant.FindBuilt("mistral-secure", kind);
        using var folder = await RepositoryAsync(variant);
        var key = GitFolder.NewKey();
        folder.Write("notes.txt", $"MISTRAL_API_KEY={key}\n");
        var commit = await folder.CommitAsync();

        var result = await DoctorAsync(folder, variant, new Dictionary<string, string>());

        Assert.Equal(1, result.ExitCode);
        Assert.Contains(commit, result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(key[..8], result.Output + result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("services/my chat/")]
    public async Task PreCommit_SecretIsStaged_RefusesTheCommitAndLetsACleanOnePass(string prefix)
    {
        using var folder = await RepositoryAsync(Variant.FindBuilt("mistral-secure", "console"), prefix);
        // What the command of SECURITY.md comes to.
        await folder.GitAsync("config", "core.hooksPath", prefix + ".githooks");
        var before = await folder.GitAsync("rev-parse", "HEAD");
        var key = GitFolder.NewKey();
        folder.Write("notes.txt", $"MISTRAL_API_KEY={key}\n");
        // A program of that name in the repository is not git.
        var planted = folder.Write("git", "#!/bin/sh\nexit 0\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(planted, (UnixFileMode)0b111_101_101);
        await folder.GitAsync("add", "-A");

        var refused = await folder.TryGitAsync("commit", "-q", "-m", "leak");

        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("notes.txt:1", refused.Output + refused.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(key[..8], refused.Output + refused.Error, StringComparison.Ordinal);
        Assert.Equal(before, await folder.GitAsync("rev-parse", "HEAD"));

        File.Delete(planted);
        folder.Write("notes.txt", "Nothing to hide.\n");
        await folder.GitAsync("add", "-A");
        var clean = (await folder.TryGitAsync("commit", "-q", "-m", "clean")).EnsureSuccess("git commit");

        // One line: who commits reads it each time.
        var said = Assert.Single((clean.Output + clean.Error).Trim().Split('\n'));
        Assert.EndsWith("No secret in 1 version of a file in what the next commit would bring.", said, StringComparison.Ordinal);
        Assert.NotEqual(before, await folder.GitAsync("rev-parse", "HEAD"));

        await folder.GitAsync("checkout", "-q", "-b", "side");
        folder.Write("side.txt", $"MISTRAL_API_KEY={key}\n");
        await folder.GitAsync("add", "-A");
        await folder.GitAsync("commit", "-q", "--no-verify", "-m", "leak");
        await folder.GitAsync("checkout", "-q", "-");

        Assert.NotEqual(0, (await folder.TryGitAsync("merge", "-q", "--no-ff", "-m", "merge", "side")).ExitCode);
        Assert.Equal("clean", (await folder.GitAsync("log", "-1", "--format=%s")).Trim());
    }

    /// <summary>A copy of the built output, committed: bin and obj are there, and ignored.</summary>
    private async Task<GitFolder> RepositoryAsync(Variant variant, string prefix = "")
    {
        var built = await fixture.BuiltAsync(variant);
        var folder = await GitFolder.CreateAsync();
        foreach (var source in Directory.EnumerateFiles(built.Folder, "*", SearchOption.AllDirectories).Where(IsKept))
        {
            var target = Path.Combine(folder.Path, prefix, Path.GetRelativePath(built.Folder, source));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(source, target);
        }

        await folder.CommitAsync("as it is made");
        return folder;

        // Other tests write their audit and their jobs while this one copies.
        static bool IsKept(string path) => !path.Split(Path.DirectorySeparatorChar).Any(part => part is "audit" or "jobs" or "obj" or "TestResults");
    }

    private static Task<CommandResult> DoctorAsync(GitFolder folder, Variant variant, IReadOnlyDictionary<string, string> settings)
    {
        var program = new GeneratedRepository(folder.Path, PackFixture.Name, variant.Kind);
        var environment = new Dictionary<string, string>(settings) { ["DOTNET_ENVIRONMENT"] = "Development", ["ASPNETCORE_ENVIRONMENT"] = "Development", ["Mistral__Offline"] = "true" };
        return program.RunAsync(["doctor", "--format", "json"], environment, Token);
    }
}
