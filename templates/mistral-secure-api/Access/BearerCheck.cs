using Acme.App.Configuration;

namespace Acme.App.Access;

/// <summary>Refuses a start outside Development at which nobody's token could be believed, or anybody's.</summary>
internal sealed class BearerCheck(IConfiguration configuration, IHostEnvironment environment) : IStartUpCheck
{
    private const string SectionName = "Authentication:Schemes:Bearer";

    public Task<IReadOnlyList<ConfigurationProblem>> CheckAsync(CancellationToken cancellationToken)
    {
        var problems = new List<ConfigurationProblem>();
        var bearer = configuration.GetSection(SectionName);
        if (!environment.IsDevelopment())
        {
            if (!Has(bearer, "Authority", "MetadataAddress", "SigningKeys"))
                problems.Add(Problem("Authority", "Nothing says who signs the callers' tokens.", "Set it to the https address of your identity provider."));
            if (!Has(bearer, "Audience", "ValidAudience", "ValidAudiences"))
                problems.Add(Problem("ValidAudiences:0", "Nothing says for whom the callers' tokens are made, so a token for another service would do.", "Set it to this API's name at your identity provider."));
        }

        return Task.FromResult<IReadOnlyList<ConfigurationProblem>>(problems);
    }

    private static bool Has(IConfigurationSection section, params string[] names) => names.Any(name => section.GetSection(name).Exists());

    private ConfigurationProblem Problem(string setting, string problem, string remedy) =>
        new($"{SectionName}:{setting}", configuration.OriginOf($"{SectionName}:{setting}"), problem, remedy);
}
