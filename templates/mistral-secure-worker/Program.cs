using Acme.App.Auditing;
using Acme.App.Configuration;
using Acme.App.Guards;
using Acme.App.Jobs;
using Acme.App.Keys;
using Acme.App.Mistral;
using Acme.App.Operations;

return await StartUp.RunAsync(async () =>
{
    if (await Operator.RunAsync(args, Describe, JobsCommand.Create(Describe)) is { } exitCode)
        return exitCode;

    using var host = Build(args, isStarted: true);
    await host.RunCheckedAsync(CancellationToken.None);
    return (int)ExitCode.Success;
});

static IHost Describe() => Build([], isStarted: false);

static IHost Build(string[] arguments, bool isStarted)
{
    var home = ProgramHome.Find(arguments);
    var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = home.Arguments, ContentRootPath = home.ContentRoot });

    builder.AddConfiguration(home);
    builder.AddApplicationLogs(forPerson: !isStarted);
    builder.AddKeys();
    builder.AddMistral();
    builder.AddGuards();
    builder.AddAuditing();
    builder.AddOperations();
    builder.AddTelemetry();
    builder.AddJobs();
    return builder.Build();
}
