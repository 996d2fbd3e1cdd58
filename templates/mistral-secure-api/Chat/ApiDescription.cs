using System.Text.Json;
using System.Text.Json.Nodes;
using Acme.App.Access;
using Acme.App.Guards;
using Acme.App.Mistral;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using NetEscapades.AspNetCore.SecurityHeaders;
using Scalar.AspNetCore;
using static System.Text.Json.JsonSerializer;

namespace Acme.App.Chat;

/// <summary><c>/openapi/v1.json</c> describes the endpoints, and in Development the page <c>/scalar</c> shows them.</summary>
internal static class ApiDescription
{
    private const string Scheme = "Bearer";
    private const string Json = "application/json";

    /// <summary>What can go wrong, as it is answered: made by what answers.</summary>
    private static readonly ProblemDetails[] s_problems = Array.ConvertAll<ProblemDetails, ProblemDetails>(
    [
        ChatProblems.From(new ChatRefusedException(ChatRefusedException.InvalidRequest, "The request breaks the rules of messages.")
        {
            Errors = new Dictionary<string, string[]> { ["messages"] = ["There must be at least one message."] },
        })!,
        new() { Status = StatusCodes.Status401Unauthorized },
        new() { Status = StatusCodes.Status403Forbidden },
        ChatProblems.NoSuchModel(),
        ChatProblems.From(new BadHttpRequestException("", StatusCodes.Status413PayloadTooLarge))!,
        ChatProblems.From(new BadHttpRequestException("", StatusCodes.Status415UnsupportedMediaType))!,
        ChatProblems.From(new ChatRefusedException(ChatRefusedException.SensitiveData, "The request holds sensitive data.") { Kinds = ["card"] })!,
        ChatProblems.From(new ChatRefusedException(ChatRefusedException.TooManyRequests, "The limit 'requests' is reached. Try again later."))!,
        ChatProblems.From(new ChatRefusedException(ChatRefusedException.GuardFailed, "The guard failed."))!,
        ChatProblems.From(new MistralException(MistralErrorKind.Unreadable, ""))!,
        ChatProblems.From(new MistralException(MistralErrorKind.Unavailable, ""))!,
        ChatProblems.From(new MistralException(MistralErrorKind.TimedOut, ""))!,
    ], problem => TypedResults.Problem(problem).ProblemDetails);

    private static readonly int[] s_ofTheBody =
    [
        StatusCodes.Status400BadRequest, StatusCodes.Status413PayloadTooLarge, StatusCodes.Status415UnsupportedMediaType,
        StatusCodes.Status422UnprocessableEntity, StatusCodes.Status500InternalServerError, StatusCodes.Status502BadGateway,
    ];

    private static readonly Dictionary<string, Operation> s_operations = new()
    {
        ["api/chat"] = new("Answers a chat, whole or as server-sent events.", typeof(ChatRequest), typeof(ChatResult), """
            { "model": "mistral-small-latest", "messages": [ { "role": "user", "content": "What is a nonce?" } ], "maxTokens": 200 }
            """, """
            { "id": "cmpl-1", "model": "mistral-small-latest", "content": "A number used once.", "finishReason": "stop",
              "usage": { "promptTokens": 8, "completionTokens": 5, "totalTokens": 13 } }
            """, """
            data: {"delta":"A number used once."}

            data: {"id":"cmpl-1","model":"mistral-small-latest","finishReason":"stop","usage":{"promptTokens":8,"completionTokens":5,"totalTokens":13}}

            data: [DONE]
            """),
        ["v1/chat/completions"] = new("Answers a chat in Mistral's own wire.", typeof(CompletionRequest), typeof(WireAnswer), """
            { "model": "mistral-small-latest", "messages": [ { "role": "user", "content": "What is a nonce?" } ], "max_tokens": 200 }
            """, """
            { "id": "cmpl-1", "object": "chat.completion", "created": 1767225600, "model": "mistral-small-latest",
              "choices": [ { "index": 0, "message": { "role": "assistant", "content": "A number used once." }, "finish_reason": "stop" } ],
              "usage": { "prompt_tokens": 8, "completion_tokens": 5, "total_tokens": 13 } }
            """, """
            data: {"id":"cmpl-1","object":"chat.completion.chunk","model":"mistral-small-latest","choices":[{"index":0,"delta":{"content":"A"}}]}

            data: [DONE]
            """),
        ["v1/models/{id}"] = new("Says whether a model may be asked.", null, typeof(CompletionModel), null, """
            { "id": "mistral-small-latest", "object": "model", "created": 0, "owned_by": "mistralai" }
            """, null),
        ["v1/models"] = new("Names the models that may be asked.", null, typeof(CompletionModels), null, """
            { "object": "list", "data": [ { "id": "mistral-small-latest", "object": "model", "created": 0, "owned_by": "mistralai" } ] }
            """, null),
    };

    public static void Configure(OpenApiOptions options)
    {
        options.AddOperationTransformer(DescribeAsync);
        options.AddSchemaTransformer((schema, context, _) =>
        {
            var type = context.JsonTypeInfo.Type;
            // The document's own names are those of this program's other JSON.
            if (CompletionJsonContext.Default.GetTypeInfo(type) is not null)
            {
                NameAsOnTheWire(schema);
                (schema.AdditionalPropertiesAllowed, schema.Required) = (true, null);
            }

            if (context.JsonPropertyInfo?.CustomConverter is RepeatedTextConverter)
                schema.Type = JsonSchemaType.String;
            if (type == typeof(ProblemDetails))
                AddExtensions(schema);
            if (type == typeof(CompletionRequest))
                AddPassedOn(schema);
            if (type == typeof(ChatRequest) || type == typeof(CompletionRequest))
                Require(schema, "messages");
            if (type == typeof(ChatRequestMessage))
                Require(schema, "role", "content");
            return Task.CompletedTask;
        });
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.AddComponent(Scheme, new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", BearerFormat = "JWT" });
            document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Scheme, document)] = [AccessPolicies.Chat] }];
            return Task.CompletedTask;
        });
    }

    public static IEndpointRouteBuilder MapDescription(this IEndpointRouteBuilder endpoints)
    {
        var document = endpoints.MapOpenApi();
        if (!endpoints.ServiceProvider.GetRequiredService<IHostEnvironment>().IsDevelopment())
        {
            document.RequireAuthorization(AccessPolicies.Operate);
            return endpoints;
        }

        document.AllowAnonymous();
        endpoints.MapScalarApiReference((options, context) =>
        {
            // The page asks this program alone: nothing is fetched from, or told to, its maker.
            options.DefaultFonts = false;
            options.Telemetry = false;
            options.Agent = new ScalarAgentOptions { Disabled = true };
            options.Mcp = new ScalarMcpOptions { Disabled = true };
            options.ShowDeveloperTools = DeveloperToolsVisibility.Never;
            options.HideClientButton = true;
            options.Nonce = context.GetNonce();
        }).AllowAnonymous().RequirePageHeaders();
        return endpoints;
    }

    private static async Task DescribeAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        if (metadata.OfType<IAllowAnonymous>().Any())
            operation.Security = [];
        else if (metadata.OfType<IAuthorizeData>().Select(data => data.Policy).OfType<string>().ToList() is { Count: > 0 } scopes)
            operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Scheme, context.Document)] = scopes }];
        if (context.Description.RelativePath is not { } path || !s_operations.TryGetValue(path, out var described))
            return;

        operation.Summary = described.Summary;
        if (described is { Request: { } request, RequestExample: { } asked })
            operation.RequestBody = new OpenApiRequestBody { Required = true, Content = await ContentAsync(Json, request, JsonNode.Parse(asked)) };
        var answer = await ContentAsync(Json, described.Answer, JsonNode.Parse(described.AnswerExample));
        if (described.Stream is { } events)
            answer["text/event-stream"] = new OpenApiMediaType { Example = events };
        operation.Responses = new() { ["200"] = new OpenApiResponse { Description = "The answer.", Content = answer } };
        foreach (var problem in s_problems.Where(problem => problem.Status == StatusCodes.Status404NotFound
            ? operation.Parameters is { Count: > 0 }
            : described.Request is not null || !s_ofTheBody.Contains(problem.Status!.Value)))
        {
            var content = path.StartsWith("v1/", StringComparison.Ordinal)
                ? await ContentAsync(
                    Json, typeof(CompletionError), SerializeToNode(ProblemWriter.ToError(problem), CompletionJsonContext.Default.CompletionError))
                : await ContentAsync(
                    "application/problem+json", typeof(ProblemDetails), SerializeToNode(problem, ChatProblems.JsonOf(context.ApplicationServices)));
            operation.Responses[$"{problem.Status}"] = new OpenApiResponse { Description = problem.Title, Content = content };
        }

        async Task<IDictionary<string, OpenApiMediaType>> ContentAsync(string mediaType, Type type, JsonNode? example)
        {
            var document = context.Document!;
            if (document.Components?.Schemas?.ContainsKey(type.Name) is not true)
                document.AddComponent(type.Name, await context.GetOrCreateSchemaAsync(type, null, cancellationToken));
            var content = new OpenApiMediaType { Schema = new OpenApiSchemaReference(type.Name, document), Example = example };
            return new Dictionary<string, OpenApiMediaType> { [mediaType] = content };
        }
    }

    private static void NameAsOnTheWire(IOpenApiSchema? schema)
    {
        if (schema is not OpenApiSchema own)
            return;
        NameAsOnTheWire(own.Items);
        own.Properties = own.Properties?.ToDictionary(property => JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Key), property => property.Value);
        foreach (var property in own.Properties?.Values ?? [])
        {
            NameAsOnTheWire(property);
            // A record's parameters would all be asked for, those that may be left out too.
            if (property is OpenApiSchema nested)
                nested.Required = null;
        }
    }

    /// <summary>What goes on to Mistral as it came. Each field of a request may be null, as if it were not there.</summary>
    private static void AddPassedOn(OpenApiSchema schema)
    {
        foreach (var (name, kind) in WireRequest.PassedOn.OrderBy(field => field.Key, StringComparer.Ordinal))
            schema.Properties?.Add(name, new OpenApiSchema { Type = TypeOf(kind) });
        foreach (var property in schema.Properties?.Values.OfType<OpenApiSchema>() ?? [])
            property.Type |= JsonSchemaType.Null;
    }

    /// <summary>These fields with a value, and none that is not named.</summary>
    private static void Require(OpenApiSchema schema, params string[] fields)
    {
        (schema.AdditionalPropertiesAllowed, schema.Required) = (false, fields.ToHashSet());
        foreach (var property in fields.Select(field => schema.Properties?[field]).OfType<OpenApiSchema>())
            property.Type &= ~JsonSchemaType.Null;
    }

    private static JsonSchemaType TypeOf(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Array => JsonSchemaType.Array,
        JsonValueKind.Object => JsonSchemaType.Object,
        JsonValueKind.True => JsonSchemaType.Boolean,
        _ => JsonSchemaType.String,
    };

    /// <summary>What problems say besides (RFC 9457, 3.2): the trace, the fields' broken rules, and the kinds of sensitive data.</summary>
    private static void AddExtensions(OpenApiSchema schema)
    {
        OpenApiSchema texts = new() { Type = JsonSchemaType.Array, Items = new OpenApiSchema { Type = JsonSchemaType.String } };
        schema.Properties?.Add(ChatProblems.TraceId, new OpenApiSchema { Type = JsonSchemaType.String });
        schema.Properties?.Add(ChatProblems.Errors, new OpenApiSchema { Type = JsonSchemaType.Object, AdditionalProperties = texts });
        schema.Properties?.Add(ChatProblems.Kinds, texts);
    }

    private sealed record Operation(string Summary, Type? Request, Type Answer, string? RequestExample, string AnswerExample, string? Stream);
}
