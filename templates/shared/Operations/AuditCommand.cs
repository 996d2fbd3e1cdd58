using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Security.Cryptography;
using Acme.App.Auditing;
using Acme.App.Configuration;
using Spectre.Console;

namespace Acme.App.Operations;

/// <summary>
/// <c>audit verify</c>, <c>tail</c>, <c>show</c> and <c>keys</c>. The settings are read only when a command needs them, and the log is
/// never opened for writing, so that all of them run beside the program.
/// </summary>
internal sealed class AuditCommand(Lazy<IServiceProvider> services, IAnsiConsole results, IAnsiConsole progress)
{
    private readonly Argument<string?> _path = new("path")
    {
        Arity = ArgumentArity.ZeroOrOne,
        Description = "The audit file that is written now; the full ones are found beside it. Default: the setting Audit:Path;"
            + " with --without-secret, which needs no settings, audit/audit.jsonl in this folder.",
    };

    private readonly Option<string[]> _publicKeys =
        new("--public-key") { Description = "A file with a public key (PEM) that checkpoints may be signed with; may be repeated, the oldest first." };
    private readonly Option<bool> _withoutSecret =
        new("--without-secret") { Description = "Check with the public key alone: the checkpoints and the numbers, not each record." };
    private readonly Option<string?> _checkpoints =
        new("--checkpoints") { Description = "The file with the checkpoints. Default: the setting Audit:CheckpointPath, or else beside the log." };
    private readonly Option<long> _beginsAt =
        new("--begins-at")
        {
            Description = "The number of the first record, when older files were archived.",
            DefaultValueFactory = _ => 1,
            CustomParser = Positive,
        };
    private readonly Option<long> _lines =
        new("--lines", "-n") { Description = "How many records.", DefaultValueFactory = _ => 20, CustomParser = Positive };
    private readonly Option<string?> _user = new("--user") { Description = "Only what this user did, a pseudonymised one included." };
    private readonly Option<DateTimeOffset?> _since =
        new("--since") { Description = "Only what happened at this time (UTC) or later, for example 2026-11-23T08:00.", CustomParser = Time };
    private readonly Option<string?> _action =
        new("--action") { Description = "Only this action, for example chat.refused, or chat for all that begin with it." };
    private readonly Option<bool> _public =
        new("--public") { Description = "Print the public key (PEM) of the checkpoint key in use instead of making new keys." };

    private readonly TextWriter _output = results.Profile.Out.Writer;

    public static Command Create(Func<IServiceProvider> services, IAnsiConsole results, IAnsiConsole progress) =>
        new AuditCommand(new Lazy<IServiceProvider>(services), results, progress).Build();

    private Command Build()
    {
        var verify = new Command("verify", "Reads the whole log and says where it first differs from what was written. Exit code 0 or 1.")
        {
            _path, _publicKeys, _withoutSecret, _checkpoints, _beginsAt,
        };
        verify.SetAction((arguments, cancellationToken) => Task.Run(() => Told(() => Verify(arguments, cancellationToken)), cancellationToken));
        var tail = new Command("tail", "Shows the last records.") { _path, _lines };
        tail.SetAction(arguments => Told(() => Print(Last(FilesOf(arguments), (int)long.Min(arguments.GetValue(_lines), int.MaxValue)))));
        var show = new Command("show", "Shows the records that fit.") { _path, _user, _since, _action };
        show.SetAction(arguments => Told(() => Show(arguments)));
        var keys = new Command("keys", "Makes the log's two keys and prints them once, as settings.") { _public };
        keys.SetAction(PrintKeys);
        return new Command("audit", "Verifies and reads the audit log.") { verify, tail, show, keys };
    }

    // The parser's own conversions read as the user's language writes, in which a year may be another one.
    private static long Positive(ArgumentResult result)
    {
        if (long.TryParse(result.Tokens[^1].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0)
            return number;
        result.AddError("The number must be 1 or more.");
        return 0;
    }

    private static DateTimeOffset? Time(ArgumentResult result)
    {
        if (DateTimeOffset.TryParse(result.Tokens[^1].Value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
            return time;
        result.AddError("It is not a time.");
        return null;
    }

    /// <summary>A file that cannot be read is for whoever named it to mend; of the log it says nothing.</summary>
    private int Told(Func<ExitCode> run)
    {
        try
        {
            return (int)run();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            progress.Profile.Out.Writer.WriteLine(exception.Message);
            return (int)ExitCode.Usage;
        }
    }

    private ExitCode Verify(ParseResult arguments, CancellationToken cancellationToken)
    {
        var files = FilesOf(arguments);
        var withSecret = !arguments.GetValue(_withoutSecret);
        if (!withSecret && arguments.GetValue(_publicKeys) is not { Length: > 0 })
            throw new IOException("Without the secret it takes the public key: --public-key FILE. 'audit keys --public' prints it where the program runs.");
        if (!withSecret && files.Existing().Count == 0)
            throw new IOException($"There is no audit log at '{files.Current}'. Name it: audit verify PATH --without-secret --public-key FILE.");
        // Where there is no log, Development's keys are not made for it.
        var keys = withSecret && files.Existing().Count > 0 ? Services.GetRequiredService<AuditKeys>() : null;
        if (arguments.GetValue(_checkpoints) is { } named && !File.Exists(named))
            throw new IOException($"There is no file of checkpoints at '{named}'.");
        var checkpoints = arguments.GetValue(_checkpoints)
            ?? (withSecret && Services.GetRequiredService<AuditOptions>().CheckpointPath is { Length: > 0 }
                ? Services.GetRequiredService<AuditFiles>().Checkpoints
                : files.Checkpoints);
        var evidence = new AuditEvidence(
            keys?.Chain ?? [], [.. (arguments.GetValue(_publicKeys) ?? []).Select(ReadPublicKey), .. keys?.SigningKeys ?? []],
            checkpoints, arguments.GetValue(_beginsAt));
        var verdict = !progress.Profile.Out.IsTerminal ? new AuditVerifier(files, evidence, new Progress<long>()).Verify(cancellationToken)
            : progress.Progress().AutoClear(true).Start(bar =>
        {
            var sizes = files.Existing().Select(file => new FileInfo(file)).Where(file => file.Exists).Select(file => file.Length);
            var task = bar.AddTask("Reading the audit log", maxValue: Math.Max(1, sizes.Sum()));
            return new AuditVerifier(files, evidence, new Progress<long>(bytes => task.Increment(bytes))).Verify(cancellationToken);
        });
        foreach (var note in verdict.Notes)
            _output.WriteLine($"Note: {note}");
        _output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"Records: {verdict.Records}. Files: {verdict.Files}. Checkpoints: {verdict.Checkpoints}."));
        var isChecked = withSecret || verdict.Checkpoints > 0;
        var last = verdict.LastCheckpoint;
        _output.WriteLine(verdict.Problem is { } problem ? $"NOT AS WRITTEN: {problem}"
            : withSecret ? "The log is as it was written."
            : !isChecked ? "NOT CHECKED: without the secret, and without a checkpoint for its records, any log would look like this one."
            : string.Create(
                CultureInfo.InvariantCulture,
                $"The log agrees with its checkpoints. What lies between them, or behind the last one, for record {last}, takes the secret to check."));
        return verdict.Problem is null && isChecked ? ExitCode.Success : ExitCode.CheckFailed;
    }

    private ExitCode Show(ParseResult arguments)
    {
        var user = arguments.GetValue(_user);
        HashSet<string> names = user is null ? [] : [user, .. Services.GetRequiredService<AuditKeys>().Chain.Select(key => key.Pseudonym(user))];
        return Print(ExistingOf(FilesOf(arguments)).SelectMany(Records).Where(line =>
            AuditRecordPrinter.Matches(line, names, arguments.GetValue(_since), arguments.GetValue(_action))));
    }

    private ExitCode Print(IEnumerable<string> records)
    {
        new AuditRecordPrinter(results).Print(records);
        return ExitCode.Success;
    }

    private void PrintKeys(ParseResult arguments)
    {
        if (arguments.GetValue(_public))
        {
            _output.WriteLine(Services.GetRequiredService<AuditKeys>().Signing.ExportSubjectPublicKeyInfoPem());
            return;
        }

        var made = AuditKeys.Make();
        using var signing = AuditKeys.ImportSigningKey(made[1]);
        _output.WriteLine($"Audit__ChainKey={made[0]}{Environment.NewLine}Audit__CheckpointKey={made[1]}");
        // Apart from the settings, which may go into a file as they are.
        progress.Profile.Out.Writer.WriteLine($"For whoever checks the log without the secret:{Environment.NewLine}{signing.ExportSubjectPublicKeyInfoPem()}");
    }

    private IServiceProvider Services => services.Value;

    // Whoever has the public key alone may have no settings to ask.
    private AuditFiles FilesOf(ParseResult arguments) => arguments.GetValue(_path) is null && !arguments.GetValue(_withoutSecret)
        ? Services.GetRequiredService<AuditFiles>()
        : new AuditFiles(Path.GetFullPath(arguments.GetValue(_path) ?? new AuditOptions().Path));

    private static ECDsa ReadPublicKey(string file)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(File.ReadAllText(file));
            return key;
        }
        catch (Exception exception) when (exception is ArgumentException or CryptographicException)
        {
            throw new IOException($"'{file}' holds no public key in PEM, as 'audit keys --public' prints it.");
        }
    }

    private static IReadOnlyList<string> ExistingOf(AuditFiles files) =>
        files.Existing() is { Count: > 0 } existing ? existing : throw new IOException($"There is no audit log at '{files.Current}'.");

    private static List<string> Last(AuditFiles files, int most)
    {
        List<string> last = [];
        foreach (var file in ExistingOf(files).Reverse().TakeWhile(_ => last.Count < most))
            last = [.. Records(file).TakeLast(most - last.Count), .. last];
        return last;
    }

    private static IEnumerable<string> Records(string file)
    {
        using var reader = new StreamReader(BoundedFile.OpenBeside(file));
        while (reader.ReadLine() is { } line)
            yield return line;
    }
}
