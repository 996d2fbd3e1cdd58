using System.Security.Cryptography;
using Acme.App.Auditing;
using Acme.App.Configuration;
using Acme.App.Guards;
using Acme.App.Mistral;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace Acme.App.Operations.Doctor;

/// <summary>The road of a request as the container builds it: its rules, its guards, its audit, its end.</summary>
internal static class RoadChecks
{
    private const int MadeUpKeyLength = 48;

    public static IEnumerable<DoctorCheck> All =>
    [
        new(4, "request-rules", "Every request is judged", CheckRulesAsync),
        new(5, "output-guard", "Answers are guarded", CheckOutputAsync),
        new(6, "audit", "The audit is on, writable, chained and verifying", CheckAudit),
        new(9, "endpoint", "Mistral is reached over https", CheckEndpoint),
    ];

    private static async Task<Verdict> CheckRulesAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        const string remedy = "Put UseGuards back on the road, in AuditingServiceCollectionExtensions.";
        if (services.GetRequiredService<IChatClient>().GetService<RequestRulesChatClient>() is not { } rules)
            return Verdict.Failed("The request rules are not on the road to Mistral.", remedy);

        // A request without a message must end here. Should it pass, the cancelled token stops it before it leaves.
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await cancelled.CancelAsync();
        try
        {
            await rules.GetResponseAsync([], cancellationToken: cancelled.Token);
        }
        catch (ChatRefusedException)
        {
            return Verdict.Passed("The rules are on the road, and refuse a request without a message.");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The rules let it through, to the token.
        }

        return Verdict.Failed("A request without a message is let through.", remedy);
    }

    private static async Task<Verdict> CheckOutputAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        if (services.GetRequiredService<IChatClient>().GetService<SensitiveDataChatClient>() is null)
            return Verdict.Failed(
                "The guard of answers is not on the road from Mistral.",
                "Put UseGuards back on the road, in AuditingServiceCollectionExtensions.");

        var secret = MakeUpKey();
        var answerWithKey = Task.FromResult(new ChatResponse(new ChatMessage(ChatRole.Assistant, $"MISTRAL_API_KEY={secret}")));
        // Not disposed, since the program's own client, which is never asked here, would be disposed with it.
        var guard = services.GetRequiredService<IChatClient>().AsBuilder()
            .Use(inner => new SensitiveDataChatClient(inner, services.GetRequiredService<IOptions<GuardOptions>>()))
            .Use((_, _, _, _) => answerWithKey, getStreamingResponseFunc: null)
            .Build();
        try
        {
            var answer = await guard.GetResponseAsync([new(ChatRole.User, "Hello")], cancellationToken: cancellationToken);
            return answer.Text.Contains(secret, StringComparison.Ordinal)
                ? Verdict.Failed("A key in an answer reaches the caller.", "Set Guards:SensitiveData:Secrets:Output to Mask or Block.")
                : Verdict.Passed("The guard is on the road, and masks a key in an answer.");
        }
        catch (ChatRefusedException)
        {
            return Verdict.Passed("The guard is on the road, and withholds an answer with a key.");
        }
    }

    /// <summary>A key in the shape of a provider's. Without vowels it holds no word such as "test", with which the guard lets a sample pass.</summary>
    internal static string MakeUpKey() => "sk-proj-" + RandomNumberGenerator.GetString("BCDFGHJKMNPQRSTVWZbcdfghjkmnpqrstvwz23456789", MadeUpKeyLength);

    private static Verdict CheckAudit(IServiceProvider services, CancellationToken cancellationToken)
    {
        var options = services.GetRequiredService<IOptions<AuditOptions>>().Value;
        var files = services.GetRequiredService<AuditFiles>();
        if (new FileInfo(files.Current).LinkTarget is not null)
            return Verdict.Failed($"The audit file {files.Current} is a link.", "Set Audit:Path to the file itself.");
        if (!CanWrite(files.Current, withOthers: true))
            return Verdict.Failed(
                $"The audit log cannot be written in {Path.GetDirectoryName(files.Current)}.", "Let the program's user write there, or set Audit:Path.");
        if (!CanWrite(files.Checkpoints, withOthers: options.Shared))
            return Verdict.Failed(
                $"The checkpoints cannot be written to {files.Checkpoints}.", "Let the program's user write there, or set Audit:CheckpointPath.");

        if (services.GetRequiredService<IChatClient>() is not AuditingChatClient)
            return Verdict.Failed("The audit is not the outermost part of the road.", "Put UseAuditing back in front, in AuditingServiceCollectionExtensions.");
        var mode = options.FailureMode == FailureMode.Open ? " Audit:FailureMode is Open: requests go on while it cannot be written." : "";
        if (files.Existing().Count == 0)
            return File.Exists(files.Seal) || File.Exists(files.Checkpoints)
                ? Verdict.Failed("The audit log is gone: only its seal or its checkpoints are left.", "Bring it back, and find out who could remove it.")
                : Verdict.Passed($"The audit is outermost and can be written. There is no record yet, and so no chain to verify.{mode}");
        var keys = services.GetRequiredService<AuditKeys>();
        // Older files may have been archived.
        var first = FirstRecordOf(files.Existing()[0]);
        var evidence = new AuditEvidence(keys.Chain, keys.SigningKeys, files.Checkpoints, first);
        var verdict = new AuditVerifier(files, evidence, new Progress<long>()).Verify(cancellationToken);
        return verdict.Problem is { } problem
            ? Verdict.Failed(
                $"The audit log is not as it was written: {problem}",
                "Keep the log as it is, run 'audit verify', and find out who could write there.")
            : Verdict.Passed(
                $"The audit is outermost and can be written; its chain verifies, {verdict.Records} records from number {first}"
                + $"{(first > 1 ? "; those before it were archived, or removed" : "")}.{mode}");
    }

    /// <summary>Whether a file can be written, and where it is needed others be made beside it.</summary>
    private static bool CanWrite(string file, bool withOthers)
    {
        var folder = Path.GetDirectoryName(file)!;
        try
        {
            Directory.CreateDirectory(folder);
            if (withOthers || !Path.Exists(file))
                new FileStream(
                    Path.Combine(folder, Path.GetRandomFileName()),
                    new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Options = FileOptions.DeleteOnClose }).Dispose();
            // To open a pipe for writing alone would wait for whoever reads it.
            if (Path.Exists(file))
                File.Open(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete).Dispose();
            return true;
        }
        catch (IOException exception) when (AuditFiles.IsTaken(exception))
        {
            // The running program holds its log alone.
            return true;
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
        {
            return false;
        }
    }

    private static long FirstRecordOf(string file)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return Math.Max(1, AuditTail.Read(stream).FirstSequence);
        }
        catch (Exception exception) when (exception is InvalidDataException or EndOfStreamException)
        {
            return 1;
        }
    }

    private static Verdict CheckEndpoint(IServiceProvider services)
    {
        var endpoint = services.GetRequiredService<IOptions<MistralOptions>>().Value.Endpoint;
        if (endpoint.Scheme == Uri.UriSchemeHttps)
            return Verdict.Passed($"Mistral is asked at {endpoint.Scheme}://{endpoint.Authority}.");
        return endpoint.IsLoopback && !services.GetRequiredService<IHostEnvironment>().IsProduction()
            ? Verdict.Passed("Mistral's place is taken by a program on this machine, over http.")
            : Verdict.Failed("Mistral is asked over plain http.", "Set Mistral:Endpoint to an https address.");
    }
}
