using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;

namespace Acme.App.Chat;

/// <summary>A server without a port: the doctor asks the program's own pipeline through it.</summary>
internal sealed class InProcessServer : IServer
{
    private Func<IFeatureCollection, Task>? _serve;

    public bool IsStarted => _serve is not null;

    public IFeatureCollection Features { get; } = new FeatureCollection();

    public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
        where TContext : notnull
    {
        _serve = async features =>
        {
            var context = application.CreateContext(features);
            try
            {
                await application.ProcessRequestAsync(context);
                await ((StartingResponse)features.GetRequiredFeature<IHttpResponseFeature>()).StartAsync();
                await features.GetRequiredFeature<IHttpResponseBodyFeature>().CompleteAsync();
                application.DisposeContext(context, exception: null);
            }
            catch (Exception exception)
            {
                application.DisposeContext(context, exception);
                throw;
            }
        };
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
    }

    /// <summary>Sends one request through the pipeline, and gives back what it answered.</summary>
    /// <exception cref="InvalidOperationException">The server was not started.</exception>
    public async Task<InProcessAnswer> AskAsync(Action<HttpContext> prepare, CancellationToken cancellationToken)
    {
        var serve = _serve ?? throw new InvalidOperationException("The pipeline was not built.");
        using var body = new MemoryStream();
        var response = new StartingResponse();
        var context = new DefaultHttpContext { RequestAborted = cancellationToken };
        context.Features.Set<IHttpResponseFeature>(response);
        context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(body));
        prepare(context);
        await serve(context.Features);
        return new InProcessAnswer(response.StatusCode, response.Headers, System.Text.Encoding.UTF8.GetString(body.ToArray()));
    }

    /// <summary>Runs what waits for the first byte, as a real server does.</summary>
    private sealed class StartingResponse : HttpResponseFeature
    {
        private readonly Stack<(Func<object, Task> Callback, object State)> _waiting = new();

        public override void OnStarting(Func<object, Task> callback, object state) => _waiting.Push((callback, state));

        public async Task StartAsync()
        {
            while (_waiting.TryPop(out var next))
                await next.Callback(next.State);
        }
    }
}

/// <summary>What the pipeline answered.</summary>
internal sealed record InProcessAnswer(int Status, IHeaderDictionary Headers, string Body);
