using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Acme.App.Auditing;
using Acme.App.Configuration;

namespace Acme.App.Operations;

/// <summary>What a log is to be held against. Without the chain's keys only its checkpoints, its numbers and its seal's number are checked.</summary>
internal sealed record AuditEvidence(IReadOnlyList<AuditKey> ChainKeys, IReadOnlyList<ECDsa> CheckpointKeys, string? CheckpointFile, long BeginsAt);

/// <summary>
/// What was found. <paramref name="Problem"/> is the first thing wrong, with its place; null when nothing is. <paramref name="Notes"/> are
/// worth knowing, and no sign of tampering: what was repaired, what could not be checked.
/// </summary>
internal sealed record AuditVerdict(long Records, int Files, int Checkpoints, long LastCheckpoint, string? Problem, IReadOnlyList<string> Notes);

/// <summary>Reads a log from its first record to its last and says where it first differs from what was written.</summary>
internal sealed class AuditVerifier(AuditFiles files, AuditEvidence evidence, IProgress<long> progress)
{
    private const int MostAttempts = 100;

    private readonly byte[] _mac = new byte[AuditLine.MacBytes];
    private readonly byte[] _tag = new byte[AuditLine.TagBytes];
    private readonly IncrementalHash[] _hashes = [.. evidence.ChainKeys.Select(key => key.CreateChainHash())];
    private readonly byte[][] _keyIds = [.. evidence.ChainKeys.Select(key => Encoding.ASCII.GetBytes(key.Id))];
    private readonly Queue<AuditCheckpoint> _checkpoints = new();
    private readonly List<string> _notes = [];
    private long _expected = evidence.BeginsAt;
    private int _key;
    private long _sealed;
    private string _seal = "";

    public AuditVerdict Verify(CancellationToken cancellationToken)
    {
        // The seal and the checkpoints are read first: while a program writes, the log may only have more than they say.
        using var seal = TryOpen(files.Seal);
        var bytes = new byte[AuditLine.SealLength + 1];
        _sealed = seal is null ? 0 : AuditLine.ParseSeal(bytes.AsSpan(0, seal.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)), out _seal);
        var wrong = ReadCheckpoints();
        using var current = OpenCurrent(out var existing);
        var problem = existing.Count == 0 ? $"There is no audit log at '{files.Current}'." : wrong;
        var (checkpoints, last) = (_checkpoints.Count, _checkpoints.LastOrDefault()?.Sequence ?? 0);
        foreach (var file in problem is null ? existing : [])
            problem ??= VerifyFile(file, current, cancellationToken);
        problem ??= CheckEnd();
        return new AuditVerdict(_expected - evidence.BeginsAt, existing.Count, checkpoints, last, problem, _notes);
    }

    /// <summary>Opens the file that is written now, while none of them takes another name: the same list before and after says so.</summary>
    private FileStream? OpenCurrent(out IReadOnlyList<string> existing)
    {
        for (var attempt = 0; attempt < MostAttempts; attempt++)
        {
            existing = files.Existing();
            var current = existing.Contains(files.Current) ? TryOpen(files.Current) : null;
            if (files.Existing().SequenceEqual(existing) && (current is null) == !existing.Contains(files.Current))
                return current;
            current?.Dispose();
        }

        throw new IOException($"The files beside '{files.Current}' change faster than they can be listed.");
    }

    private static FileStream? TryOpen(string file, bool takesPipe = false)
    {
        try
        {
            return BoundedFile.OpenBeside(file, takesPipe);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private string? ReadCheckpoints()
    {
        var checkpoints = new List<AuditCheckpoint>();
        var unfinished = 0;
        var path = evidence.CheckpointFile;
        using var stream = path is null ? null : TryOpen(path, takesPipe: true);
        using var reader = new StreamReader(stream ?? Stream.Null);
        while (reader.ReadLine() is { } line)
        {
            if (AuditCheckpoint.Parse(line) is not { } checkpoint)
                unfinished++;
            else if (evidence.CheckpointKeys.FirstOrDefault(key => AuditCheckpoint.IdOf(key) == checkpoint.KeyId) is not { } key)
                return $"{Path.GetFileName(path)}: the checkpoint for record {checkpoint.Sequence} was signed with another key ({checkpoint.KeyId}): "
                    + "a former one belongs in Audit:PreviousCheckpointKeys, or its public key is given by --public-key.";
            else if (!checkpoint.IsSignedBy(key))
                return $"{Path.GetFileName(path)}: the checkpoint for record {checkpoint.Sequence} was changed.";
            else if (checkpoint.Sequence >= evidence.BeginsAt)
                checkpoints.Add(checkpoint);
        }

        // Processes that share a log may sign in another order than they wrote.
        var signers = evidence.CheckpointKeys.Select(AuditCheckpoint.IdOf).ToList();
        var signer = 0;
        foreach (var checkpoint in checkpoints.OrderBy(checkpoint => checkpoint.Sequence))
        {
            // Keys only ever follow one another here as well.
            signer = signers.IndexOf(checkpoint.KeyId, signer);
            if (signer < 0)
                return $"{Path.GetFileName(path)}: the checkpoint for record {checkpoint.Sequence} was signed with a key that was not in use any more.";
            _checkpoints.Enqueue(checkpoint);
        }

        if (checkpoints.Count == 0)
            _notes.Add("No checkpoint is for these records: an older state of the log and its seal, put back together, would not be noticed.");
        if (unfinished > 0)
            _notes.Add($"Unfinished lines among the checkpoints, as a sudden end leaves them: {unfinished}.");
        return null;
    }

    private string? VerifyFile(string file, FileStream? current, CancellationToken cancellationToken)
    {
        using var stream = (file == files.Current ? current : TryOpen(file)) ?? throw new FileNotFoundException($"'{file}' was removed meanwhile.");
        var reader = new AuditLineReader(stream);
        var reported = 0L;
        for (var number = 1L; reader.TryRead(out var text); number++)
        {
            if (number % 4096 == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                progress.Report(reader.Position - reported);
                reported = reader.Position;
            }

            var problem = !reader.IsWhole ? "The line is unfinished: the log was cut off here, or ended suddenly and was not started since."
                : !AuditLine.TryParse(text, out var line) ? Explain(reader, isRecord: false, sequence: 0)
                : VerifyLine(line, number == 1) ? CheckAnchors(line)
                : _key < 0 ? "The line was written with a key that is not known, or with one that was not in use any more."
                : Explain(reader, isRecord: true, line.Sequence);
            if (problem is not null)
                return $"{Path.GetFileName(file)}, line {number}: {problem}";

            _expected++;
        }

        progress.Report(reader.Position - reported);
        return null;
    }

    private bool VerifyLine(AuditLine line, bool isFirst)
    {
        if (line.Sequence != _expected)
            return false;

        // A log whose beginning was archived: the first record of each file says which MAC came before.
        if (isFirst && _expected == evidence.BeginsAt && _expected > 1)
            line.TryReadPreviousMac(_mac);
        if (_hashes.Length == 0)
            return true;

        // Keys only ever follow one another, so that one that leaked and was replaced is good for nothing later.
        while (_key >= 0 && !line.KeyId.SequenceEqual(_keyIds[_key]))
            _key = _key + 1 < _keyIds.Length ? _key + 1 : -1;
        if (_key < 0)
            return false;

        AuditLine.ComputeTag(_hashes[_key], _mac, line.Body, _tag);
        Span<byte> mac = stackalloc byte[2 * AuditLine.MacBytes];
        Convert.TryToHexStringLower(_tag.AsSpan(0, AuditLine.MacBytes), mac, out _);
        _tag.AsSpan(0, AuditLine.MacBytes).CopyTo(_mac);
        return mac.SequenceEqual(line.Mac);
    }

    private string? CheckAnchors(AuditLine line)
    {
        if (line.Body.IndexOf("\"action\":\"audit.recovered\""u8) > 0)
        {
            if (line.Body.IndexOf("\"errorCode\":\"records.missing\""u8) > 0)
                return "Records were missing when the program started here; the line says which.";
            if (line.Body.IndexOf("\"errorCode\":\"seal.invalid\""u8) > 0)
                return "The seal was gone or was changed when the program started here: the records before it may have been cut off.";
            _notes.Add($"Record {line.Sequence} says that something was repaired: {Encoding.ASCII.GetString(line.Body)}}}");
        }

        while (_checkpoints.TryPeek(out var checkpoint) && checkpoint.Sequence <= line.Sequence)
        {
            _checkpoints.Dequeue();
            if (checkpoint.Sequence < line.Sequence || checkpoint.Mac != Encoding.ASCII.GetString(line.Mac))
                return $"The record is another than the one that the checkpoint for record {checkpoint.Sequence} saw.";
        }

        return line.Sequence == _sealed && _hashes.Length > 0 && Convert.ToHexStringLower(_tag.AsSpan(AuditLine.MacBytes)) != _seal
            ? "The seal beside the log is not this record's." : null;
    }

    // The line that follows tells what happened to this one.
    private string Explain(AuditLineReader reader, bool isRecord, long sequence)
    {
        var next = reader.TryRead(out var text) && AuditLine.TryParse(text, out var line) ? line.Sequence : 0;
        return (isRecord, sequence - _expected) switch
        {
            (true, > 0) when next == _expected => $"The record was swapped with the one after it (record {sequence} where {_expected} belongs).",
            (true, > 0) when _expected == evidence.BeginsAt => string.Create(
                CultureInfo.InvariantCulture,
                $"The log does not begin with record {_expected}: {sequence - _expected} were removed, or archived (see --begins-at)."),
            (true, > 0) => $"Records were removed: {_expected} to {sequence - 1}.",
            (true, < 0) => $"The record was inserted: {sequence} stands where {_expected} belongs.",
            _ => next == _expected ? "The line was inserted." : "The record was changed.",
        };
    }

    private string? CheckEnd()
    {
        if (_key >= 0 && _key < _hashes.Length - 1)
            _notes.Add("The log ends with a record of a key that was replaced. If the program has run since, its records were cut off.");
        return _checkpoints.TryPeek(out var checkpoint)
            ? $"The log was cut off: it ends with record {_expected - 1}, but there is a checkpoint for record {checkpoint.Sequence}."
        : _sealed >= _expected ? $"The log was cut off: it ends with record {_expected - 1}, but the seal beside it is for record {_sealed}."
        : _sealed < evidence.BeginsAt ? "The seal beside the log is gone or was changed."
        : null;
    }
}
