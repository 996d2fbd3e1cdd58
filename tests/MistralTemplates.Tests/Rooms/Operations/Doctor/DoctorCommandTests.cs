using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using Acme.App.Auditing;
using Acme.App.Configuration;
using Acme.App.Guards;
using Acme.App.Keys;
using Acme.App.Keys.Sources;
using Acme.App.Mistral;
using Acme.App.Operations;
using Acme.App.Operations.Doctor;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using MistralTemplates.Harness;
using MistralTemplates.Tests.Rooms.Auditing;
using Spectre.Console;

namespace MistralTemplates.Tests.Rooms.Operations.Doctor;

public sealed class DoctorCommandTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_ProjectAsItIsMade_FailsNothingAndSaysWhatWasNotChecked()
    {
        using var folder = await ProjectAsync();

        var (exitCode, json, _) = await RunAsync(folder, []);

        Assert.Equal(0, exitCode);
        Assert.Equal("passed", MarkOf(json, "request-rules"));
        Assert.Equal("passed", MarkOf(json, "output-guard"));
        Assert.Equal("passed", MarkOf(json, "audit"));
        Assert.Equal("passed", MarkOf(json, "key-place"));
        Assert.Equal("passed", MarkOf(json, "ignored-files"));
        Assert.Equal("passed", MarkOf(json, "endpoint"));
        Assert.Equal("passed", MarkOf(json, "policies"));
        Assert.Equal(OperatingSystem.IsWindows() ? "notChecked" : "passed", MarkOf(json, "file-modes"));
        Assert.Equal("passed", MarkOf(json, "offline"));
        Assert.Equal("passed", MarkOf(json, "secrets-in-git"));
        Assert.Equal("passed", MarkOf(json, "configuration"));
        Assert.Equal("notChecked", MarkOf(json, "key-per-environment"));
        Assert.Equal("notChecked", MarkOf(json, "key-rotation"));
        Assert.Equal("notChecked", MarkOf(json, "packages"));
        Assert.Equal("notChecked", MarkOf(json, "container-file"));
        Assert.Equal("notChecked", MarkOf(json, "rate-limits"));
        Assert.All(Enumerable.Range(1, 10), line => Assert.Contains(Checks(json), check => check.GetProperty("line").GetInt32() == line));
    }

    /// <summary>Else the check of the answers' guard would fail now and then, on a project that is as it should be.</summary>
    [Fact]
    public void MakeUpKey_HoweverItFalls_IsFoundByTheGuard()
    {
        var detector = SecretFinder.DetectorOf(new SensitiveDataOptions());

        Assert.All(Enumerable.Range(0, 20_000).Select(_ => $"MISTRAL_API_KEY={RoadChecks.MakeUpKey()}"), text =>
        {
            var (position, floor) = (0, 0);
            Assert.Equal(text.Length, detector.Next(text, isFinal: true, ref position, ref floor, out _)?.End);
        });
    }

    [Theory]
    [InlineData("output-guard", "Guards:SensitiveData:Secrets:Output", "Allow")]
    [InlineData("endpoint", "Mistral:Endpoint", "http://mistral.example")]
    [InlineData("configuration", "Mistral:Modle", "a-typing-mistake")]
    [InlineData("key-rotation", "Keys:MaxAge", "")]
    public async Task Run_SettingIsUnsafe_FailsItsCheckAndLives(string check, string setting, string value)
    {
        using var folder = await ProjectAsync();

        var (exitCode, json, _) = await RunAsync(folder, [new(setting, value)]);

        Assert.Equal(1, exitCode);
        Assert.Equal("failed", MarkOf(json, check));
    }

    [Fact]
    public async Task Run_SettingThatManyChecksNeedIsWrong_IsToldOnce()
    {
        using var folder = await ProjectAsync();

        var (_, json, text) = await RunAsync(folder, [new("Audit:ChainKey", "c2hvcnQ=")]);

        Assert.Equal(["audit", "configuration", "output-guard", "request-rules"], Failed(json));
        Assert.Single(Regex.Matches(text, "Audit:ChainKey \\("));
        Assert.Contains("Audit:ChainKey", Checks(json).Single(check => check.GetProperty("id").GetString() == "audit").GetProperty("found").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_RoadWithoutGuardsAndAudit_FailsTheirChecks()
    {
        using var folder = await ProjectAsync();

        var (_, json, _) = await RunAsync(folder, [], builder => builder.Services.AddSingleton(MistralServiceCollectionExtensions.CreateMistralClient));

        Assert.Equal(["audit", "output-guard", "request-rules"], Failed(json));
    }

    [Fact]
    public async Task Run_AuditFolderCannotBeWritten_Fails()
    {
        using var folder = await ProjectAsync();
        folder.Write("audit", "a file where the folder should be\n");

        var (_, json, _) = await RunAsync(folder, []);

        Assert.Equal("failed", MarkOf(json, "audit"));
    }

    [Theory]
    [InlineData(10, "passed")]
    [InlineData(91, "failed")]
    [InlineData(null, "notChecked")]
    public async Task Run_AgeOfTheKey_IsJudgedWhereItsSourceTellsIt(int? days, string expected)
    {
        using var folder = await ProjectAsync();
        var since = days is { } age ? DateTimeOffset.UtcNow - TimeSpan.FromDays(age) : (DateTimeOffset?)null;

        var (_, json, _) = await RunAsync(
            folder, [new("Mistral:Offline", "false"), new("Keys:MaxAge", "90.00:00:00")], builder => builder.Services.AddSingleton<KeySource>(new KnownSource(new ApiKey(GitFolder.NewKey(), "1", since))));

        Assert.Equal(expected, MarkOf(json, "key-rotation"));
    }

    [Fact]
    public async Task Run_SourceOfTheKeyHangs_FailsTheKeysPlaceAndMakesTheOtherChecks()
    {
        using var folder = await ProjectAsync();

        var (exitCode, json, _) = await RunAsync(
            folder, [new("Mistral:Offline", "false"), new("Keys:Timeout", "00:00:01")], builder => builder.Services.AddSingleton<KeySource>(new HangingSource()));

        Assert.Equal(1, exitCode);
        Assert.Equal("failed", MarkOf(json, "key-place"));
        Assert.Equal(OperatingSystem.IsWindows() ? "notChecked" : "passed", MarkOf(json, "file-modes"));
    }

    [Fact]
    public async Task Run_KeyIsAPlaceholder_FailsTheKeysPlace()
    {
        using var folder = await ProjectAsync();

        var (_, json, _) = await RunAsync(
            folder, [new("Mistral:Offline", "false")], builder => builder.Services.AddSingleton<KeySource>(new KnownSource(new ApiKey("your-api-key-here", "1"))));

        Assert.Equal("failed", MarkOf(json, "key-place"));
    }

    [Fact]
    public async Task Run_ProductionMayBeOffline_Fails()
    {
        using var folder = await ProjectAsync();
        var path = Path.Combine(folder.Path, "appsettings.Production.json");
        var text = (await File.ReadAllTextAsync(path, Token)).Replace("\"OfflineAllowed\": false", "\"OfflineAllowed\": true", StringComparison.Ordinal);
        folder.Write("appsettings.Production.json", text);
        Assert.Contains("\"OfflineAllowed\": true", text, StringComparison.Ordinal);

        var (_, json, _) = await RunAsync(folder, []);

        Assert.Equal(["offline", "policies"], Failed(json));
    }

    [Theory]
    [InlineData("policies", "\"MaxTokensPerRequest\": 4000", "\"MaxTokensPerRequest\": \"lots\"")]
    [InlineData("offline", "\"OfflineAllowed\": false", "\"OfflineAllowed\": \"perhaps\"")]
    public async Task Run_ProductionPolicyHasAWrongValue_Fails(string check, string right, string wrong)
    {
        using var folder = await ProjectAsync();
        var text = (await File.ReadAllTextAsync(Path.Combine(folder.Path, "appsettings.Production.json"), Token)).Replace(right, wrong, StringComparison.Ordinal);
        folder.Write("appsettings.Production.json", text);
        Assert.Contains(wrong, text, StringComparison.Ordinal);

        var (exitCode, json, _) = await RunAsync(folder, []);

        Assert.Equal(1, exitCode);
        Assert.Equal("failed", MarkOf(json, check));
    }

    [Fact]
    public async Task Run_EachEnvironmentHasItsKey_Passes()
    {
        using var folder = await ProjectAsync();

        var (_, json, _) = await RunAsync(folder, [new("MISTRAL_API_KEY_DEV", GitFolder.NewKey()), new("MISTRAL_API_KEY_PROD", GitFolder.NewKey())]);

        Assert.Equal("passed", MarkOf(json, "key-per-environment"));
    }

    [Fact]
    public async Task Run_CheckThatThrows_SaysThatItWasNotMade()
    {
        using var folder = await ProjectAsync();
        var check = new DoctorCheck(20, "broken", "Broken", _ => throw new InvalidOperationException("never shown"));

        var (exitCode, json, text) = await RunAsync(folder, [], builder => builder.Services.AddSingleton(check));

        Assert.Equal((0, "notChecked"), (exitCode, MarkOf(json, "broken")));
        Assert.DoesNotContain("never shown", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("passed", 0, """{ "version": 1, "projects": [ { "path": "a.csproj" } ] }""")]
    [InlineData("passed", 0, """{ "projects": [ { "frameworks": [ { "topLevelPackages": [ { "id": "A", "resolvedVersion": "1.0.0" } ] } ] } ] }""")]
    [InlineData("failed", 0, """{ "projects": [ { "frameworks": [ { "topLevelPackages": [ { "id": "A", "resolvedVersion": "1.0.0", "vulnerabilities": [ { "severity": "High" } ] } ] } ] } ] }""")]
    [InlineData("failed", 0, """{ "projects": [ { "frameworks": [ { "transitivePackages": [ { "id": "A", "resolvedVersion": "1.0.0", "vulnerabilities": [ { "severity": "Low" } ] } ] } ] } ] }""")]
    [InlineData("notChecked", 0, """{ "problems": [ { "level": "error" } ], "projects": [] }""")]
    [InlineData("notChecked", 1, """{ "projects": [] }""")]
    [InlineData("notChecked", 0, "{}")]
    [InlineData("notChecked", 0, "error: no feed")]
    public void JudgePackages_WhatTheFeedSaid_IsNeverASilentPass(string expected, int exitCode, string json) =>
        Assert.Equal(expected, JsonNamingPolicy.CamelCase.ConvertName(RepositoryChecks.JudgePackages(exitCode, json).Mark.ToString()));

    [Fact]
    public async Task Run_SettingsFileIsMalformed_IsAFailureAndNoCrash()
    {
        using var folder = await ProjectAsync();
        folder.Write("appsettings.Production.json", "{ not json");

        var (exitCode, json, _) = await RunAsync(folder, []);

        Assert.Equal(1, exitCode);
        Assert.Equal(["configuration", "offline", "policies"], Failed(json));
    }

    [Fact]
    public async Task Run_KeyInSettingsFile_FailsWithoutTheValue()
    {
        using var folder = await ProjectAsync();
        var key = GitFolder.NewKey();
        folder.Write("appsettings.Staging.json", $$"""{ "MISTRAL_API_KEY": "{{key}}", "Policy": { "AllowedModels": [ "mistral-small-latest" ], "MaxTokensPerRequest": 1 } }""");

        var (_, json, text) = await RunAsync(folder, []);

        Assert.Equal(["key-place", "secrets-in-git"], Failed(json));
        Assert.DoesNotContain(key[..8], text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_TwoEnvironmentsShareAKey_Fails()
    {
        using var folder = await ProjectAsync();
        var key = GitFolder.NewKey();

        var (_, json, text) = await RunAsync(folder, [new("MISTRAL_API_KEY_DEV", key), new("MISTRAL_API_KEY_PROD", key)]);

        Assert.Equal("failed", MarkOf(json, "key-per-environment"));
        Assert.DoesNotContain(key[..8], text, StringComparison.Ordinal);
    }

    /// <summary>The README has it there, above the program's own folder.</summary>
    [Fact]
    public async Task Run_KeyInTheRepositorysEnvFile_IsLookedForInItsHistory()
    {
        using var folder = await ProjectAsync();
        foreach (var name in Directory.GetFiles(folder.Path, "appsettings*.json"))
            folder.Write("src/App/" + Path.GetFileName(name), await File.ReadAllTextAsync(name, Token));
        var key = RandomNumberGenerator.GetString("bcdfghjkmnpqrstvwz", 32);
        folder.Write(".env", $"MISTRAL_API_KEY={key}\n");
        folder.Write("notes.txt", key + "\n");
        await folder.CommitAsync();

        var (_, json, text) = await RunAsync(folder, []);

        Assert.Equal("failed", MarkOf(json, "secrets-in-git"));
        Assert.Contains("notes.txt", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_GitIgnoreLostALine_Fails()
    {
        using var folder = await ProjectAsync();
        await File.AppendAllTextAsync(Path.Combine(folder.Path, ".gitignore"), "!*.key\n", Token);

        var (_, json, _) = await RunAsync(folder, []);

        Assert.Equal("failed", MarkOf(json, "ignored-files"));
    }

    [Fact]
    public async Task CheckIgnored_ParentRepositoryIgnoresNothing_NamesItsFolder()
    {
        using var parent = await GitFolder.CreateAsync();
        parent.Write("app/.gitignore", await File.ReadAllTextAsync(Path.Combine(TemplatePack.RepositoryRoot, "templates", "shared", ".gitignore"), Token));
        var home = Path.Combine(parent.Path, "app");
        var git = GitRepository.Open(home, isDemanded: true, Token)!;
        using var patient = new Patient(home, git);
        await using var services = new ServiceCollection().AddSingleton(patient).BuildServiceProvider();

        var verdict = await RepositoryChecks.All.Single(check => check.Id == "ignored-files").RunAsync(services, Token);

        Assert.Equal($"In the repository {git.Top}, git does not ignore .env, .env.local, .env.Production.local, server.pem, server.key, secrets/key.", verdict.Found);
    }

    [Theory]
    [InlineData(".env.local")]
    [InlineData("production.env")]
    [InlineData("tls/server.PEM")]
    [InlineData("keystore.jks")]
    [InlineData("deploy.ppk")]
    [InlineData(".ssh/id_ed25519")]
    [InlineData("secrets/key")]
    public async Task Run_KeyFileIsTrackedAlready_Fails(string file)
    {
        using var folder = await ProjectAsync();
        folder.Write(file, "A=1\n");
        await folder.GitAsync("add", "-f", file);

        var (_, json, _) = await RunAsync(folder, []);

        Assert.Equal("failed", MarkOf(json, "ignored-files"));
    }

    /// <summary>Where nothing tells git to ignore it, nothing keeps it out either.</summary>
    [Theory]
    [InlineData(".env", "failed")]
    [InlineData(".env.production", "failed")]
    [InlineData(".env.example", "passed")]
    [InlineData(".env.sample", "passed")]
    public async Task Run_EnvFileIsStagedThatNothingIgnores_IsJudgedByItsName(string name, string expected)
    {
        using var folder = await GitFolder.CreateAsync();
        folder.Write(name, "A=1\n");
        await folder.GitAsync("add", name);

        var (_, json, _) = await RunAsync(folder, [], folder.Path, "--staged", "--format", "json");

        Assert.Equal(expected, MarkOf(json, "ignored-files"));
    }

    /// <summary>As an editor leaves one beside a file that it has open.</summary>
    [Fact]
    public async Task Run_LinkThatLeadsNowhere_KeepsNoCheckFromBeingMade()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Only an administrator makes links there.");
        using var folder = await ProjectAsync();
        File.CreateSymbolicLink(Path.Combine(folder.Path, ".#Program.cs"), "me@host.1:1");
        File.CreateSymbolicLink(Path.Combine(folder.Path, ".env.local"), "nowhere");

        var (_, json, _) = await RunAsync(folder, []);

        Assert.Equal("passed", MarkOf(json, "key-place"));
        Assert.Equal("passed", MarkOf(json, "file-modes"));
    }

    [Theory]
    [InlineData("ENV MISTRAL_API_KEY=", 1)]
    [InlineData("ENV A=1 \\\n  MISTRAL_API_KEY=abc", 1)]
    [InlineData("RUN export MISTRAL_API_KEY=abc && run", 1)]
    [InlineData("RUN --mount=type=secret,id=k MISTRAL_API_KEY=$(cat /run/secrets/k) run", 0)]
    [InlineData("COPY .env ./", 1)]
    [InlineData("COPY [\"src/.env.local\", \"./\"]", 1)]
    [InlineData("COPY .env.example ./", 0)]
    [InlineData("COPY .env.sample ./", 0)]
    [InlineData("COPY secrets/ ./", 1)]
    [InlineData("COPY tls/server.key ./", 1)]
    [InlineData("COPY secrets/api.txt ./", 1)]
    [InlineData("COPY .env* ./", 1)]
    [InlineData("COPY a.crt /run/secrets/a.crt", 0)]
    [InlineData("COPY a.crt /run/secrets", 0)]
    [InlineData("COPY src/App/secrets/mistral_api_key /app/", 1)]
    [InlineData("COPY deploy_id_rsa /app/", 1)]
    [InlineData("COPY valid_rsa ./", 0)]
    [InlineData("COPY id_ed25519 keystore.jks ./", 1)]
    [InlineData("ONBUILD ENV MISTRAL_API_KEY=abc", 1)]
    [InlineData("COPY . ./", 0)]
    [InlineData("COPY . ./", 1, "**/.env\n**/.env.local\n")]
    [InlineData("COPY . ./", 1, "")]
    [InlineData("COPY . ./", 1, "!.env\n# .env\n")]
    [InlineData("COPY . ./", 1, "bin/*\n")]
    [InlineData("COPY . ./", 0, "*\n!src\n**/.[Ee][Nn][Vv]*\n")]
    [InlineData("COPY . ./", 0, "*\n!other\n")]
    [InlineData("COPY . ./", 1, "*\n!src\n")]
    [InlineData("COPY . ./", 1, ".env\n.env.*\n")]
    [InlineData("COPY . ./", 1, "**/.env\n")]
    [InlineData("COPY . ./", 1, "**/.env*\n!**/.env\n")]
    public async Task Run_ContainerFile_IsJudgedByWhatItBringsIn(string line, int expected, string ignored = "**/.env\n**/.env.*\n")
    {
        using var folder = await ProjectAsync();
        folder.Write("Dockerfile", "FROM scratch\n" + line + "\n");
        folder.Write(".dockerignore", ignored);

        var (_, json, _) = await RunAsync(folder, []);

        Assert.Equal(expected == 1 ? "failed" : "passed", MarkOf(json, "container-file"));
    }

    /// <summary>What is taken in again by its name is not what stands for all.</summary>
    [Fact]
    public async Task Run_IgnoreFileThatTakesTheProgramsOwnEnvIn_Fails()
    {
        using var folder = await ProjectAsync();
        foreach (var name in Directory.GetFiles(folder.Path, "appsettings*.json"))
            folder.Write("proj/src/App/" + Path.GetFileName(name), await File.ReadAllTextAsync(name, Token));
        folder.Write("proj/App.slnx", "<Solution />\n");
        folder.Write("proj/Dockerfile", "FROM scratch\nCOPY . ./\n");
        folder.Write("proj/.dockerignore", "**/.env*\n!src/App/.env.local\n");

        var (_, json, _) = await RunAsync(folder, []);

        Assert.Equal("failed", MarkOf(json, "container-file"));
    }

    [Theory]
    [InlineData("Containerfile", "ENV MISTRAL_API_KEY=abc", "**/.env*\n", "**/.env*\n", "failed")]
    [InlineData("Dockerfile", "COPY . ./", "**/.env*\n", "bin\n", "failed")]
    [InlineData("Dockerfile", "COPY . ./", "bin\n", "**/.env*\n", "passed")]
    [InlineData("app.dockerfile", "COPY .env ./", "**/.env*\n", "**/.env*\n", "failed")]
    [InlineData("dockerfile.prod", "COPY .env ./", "**/.env*\n", "**/.env*\n", "failed")]
    [InlineData(".Dockerfile", "COPY .env ./", "**/.env*\n", "**/.env*\n", "failed")]
    [InlineData("build-dockerfile.sh", "COPY .env ./", "**/.env*\n", "**/.env*\n", "notChecked")]
    public async Task Run_ContainerFileWithAnIgnoreFileOfItsName_IsJudgedByThatOne(string name, string line, string common, string own, string expected)
    {
        using var folder = await ProjectAsync();
        folder.Write(name, "FROM scratch\n" + line + "\n");
        folder.Write(".dockerignore", common);
        folder.Write(name + ".dockerignore", own);

        var (_, json, _) = await RunAsync(folder, []);

        Assert.Equal(expected, MarkOf(json, "container-file"));
    }

    [Theory]
    [InlineData(0b110_000_000, "passed")]
    [InlineData(0b100_100_000, "passed")]
    [InlineData(0b110_110_000, "failed")]
    [InlineData(0b110_000_100, "failed")]
    public async Task Run_FileWithTheKey_IsForTheProgramAlone(int mode, string expected)
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows keeps access lists instead of modes.");
            return;
        }

        using var folder = await ProjectAsync();
        var file = folder.Write("mounted/key", GitFolder.NewKey());
        File.SetUnixFileMode(file, (UnixFileMode)mode);

        var (_, json, _) = await RunAsync(
            folder, [], builder => builder.Services.AddSingleton<KeySource>(new FilesKeySource(Options.Create(new FilesKeyOptions { Path = file }))));

        Assert.Equal(expected, MarkOf(json, "file-modes"));
    }

    [Fact]
    public async Task Run_AuditFileIsALink_FailsTheAudit()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows lets not everybody make links.");
        using var folder = await ProjectAsync();
        Directory.CreateDirectory(Path.Combine(folder.Path, "audit"));
        File.CreateSymbolicLink(Path.Combine(folder.Path, "audit", "audit.jsonl"), Path.Combine(folder.Path, "elsewhere.jsonl"));

        var (_, json, _) = await RunAsync(folder, []);

        Assert.Equal("failed", MarkOf(json, "audit"));
    }

    [Fact]
    public async Task Run_CheckpointsCannotBeWritten_FailsTheAudit()
    {
        using var folder = await ProjectAsync();
        Directory.CreateDirectory(Path.Combine(folder.Path, "checkpoints"));

        var (_, json, text) = await RunAsync(folder, [new("Audit:CheckpointPath", "checkpoints")]);

        Assert.Equal("failed", MarkOf(json, "audit"));
        Assert.Contains("Audit:CheckpointPath", text, StringComparison.Ordinal);
    }

    /// <summary>A project made in a folder of a repository has its own files below the repository's top.</summary>
    [Fact]
    public async Task Run_SolutionInAFolderOfTheRepository_LooksBesideTheSolution()
    {
        using var folder = await ProjectAsync();
        var key = GitFolder.NewKey();
        foreach (var name in Directory.GetFiles(folder.Path, "appsettings*.json"))
            folder.Write("proj/src/App/" + Path.GetFileName(name), await File.ReadAllTextAsync(name, Token));
        folder.Write("proj/App.slnx", "<Solution />\n");
        folder.Write("proj/Dockerfile", "FROM scratch\nENV MISTRAL_API_KEY=abc\n");
        folder.Write("proj/notes.txt", $"MISTRAL_API_KEY={key}\n");
        folder.Write("proj/.doctor-allow", $"{AllowFile.FingerprintOf(key)} a test's\n");
        var env = folder.Write("proj/.env", "A=1\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(env, (UnixFileMode)0b110_110_110);

        var (_, json, _) = await RunAsync(folder, []);

        Assert.Equal("failed", MarkOf(json, "container-file"));
        Assert.Equal("passed", MarkOf(json, "secrets-in-git"));
        Assert.Equal(OperatingSystem.IsWindows() ? "notChecked" : "failed", MarkOf(json, "file-modes"));
    }

    [Theory]
    [InlineData("audit/audit.jsonl.seal")]
    [InlineData("audit/audit.jsonl.checkpoints")]
    public async Task Run_AuditLogIsGone_Fails(string left)
    {
        using var folder = await ProjectAsync();
        folder.Write(left, "what is left\n");

        var (_, json, _) = await RunAsync(folder, []);

        Assert.Equal("failed", MarkOf(json, "audit"));
    }

    [Fact]
    public async Task Run_KeyOfAStoreStandsInTheCode_FailsWithoutTheValue()
    {
        using var folder = await ProjectAsync();
        var key = RandomNumberGenerator.GetString("bcdfghjkmnpqrstvwz", 32);
        folder.Write("Y.cs", $"const string Z = \"{key}\";\n");

        var source = new KnownSource(new ApiKey(key, "1"));

        var (_, json, text) = await RunAsync(folder, [new("Mistral:Offline", "false")], builder => builder.Services.AddSingleton<KeySource>(source));

        Assert.Equal("failed", MarkOf(json, "key-place"));
        Assert.Equal("failed", MarkOf(json, "secrets-in-git"));
        Assert.InRange(source.Reads, 1, 2);
        Assert.DoesNotContain(key, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_OnlyTheUsersOwnSettingsIgnoreKeyFiles_Fails()
    {
        using var folder = await ProjectAsync();
        File.Move(Path.Combine(folder.Path, ".gitignore"), Path.Combine(folder.Path, ".git", "info", "exclude"), overwrite: true);

        var (_, json, _) = await RunAsync(folder, []);

        Assert.Equal("failed", MarkOf(json, "ignored-files"));
    }

    [Theory]
    [InlineData("\"AllowedModels\": [ \"\" ], \"MaxTokensPerRequest\": 1")]
    [InlineData("\"AllowedModels\": [ \"another-model\" ], \"MaxTokensPerRequest\": 1")]
    [InlineData("\"AllowedModels\": [ \"mistral-small-latest\" ], \"MaxTokensPerRequest\": 1, \"OfflineAllowed\": true")]
    public async Task Run_PolicyOfAnotherEnvironmentWouldNotLetItStart_Fails(string policy)
    {
        using var folder = await ProjectAsync();
        folder.Write("appsettings.Staging.json", $$"""{ "Policy": { {{policy}} } }""");

        var (_, json, _) = await RunAsync(folder, []);

        Assert.Equal("failed", MarkOf(json, "policies"));
    }

    /// <summary>Where one setting is in two places, the lower place's key counts as well.</summary>
    [Fact]
    public async Task Run_KeysAreSharedBetweenFiles_Fails()
    {
        using var folder = await ProjectAsync();
        var key = GitFolder.NewKey();
        folder.Write(".env", $"MISTRAL_API_KEY_PROD={key}\n");
        folder.Write(".env.local", $"MISTRAL_API_KEY={key}\n");

        var (_, json, _) = await RunAsync(folder, [new("MISTRAL_API_KEY", GitFolder.NewKey())]);

        Assert.Equal("failed", MarkOf(json, "key-per-environment"));
    }

    [Theory]
    [InlineData(".env")]
    [InlineData("src/App/.env")]
    public async Task Run_EnvFileThatOthersMayRead_Fails(string file)
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows keeps access lists instead of modes.");
            return;
        }

        using var folder = await ProjectAsync();
        foreach (var name in Directory.GetFiles(folder.Path, "appsettings*.json"))
            folder.Write("src/App/" + Path.GetFileName(name), await File.ReadAllTextAsync(name, Token));
        File.SetUnixFileMode(folder.Write(file, "A=1\n"), (UnixFileMode)0b110_100_100);

        var (_, json, _) = await RunAsync(folder, []);

        Assert.Equal("failed", MarkOf(json, "file-modes"));
    }

    [Fact]
    public async Task Run_AuditLogWasEdited_Fails()
    {
        using var folder = await ProjectAsync();
        folder.Write("audit/audit.jsonl", "{\"sequence\":1}\n");

        var (_, json, _) = await RunAsync(folder, []);

        Assert.Equal("failed", MarkOf(json, "audit"));
    }

    [Fact]
    public async Task Run_AsSarif_GivesFailuresAsResultsAndTheRestAsNotifications()
    {
        using var folder = await ProjectAsync();
        folder.Write("a b.txt", $"\nMISTRAL_API_KEY={GitFolder.NewKey()}\n");

        var (exitCode, sarif, _) = await RunAsync(folder, [], "--format", "sarif");

        var run = Assert.Single(sarif.GetProperty("runs").EnumerateArray());
        var result = Assert.Single(run.GetProperty("results").EnumerateArray());
        var place = result.GetProperty("locations")[0].GetProperty("physicalLocation");
        Assert.Equal(1, exitCode);
        Assert.Equal("2.1.0", sarif.GetProperty("version").GetString());
        Assert.Equal("a%20b.txt", place.GetProperty("artifactLocation").GetProperty("uri").GetString());
        Assert.Equal(2, place.GetProperty("region").GetProperty("startLine").GetInt32());
        Assert.Equal(result.GetProperty("ruleId").GetString(), run.GetProperty("tool").GetProperty("driver").GetProperty("rules")[result.GetProperty("ruleIndex").GetInt32()].GetProperty("id").GetString());
        Assert.NotEmpty(run.GetProperty("invocations")[0].GetProperty("toolExecutionNotifications").EnumerateArray());
        SarifRules.Hold(sarif);
    }

    [Fact]
    public async Task Run_AsSarifWithNothingToTell_HoldsTheRulesOfTheFormat()
    {
        using var folder = await ProjectAsync();

        var (_, sarif, _) = await RunAsync(folder, [], "--format", "sarif");

        Assert.Equal("[]", sarif.GetProperty("runs")[0].GetProperty("results").GetRawText());
        SarifRules.Hold(sarif);
    }

    [Theory]
    [InlineData("--format", "xml")]
    [InlineData("--allow", "no-such-file")]
    [InlineData("no-such-folder")]
    public async Task Run_WrongInput_IsExitCode2(params string[] arguments)
    {
        using var folder = await ProjectAsync();

        Assert.Equal(2, (await RunRawAsync(folder, [], arguments)).ExitCode);
    }

    private static async Task<GitFolder> ProjectAsync()
    {
        var folder = await GitFolder.CreateAsync();
        var shared = Path.Combine(TemplatePack.RepositoryRoot, "templates", "shared");
        foreach (var name in new[] { ".gitignore", "appsettings.json", "appsettings.Development.json", "appsettings.Staging.json", "appsettings.Production.json" })
            folder.Write(name, await File.ReadAllTextAsync(Path.Combine(shared, name), Token));
        return folder;
    }

    private static async Task<(int ExitCode, JsonElement Json, string Text)> RunAsync(GitFolder folder, KeyValuePair<string, string?>[] settings, params string[] arguments) =>
        await RunAsync(folder, settings, _ => { }, arguments);

    private static async Task<(int ExitCode, JsonElement Json, string Text)> RunAsync(GitFolder folder, KeyValuePair<string, string?>[] settings, Action<IHostApplicationBuilder> change, params string[] arguments)
    {
        var (exitCode, text, errors) = await RunRawAsync(folder, settings, arguments.Length == 0 ? ["--format", "json"] : arguments, change);
        Assert.Equal("", errors);
        return (exitCode, JsonDocument.Parse(text).RootElement, text);
    }

    private static async Task<(int ExitCode, string Text, string Errors)> RunRawAsync(GitFolder folder, KeyValuePair<string, string?>[] settings, string[] arguments, Action<IHostApplicationBuilder>? change = null)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        var parsed = DoctorCommand.Create(() => Build(folder, settings, change), output, console, errors).Parse(arguments);
        return (parsed.Errors.Count > 0 ? 2 : await parsed.InvokeAsync(cancellationToken: Token), output.ToString(), errors.ToString());
    }

    private static IHost Build(GitFolder folder, KeyValuePair<string, string?>[] settings, Action<IHostApplicationBuilder>? change)
    {
        // A program in a folder of a repository, as the templates make it, or one at its top.
        var inside = new[] { "src/App", "proj/src/App" }.Select(path => Path.Combine(folder.Path, path)).FirstOrDefault(Directory.Exists);
        var home = ProgramHome.At(inside ?? folder.Path);
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = home.Arguments, ContentRootPath = home.ContentRoot, EnvironmentName = "Development" });
        builder.AddConfiguration(home);
        builder.Configuration.AddInMemoryCollection([new("Mistral:Offline", "true")]).AddInMemoryCollection(settings);
        builder.AddKeys();
        builder.AddMistral();
        builder.AddGuards();
        builder.AddAuditing();
        builder.AddOperations();
        builder.Services.AddSingleton<ICallerAccessor>(new AuditRoom.FixedCaller(new(null, null, null)));
        change?.Invoke(builder);
        return builder.Build();
    }

    private static IEnumerable<JsonElement> Checks(JsonElement json) => json.GetProperty("checks").EnumerateArray();

    private static string? MarkOf(JsonElement json, string id) => Checks(json).Single(check => check.GetProperty("id").GetString() == id).GetProperty("mark").GetString();

    private static string?[] Failed(JsonElement json) =>
        [.. Checks(json).Where(check => check.GetProperty("mark").GetString() == "failed").Select(check => check.GetProperty("id").GetString()).Order(StringComparer.Ordinal)];

    private sealed class KnownSource(ApiKey key) : KeySource
    {
        public override string Name => "the test";

        public override string Setting => "Test";

        public override bool CanChange => false;

        public override string HowToReplace => "Write another test.";

        public int Reads { get; private set; }

        public override Task<ApiKey> ReadAsync(CancellationToken cancellationToken)
        {
            Reads++;
            return Task.FromResult(key);
        }
    }

    /// <summary>As a file does that is a pipe: it heeds no token.</summary>
    private sealed class HangingSource : KeySource
    {
        public override string Name => "the test";

        public override string Setting => "Test";

        public override bool CanChange => false;

        public override string HowToReplace => "Write another test.";

        public override Task<ApiKey> ReadAsync(CancellationToken cancellationToken) => new TaskCompletionSource<ApiKey>().Task;
    }
}
