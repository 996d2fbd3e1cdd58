using Acme.App.Operations.Doctor;

namespace Acme.App.Operations;

/// <summary>The door of this room.</summary>
internal static class OperationsServiceCollectionExtensions
{
    /// <summary>The doctor's checks that every kind of program has. The kind's own rooms add theirs.</summary>
    public static IHostApplicationBuilder AddOperations(this IHostApplicationBuilder builder)
    {
        foreach (var check in KeyChecks.All.Concat(RoadChecks.All).Concat(SettingsChecks.All).Concat(RepositoryChecks.All))
            builder.Services.AddSingleton(check);
        return builder;
    }
}
