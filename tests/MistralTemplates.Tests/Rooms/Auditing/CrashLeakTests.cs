using System.Net;
using System.Net.Sockets;
using System.Text;
using MistralTemplates.Benchmarks.Auditing;
using MistralTemplates.Harness;
using MistralTemplates.Tests.Rooms.Keys;

namespace MistralTemplates.Tests.Rooms.Auditing;

/// <summary>What the API leaves behind when it crashes.</summary>
public sealed class CrashLeakTests : IDisposable
{
    private static readonly string s_key = Some.KeyValue(303);

    private readonly string _folder = Directory.CreateTempSubdirectory("crashes-").FullName;
    private readonly LeakSearch _search = new(s_key, "a prompt that nobody sends");

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Crashes => new()
    {
        { "Mistral__Endpoint", "no address" },
        { "Audit__Durability", "sometimes" },
        { "Audit__Path", OperatingSystem.IsWindows() ? "Q:\\nowhere\\audit.jsonl" : "/proc/nowhere/audit.jsonl" },
        { "Policy__MaxTokensPerRequest", "many" },
        { "ASPNETCORE_ENVIRONMENT", "Nowhere" },
        { "Kestrel__Endpoints__Http__Url", "taken" },
    };

    [Theory]
    [MemberData(nameof(Crashes))]
    public async Task StartingApi_Crashes_LeaksNoKey(string setting, string value)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var settings = Settings(new Uri("http://127.0.0.1:9"));
        settings[setting] = value == "taken" ? $"http://{taken.LocalEndpoint}" : value;
        if (setting == "ASPNETCORE_ENVIRONMENT")
            settings.Remove("DOTNET_ENVIRONMENT");

        var result = await Command.RunAsync("dotnet", ["exec", ApiProcess.ProgramFile], _folder, TimeSpan.FromMinutes(1), CancellationToken, settings);

        Assert.NotEqual(0, result.ExitCode);
        Assert.NotEqual("", result.Output + result.Error);
        _search.Search("the output", result.Output + result.Error);
        Assert.Empty(_search.Found);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task StartingApi_Aborts_LeavesADumpOnlyWhereTheOwnerAsksForOne(bool isAskedFor)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The runtime's settings for dumps are tried on Linux.");
        var settings = Settings(new Uri("http://127.0.0.1:9"));
        // The runtime itself gives up: the program has no way of its own to end like this.
        settings["DOTNET_STARTUP_HOOKS"] = Path.Combine(_folder, "absent.dll");
        if (isAskedFor)
        {
            settings["DOTNET_DbgEnableMiniDump"] = "1";
            settings["DOTNET_DbgMiniDumpType"] = "2";
            settings["DOTNET_DbgMiniDumpName"] = Path.Combine(_folder, "core.dump");
        }

        var result = await Command.RunAsync("dotnet", ["exec", ApiProcess.ProgramFile], _folder, TimeSpan.FromMinutes(1), CancellationToken, settings);

        Assert.Equal(134, result.ExitCode);
        Assert.Contains("Unhandled exception", result.Output + result.Error, StringComparison.Ordinal);
        var holding = Directory.GetFiles(_folder).Where(file => !file.EndsWith(".lock", StringComparison.Ordinal)).Where(HoldsTheKey).Select(Path.GetFileName);
        Assert.Equal(isAskedFor ? ["core.dump"] : [], holding);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // A dump has the text as the runtime keeps it, in UTF-16.
    private static bool HoldsTheKey(string file)
    {
        var bytes = File.ReadAllBytes(file).AsSpan();
        return bytes.IndexOf(Encoding.Unicode.GetBytes(s_key)) >= 0 || bytes.IndexOf(Encoding.UTF8.GetBytes(s_key)) >= 0;
    }

    private Dictionary<string, string> Settings(Uri mistral) => LeakMatrixTests.SettingsFor(_folder, s_key, mistral, new Uri("http://127.0.0.1:9"));
}
