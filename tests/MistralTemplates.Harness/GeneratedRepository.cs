using System.Net.Http.Json;
using System.Text.Json;

namespace MistralTemplates.Harness;

/// <summary>What a chat gave, and the line that the audit keeps of it.</summary>
public sealed record ChatOutcome(string Answer, string AuditLine);

/// <summary>Puts a job before a worker that runs, and waits for its result.</summary>
public delegate Task<string> JobExchange(string job, RunningProgram worker, CancellationToken cancellationToken);

/// <summary>A repository that <c>dotnet new mistral-secure</c> has made: builds it, starts it, chats with it.</summary>
/// <param name="folder">The repository's folder.</param>
/// <param name="projectName">The project's name, which its files and its program bear.</param>
/// <param name="kind">api, console or worker.</param>
public sealed class GeneratedRepository(string folder, string projectName, string kind)
{
    private const string Model = "mistral-small-latest";
    private static readonly TimeSpan s_buildLimit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan s_chatLimit = TimeSpan.FromMinutes(1);

    public static IReadOnlyList<string> Kinds { get; } = ["api", "console", "worker"];

    public string Folder { get; } = folder;

    /// <summary>The project's folder: below src in a repository, the folder itself for a project alone.</summary>
    public string ProjectFolder { get; } = Directory.Exists(Path.Combine(folder, "src")) ? Path.Combine(folder, "src", projectName) : folder;

    /// <summary>The built program: in bin, unless a repository around it wants it elsewhere.</summary>
    public string ProgramFile => Elsewhere ?? Path.Combine(ProjectFolder, "bin", "Debug", "net10.0", projectName + ".dll");

    /// <summary>The program's file where it is not in bin.</summary>
    public string? Elsewhere { get; set; }

    /// <summary>Whether that program keeps its audit and its jobs beside itself, as a published one does, and not in the project's folder.</summary>
    public bool IsPublished { get; init; }

    public string AuditFile => Path.Combine(Home, "audit", "audit.jsonl");

    // A program that brings .NET along is started by its own name.
    private string[] CommandLine => ProgramFile.EndsWith(".dll", StringComparison.Ordinal) ? ["dotnet", ProgramFile] : [ProgramFile];

    private string Home => IsPublished ? Path.GetDirectoryName(ProgramFile)! : ProjectFolder;

    /// <summary>Builds the repository, its tests included, with warnings as errors.</summary>
    public async Task BuildAsync(CancellationToken cancellationToken) =>
        (await Command.RunAsync("dotnet", ["build", "-nologo", "-warnaserror", "-warnnotaserror:NU1900,NU1901,NU1902,NU1903,NU1904"], Folder, s_buildLimit, cancellationToken))
            .EnsureSuccess($"dotnet build in {Folder}");

    public Task<CommandResult> TestAsync(CancellationToken cancellationToken) =>
        Command.RunAsync("dotnet", ["test", "--no-build"], Folder, s_buildLimit, cancellationToken);

    /// <summary>Runs the built program to its end.</summary>
    public Task<CommandResult> RunAsync(IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, CancellationToken cancellationToken, string? input = null) =>
        Command.RunAsync(CommandLine[0], [.. CommandLine[1..], .. arguments], Folder, s_chatLimit, cancellationToken, environment, input);

    public RunningProgram Start(IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment) =>
        RunningProgram.Start(CommandLine[0], [.. CommandLine[1..], .. arguments], Folder, environment);

    /// <summary>One chat with the in-process stand-in, as a newcomer without a key has it.</summary>
    public Task<ChatOutcome> ChatOfflineAsync(string question, CancellationToken cancellationToken) =>
        ChatAsync(question, new Dictionary<string, string> { ["Mistral__Offline"] = "true" }, cancellationToken);

    /// <summary>One chat in the way of this kind: a request, a command or a job.</summary>
    /// <param name="exchange">How a worker gets its job, where it is not by its folder.</param>
    public async Task<ChatOutcome> ChatAsync(
        string question, IReadOnlyDictionary<string, string> settings, CancellationToken cancellationToken, JobExchange? exchange = null)
    {
        var environment = new Dictionary<string, string>(settings)
        {
            ["DOTNET_ENVIRONMENT"] = "Development",
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
        };
        var answer = kind switch
        {
            "api" => await AskApiAsync(question, environment, cancellationToken),
            "console" => await AskConsoleAsync(question, environment, cancellationToken),
            _ => await AskWorkerAsync(question, environment, exchange ?? ExchangeInFolderAsync, cancellationToken),
        };
        var auditLine = File.ReadLines(AuditFile).Last(line => line.Contains("chat.", StringComparison.Ordinal));
        return new ChatOutcome(answer, auditLine);
    }

    private async Task<string> AskApiAsync(string question, Dictionary<string, string> environment, CancellationToken cancellationToken)
    {
        environment["ASPNETCORE_URLS"] = "http://127.0.0.1:0";
        environment["Access__Anonymous"] = "true";
        await using var program = Start([], environment);
        var address = await ListeningAddressAsync(program, cancellationToken);
        using var client = new HttpClient { BaseAddress = address, Timeout = s_chatLimit };
        using var response = await client.PostAsJsonAsync("/api/chat", new { model = Model, messages = Messages(question) }, cancellationToken);
        var body = await response.Content.ReadAsStringAsync(cancellationToken);
        if (!response.IsSuccessStatusCode)
            throw new InvalidOperationException($"POST /api/chat answered {(int)response.StatusCode}.\n{body}\n{program.Output}");
        return Content(body);
    }

    private async Task<string> AskConsoleAsync(string question, Dictionary<string, string> environment, CancellationToken cancellationToken) =>
        (await RunAsync(["chat", question], environment, cancellationToken)).EnsureSuccess("chat").Output.Trim();

    private async Task<string> AskWorkerAsync(string question, Dictionary<string, string> environment, JobExchange exchange, CancellationToken cancellationToken)
    {
        await using var program = Start([], environment);
        return Content(await exchange(JsonSerializer.Serialize(new { user = "newcomer", messages = Messages(question) }), program, cancellationToken));
    }

    private async Task<string> ExchangeInFolderAsync(string job, RunningProgram worker, CancellationToken cancellationToken)
    {
        var jobs = Path.Combine(Home, "jobs");
        await worker.WaitForAsync(() => Directory.Exists(Path.Combine(jobs, "inbox")), s_chatLimit, cancellationToken);

        var file = Path.Combine(jobs, "inbox", "first.json");
        await File.WriteAllTextAsync(file + ".tmp", job, cancellationToken);
        File.Move(file + ".tmp", file);

        var done = Path.Combine(jobs, "done", "first.json");
        await worker.WaitForAsync(() => File.Exists(done), s_chatLimit, cancellationToken);
        return await File.ReadAllTextAsync(done, cancellationToken);
    }

    /// <summary>Waits until an API says where it listens.</summary>
    public static async Task<Uri> ListeningAddressAsync(RunningProgram program, CancellationToken cancellationToken)
    {
        Uri? address = null;
        await program.WaitForAsync(() => (address = FindAddress(program.Output)) is not null, s_chatLimit, cancellationToken);
        return address!;
    }

    private static Uri? FindAddress(string output)
    {
        const string start = "http://127.0.0.1:";
        var at = output.IndexOf(start, StringComparison.Ordinal);
        if (at < 0)
            return null;
        var port = new string(output[(at + start.Length)..].TakeWhile(char.IsAsciiDigit).ToArray());
        return port is "" or "0" ? null : new Uri(start + port);
    }

    private static object[] Messages(string question) => [new { role = "user", content = question }];

    private static string Content(string json) =>
        JsonDocument.Parse(json).RootElement.GetProperty("content").GetString() ?? throw new InvalidOperationException("The answer has no content.");
}
