using System.Security.Cryptography;
using System.Text;
using MistralTemplates.Harness;

namespace MistralTemplates.Benchmarks.Peers;

/// <summary>Builds the servers that stand beside each other: ours as <c>dotnet new</c> makes it, the bare pass-through, the Express endpoint, Portkey's gateway, the stock web API.</summary>
internal sealed class PeerSet(string folder, Uri upstream)
{
    private const string Question = """{"model":"mistral-small-latest","messages":[{"role":"system","content":"Answer in a sentence."},{"role":"user","content":"Why does the tide come twice a day, and why is it later each day?"}]}""";
    private const string Name = "Bench.Chat";
    private const string Unreached = "1000000000";
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "MistralTemplates.Benchmarks.dll");
    private static readonly string ExpressFolder = Path.Combine(TemplatePack.RepositoryRoot, "tests", "MistralTemplates.Benchmarks", "Peers", "express");
    private static readonly TimeSpan BuildLimit = TimeSpan.FromMinutes(5);

    private readonly string _signingKey = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    // Mistral's keys are 32 letters and digits; this one opens nothing.
    private readonly string _mistralKey = RandomNumberGenerator.GetString("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", 32);

    public Peer Bare => new(
        "bare ASP.NET Core pass-through", port => ["dotnet", Program, "peers", "pass-through", $"{port}", $"{upstream}"], "/v1/chat/completions", Question, new Dictionary<string, string>(), _ => [], folder);

    public async Task<Peer> BuildGeneratedAsync(CancellationToken cancellationToken)
    {
        var pack = await TemplatePack.PackAsync(folder, cancellationToken);
        (await pack.CreateAsync(folder, "mistral-secure", Name, ["--no-restore"], cancellationToken)).EnsureSuccess("dotnet new mistral-secure");
        var repository = Path.Combine(folder, Name);
        var output = Path.Combine(folder, "published", Name);
        var image = await ImageFile.ReadAsync(repository, cancellationToken);
        await PublishAsync(repository, image.PublishArguments(output), cancellationToken);
        using var checkpointKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var environment = new Dictionary<string, string>
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Production",
            ["DOTNET_EnableDiagnostics"] = "0",
            ["MISTRAL_API_KEY"] = _mistralKey,
            ["Mistral__Endpoint"] = $"{upstream}",
            ["Audit__ChainKey"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)),
            ["Audit__CheckpointKey"] = Convert.ToBase64String(checkpointKey.ExportPkcs8PrivateKey()),
            ["Authentication__Schemes__Bearer__ValidIssuer"] = "dotnet-user-jwts",
            ["Authentication__Schemes__Bearer__ValidAudiences__0"] = "bench",
            ["Authentication__Schemes__Bearer__SigningKeys__0__Issuer"] = "dotnet-user-jwts",
            ["Authentication__Schemes__Bearer__SigningKeys__0__Value"] = _signingKey,
            // One caller and one address send all the load, as a proxy that ends TLS would.
            ["Access__KnownProxies__0"] = "127.0.0.1",
            ["Access__RequestsPerMinuteByAddress"] = Unreached,
            ["Access__Limits__RequestsPerMinute"] = Unreached,
            ["Access__Limits__ConcurrentRequests"] = Unreached,
            ["Access__Limits__TokensPerMinute"] = Unreached,
            ["Access__Limits__TokensPerDay"] = Unreached,
            ["Access__Limits__TokensPerMonth"] = Unreached,
        };
        return new Peer(
            "mistral-secure-api", _ => [image.ProgramIn(output)], "/api/chat", Question, new Dictionary<string, string>(Bearer()) { ["X-Forwarded-Proto"] = "https" },
            port => new(environment) { ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{port}" }, output);
    }

    /// <summary>The web API of the SDK, for the time of its start.</summary>
    public async Task<Peer> BuildStockAsync(CancellationToken cancellationToken)
    {
        (await Command.RunAsync("dotnet", ["new", "webapi", "-n", "Stock", "--no-restore"], folder, BuildLimit, cancellationToken)).EnsureSuccess("dotnet new webapi");
        var output = Path.Combine(folder, "published", "Stock");
        await PublishAsync(Path.Combine(folder, "Stock"), ["publish", "-c", "Release", "--use-current-runtime", "--no-self-contained", "-o", output], cancellationToken);
        return new Peer(
            "stock webapi", port => ["dotnet", Path.Combine(output, "Stock.dll")], "/weatherforecast", null, new Dictionary<string, string>(),
            port => new() { ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{port}" }, output);
    }

    public async Task<Peer[]> BuildNodeAsync(CancellationToken cancellationToken)
    {
        foreach (var file in Directory.GetFiles(ExpressFolder))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        (await Command.RunAsync("npm", ["install", "--no-audit", "--no-fund"], folder, BuildLimit, cancellationToken)).EnsureSuccess("npm install");
        Dictionary<string, string> environment = new()
        {
            ["NODE_ENV"] = "production",
            ["UPSTREAM"] = upstream.ToString().TrimEnd('/'),
            ["SIGNING_KEY"] = _signingKey,
            ["AUDIT_FILE"] = Path.Combine(folder, "express-audit.jsonl"),
            ["MISTRAL_API_KEY"] = _mistralKey,
            ["TRUSTED_CUSTOM_HOSTS"] = $"127.0.0.1,localhost,{upstream.Authority}",
        };
        var gateway = new Dictionary<string, string>
        {
            ["x-portkey-provider"] = "mistral-ai",
            ["x-portkey-custom-host"] = new Uri(upstream, "v1").ToString(),
            ["Authorization"] = "Bearer " + _mistralKey,
        };
        return
        [
            new("Express + Zod + Mistral's client", _ => ["node", "server.mjs"], "/api/chat", Question, Bearer(), port => new(environment) { ["PORT"] = $"{port}" }, folder),
            new("Portkey's open gateway", port => ["node", "node_modules/@portkey-ai/gateway/build/start-server.js", "--headless", $"--port={port}"], "/v1/chat/completions", Question, gateway, _ => environment, folder),
        ];
    }

    private static async Task PublishAsync(string project, string[] arguments, CancellationToken cancellationToken) =>
        (await Command.RunAsync("dotnet", arguments, project, BuildLimit, cancellationToken)).EnsureSuccess($"dotnet publish in {project}");

    /// <summary>A token as <c>dotnet user-jwts create</c> makes it.</summary>
    private Dictionary<string, string> Bearer()
    {
        var expires = DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeSeconds();
        var content = Encode("""{"alg":"HS256","typ":"JWT"}"""u8) + "."
            + Encode(Encoding.UTF8.GetBytes($$"""{"sub":"bench","iss":"dotnet-user-jwts","aud":"bench","scope":"chat","exp":{{expires}}}"""));
        return new() { ["Authorization"] = $"Bearer {content}.{Encode(HMACSHA256.HashData(Convert.FromBase64String(_signingKey), Encoding.ASCII.GetBytes(content)))}" };
    }

    private static string Encode(ReadOnlySpan<byte> bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);
}
