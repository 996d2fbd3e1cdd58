using System.Diagnostics;
using System.Text;
using Acme.App.Configuration;
using Acme.App.Keys;
using Acme.App.Keys.Sources;
using Acme.App.Mistral;
using Acme.App.Operations;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using MistralTemplates.Tests.Rooms.Configuration;
using MistralTemplates.Tests.Rooms.Keys;

namespace MistralTemplates.Tests.Rooms.Operations;

public sealed class KeysCommandTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Verify_KeyIsTaken_ShowsFingerprintAndModels()
    {
        await using var mistral = await FakeStore.Start(Mistral);
        using var folder = Folder("mistral-small-latest", "mistral-old");
        using var host = Build(folder, mistral, Some.KeyValue(1));

        var (exitCode, text) = await Run(results => KeysCommand.VerifyAsync(host, results, Token));

        Assert.Equal(ExitCode.Success, exitCode);
        Assert.Contains(Some.Key(1).Fingerprint, text, StringComparison.Ordinal);
        Assert.Contains("mistral-small-latest: open\n", text, StringComparison.Ordinal);
        Assert.Contains("mistral-old: open, but switched off on 2026-12-31; Mistral names mistral-small-latest instead", text, StringComparison.Ordinal);
        Assert.DoesNotContain(Some.KeyValue(1), text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_ModelIsNotOpenToTheKey_FailsTheCheck()
    {
        await using var mistral = await FakeStore.Start(Mistral);
        using var folder = Folder("mistral-small-latest", "mistral-unknown");
        using var host = Build(folder, mistral, Some.KeyValue(1));

        var (exitCode, text) = await Run(results => KeysCommand.VerifyAsync(host, results, Token));

        Assert.Equal(ExitCode.CheckFailed, exitCode);
        Assert.Contains("mistral-unknown: not open to this key", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_KeyIsRefused_FailsTheCheck()
    {
        await using var mistral = await FakeStore.Start(Mistral);
        using var folder = Folder("mistral-small-latest");
        using var host = Build(folder, mistral, Some.KeyValue(9));

        var (exitCode, text) = await Run(results => KeysCommand.VerifyAsync(host, results, Token));

        Assert.Equal(ExitCode.CheckFailed, exitCode);
        Assert.Contains("refuses the key", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rotate_NewKeyIsTaken_SaysExactlyWhatToDo()
    {
        await using var mistral = await FakeStore.Start(Mistral);
        using var folder = Folder("mistral-small-latest");
        using var host = Build(folder, mistral, Some.KeyValue(1));

        var (exitCode, text) = await Run(results => KeysCommand.RotateAsync(host, () => Given(Some.KeyValue(2)), results, Token));

        Assert.Equal(ExitCode.Success, exitCode);
        Assert.Contains("1. Set MISTRAL_API_KEY to the new key", text, StringComparison.Ordinal);
        Assert.Contains($"revoke the old key, {Some.Key(1).Fingerprint},", text, StringComparison.Ordinal);
        Assert.DoesNotContain(Some.KeyValue(2), text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rotate_SourceCanBeWritten_StoresTheKey()
    {
        await using var mistral = await FakeStore.Start(Mistral);
        using var folder = Folder("mistral-small-latest");
        var path = folder.Write("key", Some.KeyValue(1));
        using var host = Build(folder, mistral, null, new FilesKeySource(Options.Create(new FilesKeyOptions { Path = path })));

        var (exitCode, text) = await Run(results => KeysCommand.RotateAsync(host, () => Given(Some.KeyValue(2) + "\n"), results, Token));

        Assert.Equal(ExitCode.Success, exitCode);
        Assert.Equal(Some.KeyValue(2), await File.ReadAllTextAsync(path, Token));
        Assert.Contains("It was stored in file", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Staging")]
    [InlineData("Development")]
    public async Task Rotate_OldKeyIsMissing_StillPutsTheFirstOneInPlace(string environment)
    {
        await using var mistral = await FakeStore.Start(Mistral);
        using var folder = Folder("mistral-small-latest");
        var path = Path.Combine(folder.Path, "key");
        File.Copy(Path.Combine(folder.Path, "appsettings.Staging.json"), Path.Combine(folder.Path, "appsettings.Development.json"));
        using var host = Build(folder, mistral, null, new FilesKeySource(Options.Create(new FilesKeyOptions { Path = path })), environment);

        var (exitCode, _) = await Run(results => KeysCommand.RotateAsync(host, () => Given(Some.KeyValue(2)), results, Token));

        Assert.Equal(ExitCode.Success, exitCode);
        Assert.Equal(Some.KeyValue(2), await File.ReadAllTextAsync(path, Token));
    }

    [Fact]
    public async Task Rotate_SourcesSettingsAreWrong_SaysSoBeforeItAsks()
    {
        await using var mistral = await FakeStore.Start(Mistral);
        using var folder = Folder("mistral-small-latest");
        using var host = Build(folder, mistral, null, new FilesKeySource(new WrongOptions()));
        var isAsked = false;

        await Assert.ThrowsAsync<ConfigurationException>(() => Run(results => KeysCommand.RotateAsync(host, Ask, results, Token)));

        Assert.False(isAsked);

        Task<string?> Ask()
        {
            isAsked = true;
            return Given(Some.KeyValue(2));
        }
    }

    [Fact]
    public async Task Rotate_StoreCannotBeWritten_SaysWhatToDo()
    {
        await using var mistral = await FakeStore.Start(Mistral);
        using var folder = Folder("mistral-small-latest");
        var path = Path.Combine(folder.Path, "link");
        File.CreateSymbolicLink(path, folder.Write("key", Some.KeyValue(1)));
        using var host = Build(folder, mistral, null, new FilesKeySource(Options.Create(new FilesKeyOptions { Path = path })));

        var (exitCode, text) = await Run(results => KeysCommand.RotateAsync(host, () => Given(Some.KeyValue(2)), results, Token));

        Assert.Equal(ExitCode.CheckFailed, exitCode);
        Assert.EndsWith("Change the secret where it is kept; the program takes it up by itself.\n", text, StringComparison.Ordinal);
        Assert.Equal(Some.KeyValue(1), await File.ReadAllTextAsync(path, Token));
    }

    [Theory]
    [InlineData("your-api-key-here-please", ExitCode.CheckFailed, "The key is a placeholder.")]
    [InlineData(null, ExitCode.Usage, "Set MISTRAL_API_KEY_NEW instead.")]
    public async Task Rotate_NoUsableKey_ChangesNothing(string? key, object expected, string sentence)
    {
        await using var mistral = await FakeStore.Start(Mistral);
        using var folder = Folder("mistral-small-latest");
        using var host = Build(folder, mistral, Some.KeyValue(1));

        var (exitCode, text) = await Run(results => KeysCommand.RotateAsync(host, () => Given(key), results, Token));

        Assert.Equal(expected, exitCode);
        Assert.Contains(sentence, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rotate_MistralRefusesTheKey_ChangesNothing()
    {
        await using var mistral = await FakeStore.Start(Mistral);
        using var folder = Folder("mistral-small-latest");
        using var host = Build(folder, mistral, Some.KeyValue(1));

        var (exitCode, text) = await Run(results => KeysCommand.RotateAsync(host, () => Given(Some.KeyValue(9)), results, Token));

        Assert.Equal(ExitCode.CheckFailed, exitCode);
        Assert.Equal($"Mistral refuses the key {Some.Key(9).Fingerprint}. Nothing was changed.\n", text);
    }

    [Fact]
    public async Task Rotate_SameKeyAgain_HasNothingLeftToDo()
    {
        await using var mistral = await FakeStore.Start(Mistral);
        using var folder = Folder("mistral-small-latest");
        using var host = Build(folder, mistral, Some.KeyValue(1));

        var (exitCode, text) = await Run(results => KeysCommand.RotateAsync(host, () => Given(Some.KeyValue(1)), results, Token));

        Assert.Equal(ExitCode.Success, exitCode);
        Assert.Contains("already", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rotate_AtATerminal_AsksForTheKeyWithoutShowingIt()
    {
        const string terminal = "/usr/bin/script";
        Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists(terminal), "There is no 'script' to make a terminal with.");
        await using var mistral = await FakeStore.Start(Mistral);
        using var folder = Folder("mistral-small-latest");
        File.Copy(Path.Combine(folder.Path, "appsettings.Staging.json"), Path.Combine(folder.Path, "appsettings.Development.json"));
        var start = new ProcessStartInfo(terminal, ["-qec", $"dotnet exec '{Path.Combine(AppContext.BaseDirectory, "Acme-App.dll")}' keys rotate", "/dev/null"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        foreach (var (name, value) in new[] { ("TERM", "xterm"), ("DOTNET_ENVIRONMENT", "Development"), ("DOTNET_CONTENTROOT", folder.Path), ("MISTRAL_API_KEY", Some.KeyValue(1)), ("Mistral__Endpoint", mistral.Address.AbsoluteUri), ("Audit__Path", Path.Combine(folder.Path, "audit.jsonl")) })
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromMinutes(1));
        var shown = new StringBuilder();
        var buffer = new char[1024];
        var isTyped = false;

        while (await process.StandardOutput.ReadAsync(buffer, limit.Token) is > 0 and var read)
        {
            shown.Append(buffer, 0, read);
            if (isTyped || !shown.ToString().Contains("not shown", StringComparison.Ordinal))
                continue;
            isTyped = true;
            // The prompt stands before its reader has switched the terminal's echo off.
            await Task.Delay(500, limit.Token);
            await process.StandardInput.WriteAsync((Some.KeyValue(2) + "\r").AsMemory(), limit.Token);
            await process.StandardInput.FlushAsync(limit.Token);
        }

        await process.WaitForExitAsync(limit.Token);
        Assert.True(isTyped, shown.ToString());
        Assert.DoesNotContain(Some.KeyValue(2), shown.ToString(), StringComparison.Ordinal);
        Assert.Contains($"Mistral takes the new key {Some.Key(2).Fingerprint}.", shown.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData]
    [InlineData("--urls", "http://127.0.0.1:0")]
    [InlineData("--Audit:Path", "audit")]
    [InlineData("--Audit:Path=audit.jsonl", "Audit:Shared=true")]
    public async Task Run_ArgumentsOfTheProgram_AreLeftToIt(params string[] arguments) => Assert.Null(await Operator.RunAsync(arguments, NeverBuilt));

    [Theory]
    [InlineData("-k=v")]
    [InlineData("keys")]
    [InlineData("keys", "rotate", "a-key-as-an-argument")]
    [InlineData("--contentRoot", "somewhere", "keys", "verify")]
    [InlineData("--contentRoot=somewhere", "doctor")]
    [InlineData("doctr")]
    [InlineData("--urls", "http://127.0.0.1:0", "doctr")]
    public async Task Run_WrongCommandLine_IsAUsageError(params string[] arguments) => Assert.Equal(2, await Operator.RunAsync(arguments, NeverBuilt));

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    [InlineData("-?")]
    [InlineData("--version")]
    public async Task Run_Help_StartsNothing(string argument) => Assert.Equal(0, await Operator.RunAsync([argument], NeverBuilt));

    private sealed class WrongOptions : IOptions<FilesKeyOptions>
    {
        public FilesKeyOptions Value => throw new ConfigurationException([new("Keys:Files:Path", ConfigurationOrigin.NotSet, "The path is missing.", "Set it.")]);
    }

    private static IHost NeverBuilt() => throw new InvalidOperationException("The program was composed for arguments that need no program.");

    private static Task<string?> Given(string? key) => Task.FromResult(key);

    private static async Task<(ExitCode ExitCode, string Text)> Run(Func<TextWriter, Task<ExitCode>> command)
    {
        using var results = new StringWriter { NewLine = "\n" };
        var exitCode = await command(results);
        return (exitCode, results.ToString());
    }

    private static TemporaryFolder Folder(params string[] models)
    {
        var folder = new TemporaryFolder();
        folder.Write("appsettings.json", "{}");
        folder.Write("appsettings.Staging.json", $$"""{ "Policy": { "AllowedModels": [ "{{string.Join("\", \"", models)}}" ], "MaxTokensPerRequest": 100 } }""");
        return folder;
    }

    private static IHost Build(TemporaryFolder folder, FakeStore mistral, string? key, KeySource? source = null, string environment = "Staging")
    {
        var home = ProgramHome.At(folder.Path);
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = home.Arguments, ContentRootPath = home.ContentRoot, EnvironmentName = environment });
        builder.AddConfiguration(home);
        builder.Configuration.AddInMemoryCollection([new("MISTRAL_API_KEY", key), new("Mistral:Endpoint", mistral.Address.AbsoluteUri)]);
        builder.AddKeys();
        builder.AddMistral();
        if (source is not null)
            builder.Services.AddSingleton(source);
        return builder.Build();
    }

    private static Task Mistral(HttpContext context)
    {
        var known = new[] { 1, 2 }.Any(seed => context.Request.Headers.Authorization == $"Bearer {Some.KeyValue(seed)}");
        return known
            ? SourceExpectations.Answer(context, 200, """
                { "object": "list", "data": [
                  { "id": "mistral-small-2506", "aliases": [ "mistral-small-latest" ] },
                  { "id": "mistral-old", "aliases": [], "deprecation": "2026-12-31T00:00:00Z", "deprecation_replacement_model": "mistral-small-latest" } ] }
                """)
            : SourceExpectations.Answer(context, 401, """{ "detail": "Unauthorized" }""");
    }
}
