using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Acme.App.Tests.StandIn;

/// <summary>
/// A stand-in for Mistral's API on a loopback port: it takes what Mistral's schema takes and refuses the rest the way Mistral
/// does. Every request is checked before a scripted reply is sent, so a test of a fault also tests the request.
/// </summary>
internal sealed class MistralStandIn : IAsyncDisposable
{
    private const string ChatPath = "/v1/chat/completions";

    private static readonly string[] s_modelIds =
    [
        "mistral-small-latest", "mistral-medium-latest", "mistral-large-latest", "ministral-3b-latest", "ministral-8b-latest",
        "ministral-14b-latest", "codestral-latest", "mistral-moderation-2603", DeprecatedModel,
    ];

    private readonly ConcurrentQueue<RecordedRequest> _requests = new();
    private readonly ConcurrentDictionary<string, ConcurrentQueue<StandInReply>> _scripts = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly WebApplication _server;
    private volatile IReadOnlyCollection<string> _acceptedKeys;

    private MistralStandIn(IReadOnlyCollection<string> acceptedKeys)
    {
        _acceptedKeys = acceptedKeys;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _server = builder.Build();
        _server.Run(HandleAsync);
    }

    /// <summary>A model that the list calls deprecated.</summary>
    public const string DeprecatedModel = "mistral-small-2402";

    /// <summary>A key that a fresh stand-in accepts; put together here so that no scanner takes it for a real one.</summary>
    public static string UsualKey { get; } = string.Concat(Enumerable.Repeat("StandIn0", 4));

    public Uri Endpoint { get; private set; } = null!;

    /// <summary>The keys that are accepted now; may be replaced while the stand-in runs.</summary>
    public IReadOnlyCollection<string> AcceptedKeys
    {
        get => _acceptedKeys;
        set => _acceptedKeys = value;
    }

    /// <summary>What came in so far, oldest first.</summary>
    public IReadOnlyList<RecordedRequest> Requests => [.. _requests];

    public static Task<MistralStandIn> StartAsync(CancellationToken cancellationToken) => StartAsync([UsualKey], cancellationToken);

    public static async Task<MistralStandIn> StartAsync(IReadOnlyCollection<string> acceptedKeys, CancellationToken cancellationToken)
    {
        var standIn = new MistralStandIn(acceptedKeys);
        await standIn._server.StartAsync(cancellationToken);
        standIn.Endpoint = new Uri(standIn._server.Urls.Single());
        return standIn;
    }

    /// <summary>Scripts the next chat replies, in this order; after them the usual ones come again.</summary>
    public void Enqueue(params StandInReply[] replies) => EnqueueFor(ChatPath, replies);

    /// <summary>Scripts the next replies on another path, for example <c>/v1/models</c>.</summary>
    public void EnqueueFor(string path, params StandInReply[] replies)
    {
        foreach (var reply in replies)
            _scripts.GetOrAdd(path, _ => new()).Enqueue(reply);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _server.DisposeAsync();
        _stopping.Dispose();
    }

    private async Task HandleAsync(HttpContext context)
    {
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _stopping.Token);
        var outcome = new TaskCompletionSource<ReplyOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            using var body = new StreamReader(context.Request.Body, Encoding.UTF8);
            var request = new RecordedRequest(
                context.Request.Method,
                context.Request.Path,
                context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase),
                await body.ReadToEndAsync(leave.Token),
                outcome.Task);
            _requests.Enqueue(request);
            context.Response.Headers["mistral-correlation-id"] = $"standin-{_requests.Count}";
            await SendAsync(context, Refusal(request) ?? ReplyTo(request), leave.Token);
            outcome.TrySetResult(ReplyOutcome.Sent);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            outcome.TrySetResult(ReplyOutcome.ClientLeft);
        }
        finally
        {
            outcome.TrySetException(new InvalidOperationException("The stand-in itself failed at this request."));
        }
    }

    private StandInReply? Refusal(RecordedRequest request)
    {
        var authorization = request.Headers.GetValueOrDefault("Authorization", "");
        if (!AcceptedKeys.Any(key => authorization == $"Bearer {key}"))
            return StandInReply.Json("""{"detail":"Unauthorized"}""", 401);
        var (method, schema) = request.Path switch
        {
            "/v1/models" => ("GET", null),
            ChatPath => ("POST", RequestSchema.Chat),
            "/v1/chat/moderations" => ("POST", RequestSchema.ChatModeration),
            "/v1/moderations" => ("POST", RequestSchema.TextModeration),
            _ => ("", (Rule?)null),
        };
        if (method != request.Method)
            return StandInReply.Json(method == "" ? """{"detail":"Not Found"}""" : """{"detail":"Method Not Allowed"}""", method == "" ? 404 : 405);
        return schema is null ? null : Refusal(request, schema);
    }

    private static StandInReply? Refusal(RecordedRequest request, Rule schema)
    {
        var faults = new List<Fault>();
        try
        {
            if (!request.Headers.GetValueOrDefault("Content-Type", "").StartsWith("application/json", StringComparison.OrdinalIgnoreCase))
                faults.Add(new("model_attributes_type", ["body"], "Input should be a valid dictionary", JsonSerializer.SerializeToElement(request.Body)));
            else
                schema(request.Json, ["body"], faults);
        }
        catch (JsonException)
        {
            faults.Add(new("json_invalid", ["body"], "JSON decode error", JsonSerializer.SerializeToElement(request.Body)));
        }

        if (faults.Count > 0)
            return StandInReply.Json(JsonSerializer.Serialize(new { detail = faults }, JsonSerializerOptions.Web), 422);
        if (!s_modelIds.Contains(request.Json.GetProperty("model").GetString()))
            return BadRequest(MessageRules.InvalidModel, "Invalid model", "invalid_model");
        return request.Path == ChatPath && MessageRules.Check(request.Json.GetProperty("messages")) is var (code, message)
            ? BadRequest(code, message, "invalid_request_message_order")
            : null;
    }

    private static StandInReply BadRequest(string code, string message, string type) => StandInReply.Json(
        new JsonObject { ["object"] = "error", ["message"] = message, ["type"] = type, ["param"] = null, ["code"] = code }.ToJsonString(), 400);

    private StandInReply ReplyTo(RecordedRequest request)
    {
        var scripted = _scripts.TryGetValue(request.Path, out var script) && script.TryDequeue(out var next) ? next : null;
        if (scripted?.Pieces is not null)
            return scripted;
        if (request.Path != ChatPath)
            return request.Path == "/v1/models" ? StandInReply.Json(Models()) : StandInReply.Json(Moderation(request.Json));
        var reply = scripted ?? ModelAnswer.Usual(request.Json);
        return request.Json.TryGetProperty("stream", out var stream) && stream.GetBoolean()
            ? reply with { ContentType = "text/event-stream", Pieces = ModelAnswer.Events(request.Json, reply).Select(Encoding.UTF8.GetBytes) }
            : reply with { Pieces = [Encoding.UTF8.GetBytes(ModelAnswer.Whole(request.Json, reply))] };
    }

    private static async Task SendAsync(HttpContext context, StandInReply reply, CancellationToken cancellationToken)
    {
        if (reply.Delay > TimeSpan.Zero)
            await Task.Delay(reply.Delay, TimeProvider.System, cancellationToken);
        context.Response.StatusCode = reply.Status;
        context.Response.ContentType = reply.ContentType;
        foreach (var (name, value) in reply.Headers)
            context.Response.Headers[name] = value;
        // A body shorter than announced makes the server close the connection, after all that was written has gone out.
        if (reply.End == ReplyEnd.Cut)
            context.Response.ContentLength = long.MaxValue;
        await context.Response.StartAsync(cancellationToken);
        foreach (var piece in reply.Pieces!)
        {
            if (reply.Pause > TimeSpan.Zero)
                await Task.Delay(reply.Pause, TimeProvider.System, cancellationToken);
            await context.Response.Body.WriteAsync(piece, cancellationToken);
            await context.Response.Body.FlushAsync(cancellationToken);
        }

        if (reply.End == ReplyEnd.Hang)
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
    }

    private static string Models() => JsonSerializer.Serialize(new
    {
        @object = "list",
        data = s_modelIds.Select(id => new
        {
            id,
            @object = "model",
            created = 1_750_000_000,
            owned_by = "mistralai",
            capabilities = new { completion_chat = true, function_calling = true, completion_fim = false, fine_tuning = false, vision = true },
            name = id,
            description = "A stand-in.",
            max_context_length = 262_144,
            aliases = Array.Empty<string>(),
            deprecation = id == DeprecatedModel ? "2025-06-16T12:00:00Z" : null,
            deprecation_replacement_model = id == DeprecatedModel ? "mistral-small-latest" : null,
            type = "base",
        }),
    });

    private static string Moderation(JsonElement request)
    {
        var results = request.GetProperty("input") is { ValueKind: JsonValueKind.Array } list
            && list.GetArrayLength() > 0 && list[0].ValueKind != JsonValueKind.Object
            ? list.GetArrayLength()
            : 1;
        string[] categories =
        [
            "sexual", "hate_and_discrimination", "violence_and_threats", "dangerous", "criminal", "selfharm", "health", "financial",
            "law", "pii", "jailbreaking",
        ];
        return JsonSerializer.Serialize(new
        {
            id = $"mod-{Guid.NewGuid():N}",
            model = request.GetProperty("model").GetString(),
            results = Enumerable.Range(0, results).Select(_ => new
            {
                categories = categories.ToDictionary(name => name, _ => false),
                category_scores = categories.ToDictionary(name => name, _ => 0.0001),
            }),
        });
    }
}
