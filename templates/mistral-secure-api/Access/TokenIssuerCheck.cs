using Acme.App.Configuration;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Options;

namespace Acme.App.Access;

/// <summary>
/// Outside Development a token must be checked against somebody's keys and must be meant for this program: without the settings
/// the program would start and refuse everyone.
/// </summary>
internal sealed class TokenIssuerCheck(IOptionsMonitor<JwtBearerOptions> bearer, IHostEnvironment environment, IConfiguration configuration)
{
    private const string Section = "Authentication:Schemes:Bearer";

    public Task RunAsync()
    {
        List<ConfigurationProblem> problems = environment.IsDevelopment() ? [] : [.. Problems(bearer.Get(JwtBearerDefaults.AuthenticationScheme))];
        return problems.Count == 0 ? Task.CompletedTask : throw new ConfigurationException(problems);
    }

    private IEnumerable<ConfigurationProblem> Problems(JwtBearerOptions options)
    {
        var tokens = options.TokenValidationParameters;
        if (string.IsNullOrEmpty(options.Authority) && tokens.IssuerSigningKeys?.Any() is not true)
            yield return Problem("Authority", "Nobody is named whose tokens are taken.", "Set it to your identity provider's https address.");
        if (string.IsNullOrEmpty(options.Audience) && string.IsNullOrEmpty(tokens.ValidAudience) && tokens.ValidAudiences?.Any() is not true)
        {
            yield return Problem(
                "ValidAudience",
                "No audience is named, so a token for another program could not be told from one for this.",
                "Set it to the audience that your identity provider writes into this program's tokens.");
        }
    }

    private ConfigurationProblem Problem(string setting, string problem, string remedy) =>
        new($"{Section}:{setting}", configuration.OriginOf($"{Section}:{setting}"), problem, remedy);
}
