using Acme.App.Auditing;
using Acme.App.Configuration;
using Acme.App.Guards;
using Acme.App.Keys;
using Acme.App.Mistral;

namespace Acme.App.Operations;

/// <summary>The rooms that an operator's command needs, built and never started.</summary>
internal static class OperatorHost
{
    public static IHost Build()
    {
        var home = ProgramHome.Find([]);
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = home.Arguments, ContentRootPath = home.ContentRoot });
        builder.AddConfiguration(home);
        builder.AddKeys();
        builder.AddMistral();
        builder.AddGuards();
        builder.AddAuditing();

        // The command itself says what there is to say.
        builder.Logging.ClearProviders();
        return builder.Build();
    }
}
