using System.Diagnostics;
using Acme.App.Tests.StandIn;

namespace MistralTemplates.Tests.Rooms.Mistral.StandIn;

/// <summary>
/// Mistral's own TypeScript client talks to the stand-in in all modes, which shows that the stand-in is honest. Runs where
/// <c>MISTRAL_TEMPLATES_TYPESCRIPT</c> names a folder in which the client was installed from <c>typescript/package.json</c>.
/// </summary>
public sealed class TypeScriptClientTests
{
    private const string FolderVariable = "MISTRAL_TEMPLATES_TYPESCRIPT";

    private static readonly string[] Modes = ["chat", "stream", "tools", "toolsStreamed", "jsonSchema", "images", "models", "moderation", "refusal"];

    [Fact]
    public async Task OfficialClient_InEveryMode_IsContentWithTheStandIn()
    {
        var folder = Environment.GetEnvironmentVariable(FolderVariable);
        if (string.IsNullOrEmpty(folder) || !Directory.Exists(Path.Combine(folder, "node_modules", "@mistralai", "mistralai")))
            Assert.Skip($"Set {FolderVariable} to a folder with typescript/package.json, after npm install there, to run this test.");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(3));
        await using var standIn = await MistralStandIn.StartAsync(limit.Token);
        var script = Path.Combine(folder, $"modes-{Guid.NewGuid():N}.mjs");
        File.Copy(Path.Combine(AppContext.BaseDirectory, "typescript", "modes.mjs"), script);

        try
        {
            var (exitCode, output, errors) = await RunNodeAsync(script, standIn.Endpoint, limit.Token);

            Assert.Equal("", errors);
            Assert.Equal(0, exitCode);
            Assert.Equal(Modes, output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        }
        finally
        {
            File.Delete(script);
        }
    }

    private static async Task<(int ExitCode, string Output, string Errors)> RunNodeAsync(string script, Uri endpoint, CancellationToken cancellationToken)
    {
        using var node = Process.Start(new ProcessStartInfo("node", [script, endpoint.ToString(), MistralStandIn.UsualKey])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        try
        {
            var output = node.StandardOutput.ReadToEndAsync(cancellationToken);
            var errors = node.StandardError.ReadToEndAsync(cancellationToken);
            await node.WaitForExitAsync(cancellationToken);
            return (node.ExitCode, await output, await errors);
        }
        finally
        {
            if (!node.HasExited)
                node.Kill(entireProcessTree: true);
        }
    }
}
