using Acme.App.Configuration;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Options;

namespace Acme.App.Access;

/// <summary>
/// The framework's own settings of tokens must be readable. Outside Development a token must be checked against somebody's keys and must be
/// meant for this program: without the settings the program would start and refuse everyone.
/// </summary>
internal sealed class TokenIssuerCheck(IOptionsMonitor<JwtBearerOptions> bearer, IHostEnvironment environment, IConfiguration configuration)
{
    private const string Section = "Authentication:Schemes:Bearer";

    public Task RunAsync()
    {
        List<ConfigurationProblem> problems = [.. Addresses().Where(IsWrong).Select(name => Problem(
            name, "It is not an https address.", "Set it to your identity provider's address, for example https://login.example/acme."))];
        try
        {
            var options = bearer.Get(JwtBearerDefaults.AuthenticationScheme);
            if (!environment.IsDevelopment())
                problems.AddRange(Missing(options));
        }
        // The framework's own words may quote a value.
        catch (Exception exception) when (exception is InvalidOperationException or FormatException or ArgumentException or OverflowException)
        {
            if (problems.Count == 0)
            {
                problems.Add(new(Section, configuration.OriginOf(Section), "One of the section's values is not of its setting's type.",
                    "Write true or false, a time span as 00:01:00, and a signing key in Base64."));
            }
        }

        return problems.Count == 0 ? Task.CompletedTask : throw new ConfigurationException(problems);
    }

    private IEnumerable<string> Addresses() =>
        new[] { nameof(JwtBearerOptions.Authority), nameof(JwtBearerOptions.MetadataAddress) }
            .Where(name => !string.IsNullOrEmpty(configuration[$"{Section}:{name}"]));

    private bool IsWrong(string address) => !Uri.TryCreate(configuration[$"{Section}:{address}"], UriKind.Absolute, out var uri) || !uri.IsProtected();

    private IEnumerable<ConfigurationProblem> Missing(JwtBearerOptions options)
    {
        var tokens = options.TokenValidationParameters;
        if (!Addresses().Any() && tokens.IssuerSigningKeys?.Any() is not true)
            yield return Problem("Authority", "Nobody is named whose tokens are taken.", "Set it to your identity provider's https address.");
        if (!tokens.ValidateIssuer)
            yield return Problem(nameof(tokens.ValidateIssuer), "Anybody's tokens would be taken, whoever issued them.", "Remove the setting.");
        if (!tokens.ValidateAudience)
            yield return Problem(nameof(tokens.ValidateAudience), "Tokens for other programs would be taken.", "Remove the setting.");
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
