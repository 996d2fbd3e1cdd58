using Acme.App.Auditing;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using MistralTemplates.Tests.Rooms.Auditing;
using Serilog;
using Serilog.Core;
using Serilog.Formatting.Compact;

namespace MistralTemplates.Benchmarks.Auditing;

/// <summary>One audit record, chained, beside Serilog's plain file sink with the same fields as JSON.</summary>
[MemoryDiagnoser]
[Config(typeof(InProcess))]
public class AuditRecordBenchmarks
{
    private readonly string _folder = Directory.CreateTempSubdirectory("audit-").FullName;
    private Logger _file = null!;
    private AuditRoom _room = null!;

    [GlobalSetup]
    public void SetUp()
    {
        _file = new LoggerConfiguration().MinimumLevel.Verbose()
            .WriteTo.File(new CompactJsonFormatter(), Path.Combine(_folder, "plain.jsonl"), fileSizeLimitBytes: null).CreateLogger();
        _room = new AuditRoom();
    }

    [GlobalCleanup]
    public async Task CleanUpAsync()
    {
        await _file.DisposeAsync();
        await _room.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Benchmark(Baseline = true)]
    public void PlainFileSink()
    {
        _file.Information(
            "{version} {sequence} {keyId} {action} {success} {userId} {ipAddress} {requestId} {environment} {modelAsked} {modelAnswered} {tokensIn} {tokensOut} {tokensTotal} {durationMs} {keyFingerprint}",
            1, 12345L, "0123abcd", "chat.complete", true, "alice", "203.0.113.77", "request-1", "Development",
            "mistral-small-latest", "mistral-small-latest", 120L, 340L, 460L, 512L, "0123456789ab");
    }

    [Benchmark]
    public ValueTask ChainedRecord() => _room.Log.WriteAsync(Record());

    internal static AuditRecord Record() => new(AuditActions.ChatComplete)
    {
        ModelAsked = "mistral-small-latest",
        ModelAnswered = "mistral-small-latest",
        TokensIn = 120,
        TokensOut = 340,
        TokensTotal = 460,
        DurationMs = 512,
        KeyFingerprint = "0123456789ab",
    };

    private sealed class InProcess : ManualConfig
    {
        public InProcess() => AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance).WithWarmupCount(3).WithIterationCount(20));
    }
}
