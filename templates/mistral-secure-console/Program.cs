using Acme.App.Auditing;
using Acme.App.Configuration;
using Acme.App.Guards;
using Acme.App.Keys;
using Acme.App.Mistral;
using Acme.App.Operations;
using Acme.App.Terminal;

return await StartUp.RunAsync(async () =>
{
    if (await Operator.RunCommandAsync(args, Build) is { } exitCode)
        return exitCode;

    return await TerminalCommandLine.RunAsync(args, StartAsync, () => Operator.Commands(Build));
});

static async Task<IHost> StartAsync(CancellationToken cancellationToken)
{
    var host = Build();
    await host.CheckConfigurationAsync(cancellationToken);
    await host.StartAsync(cancellationToken);
    return host;
}

static IHost Build()
{
    var home = ProgramHome.Find([]);
    var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = home.Arguments, ContentRootPath = home.ContentRoot });

    builder.AddConfiguration(home);
    builder.AddApplicationLogs(forPerson: true);
    builder.AddKeys();
    builder.AddMistral();
    builder.AddGuards();
    builder.AddAuditing();
    builder.AddOperations();
    builder.AddTerminal();
    return builder.Build();
}
