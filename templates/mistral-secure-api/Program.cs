using Acme.App.Access;
using Acme.App.Auditing;
using Acme.App.Chat;
using Acme.App.Configuration;
using Acme.App.Guards;
using Acme.App.Keys;
using Acme.App.Mistral;
using Acme.App.Operations;

return await StartUp.RunAsync(async () =>
{
    if (await Operator.RunAsync(args, () => Build([], isStarted: false)) is { } exitCode)
        return exitCode;

    await using var app = Build(args, isStarted: true);
    await app.RunServerAsync(CancellationToken.None);
    return (int)ExitCode.Success;
});

static WebApplication Build(string[] arguments, bool isStarted)
{
    var home = ProgramHome.Find(arguments);
    var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = home.Arguments, ContentRootPath = home.ContentRoot });

    builder.AddConfiguration(home);
    builder.AddApplicationLogs(forPerson: !isStarted);
    builder.AddKeys();
    builder.AddMistral();
    builder.AddGuards();
    builder.AddAuditing();
    builder.AddOperations();
    builder.AddTelemetry();
    builder.AddAccess();
    builder.AddChat();
    if (!isStarted)
        builder.AddInProcessServer();

    var app = builder.Build();
    app.UseExceptionHandler();
    app.UseStatusCodePages();
    app.UseAccess();
    app.MapChat();
    app.MapCompletions();
    app.MapHealth();
    app.MapDescription();
    return app;
}
