using System.Security.Cryptography;
using Acme.App.Auditing;
using Acme.App.Operations;
using Microsoft.Extensions.DependencyInjection;

namespace MistralTemplates.Tests.Rooms.Auditing;

/// <summary>A finished log with a checkpoint every hundred records, to be damaged and verified.</summary>
internal sealed class SampleLog : IDisposable
{
    private readonly Dictionary<string, string?> _settings;

    private SampleLog(Dictionary<string, string?> settings) => _settings = settings;

    public string Folder { get; } = Directory.CreateTempSubdirectory("audit-").FullName;

    public AuditFiles Files => new(Path.Combine(Folder, "audit", "audit.jsonl"));

    public string CheckpointFile => Path.Combine(Folder, "audit", "audit.jsonl.checkpoints");

    public IReadOnlyList<AuditKey> ChainKeys { get; set; } = [];

    public ECDsa Signing => AuditKeys.ImportSigningKey(_settings["Audit:CheckpointKey"]!);

    public string? this[string setting]
    {
        set => _settings[setting] = value;
    }

    public static async Task<SampleLog> WriteAsync(int records, long maxFileBytes = 1 << 26)
    {
        var keys = AuditKeys.Make();
        var log = new SampleLog(new Dictionary<string, string?>
        {
            ["Audit:ChainKey"] = keys[0],
            ["Audit:CheckpointKey"] = keys[1],
            ["Audit:CheckpointRecords"] = "100",
            ["Audit:MaxFileBytes"] = maxFileBytes.ToString(),
        });
        await log.WriteMoreAsync(records);
        return log;
    }

    public AuditRoom Open() => new(Folder, _settings);

    public async Task WriteMoreAsync(int records)
    {
        await using var room = Open();
        ChainKeys = room.Host.Services.GetRequiredService<AuditKeys>().Chain;
        for (var number = 1; number <= records; number++)
        {
            await room.Log.WriteAsync(new AuditRecord(AuditActions.ChatComplete) { ModelAsked = "mistral-small-latest", TokensIn = number, DurationMs = number });

            // Lets each due checkpoint be signed before the next hundred, so that their number is known.
            if (number % 100 == 0)
                await WaitForCheckpointAsync(number / 100);
        }
    }

    public Task RotateAsync()
    {
        _settings["Audit:PreviousChainKeys:0"] = _settings["Audit:ChainKey"];
        _settings["Audit:ChainKey"] = AuditKeys.Make()[0];
        return Task.CompletedTask;
    }

    public AuditVerdict Verify(long beginsAt = 1) =>
        new AuditVerifier(Files, new AuditEvidence(ChainKeys, [Signing], CheckpointFile, beginsAt), new Progress<long>()).Verify(CancellationToken.None);

    public void Edit(Action<List<string>> edit)
    {
        var lines = File.ReadAllLines(Files.Current).ToList();
        edit(lines);
        File.WriteAllText(Files.Current, string.Concat(lines.Select(line => line + "\n")));
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private async Task WaitForCheckpointAsync(int count)
    {
        for (var tries = 0; tries < 500 && (!File.Exists(CheckpointFile) || File.ReadAllLines(CheckpointFile).Length < count); tries++)
            await Task.Delay(10);
    }
}
