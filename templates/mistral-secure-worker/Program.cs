using Acme.App.Auditing;
using Acme.App.Configuration;
using Acme.App.Guards;
using Acme.App.Jobs;
using Acme.App.Keys;
using Acme.App.Mistral;
using Acme.App.Operations;

return await StartUp.RunAsync(async () =>
{
    if (await Operator.RunAsync(args) is { } exitCode)
        return exitCode;

    var home = ProgramHome.Find(args);
    var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = home.Arguments, ContentRootPath = home.ContentRoot });

    builder.AddConfiguration(home);
    builder.AddApplicationLogs(forPerson: false);
    builder.AddKeys();
    builder.AddMistral();
    builder.AddGuards();
    builder.AddAuditing();
    builder.AddJobs();

    using var host = builder.Build();
    await host.RunCheckedAsync(CancellationToken.None);
    return (int)ExitCode.Success;
});
