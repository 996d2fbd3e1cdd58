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
    if (await Operator.RunAsync(args) is { } exitCode)
        return exitCode;

    var home = ProgramHome.Find(args);
    var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = home.Arguments, ContentRootPath = home.ContentRoot });
    builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);

    builder.AddConfiguration(home);
    builder.AddApplicationLogs(forPerson: false);
    builder.AddKeys();
    builder.AddMistral();
    builder.AddGuards();
    builder.AddAuditing();
    builder.AddAccess();
    builder.AddChat();

    await using var app = builder.Build();
    app.UseExceptionHandler();
    app.UseStatusCodePages();
    app.MapChat();
    app.MapHealth();

    await app.RunCheckedAsync(CancellationToken.None);
    return (int)ExitCode.Success;
});
