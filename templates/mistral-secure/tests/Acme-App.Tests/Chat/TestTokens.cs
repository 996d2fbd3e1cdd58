using System.Security.Cryptography;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Acme.App.Tests.Chat;

/// <summary>Issues the tokens that the API under test takes, with a key that is made for this run.</summary>
internal static class TestTokens
{
    public const string Issuer = "the-tests";
    public const string Audience = "the-api-under-test";

    private static readonly byte[] s_key = RandomNumberGenerator.GetBytes(32);

    /// <summary>The settings that make a program take the tokens.</summary>
    public static IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>
    {
        ["Authentication:Schemes:Bearer:ValidAudience"] = Audience,
        ["Authentication:Schemes:Bearer:ValidIssuer"] = Issuer,
        ["Authentication:Schemes:Bearer:SigningKeys:0:Issuer"] = Issuer,
        ["Authentication:Schemes:Bearer:SigningKeys:0:Value"] = Convert.ToBase64String(s_key),
    };

    public static string Create(
        string subject = "ada", string scope = "chat", string audience = Audience, byte[]? key = null,
        DateTime? expires = null, string? callerClass = null)
    {
        var claims = new Dictionary<string, object> { ["sub"] = subject, ["scope"] = scope };
        if (callerClass is not null)
            claims["class"] = callerClass;
        return new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Issuer,
            Audience = audience,
            Claims = claims,
            NotBefore = DateTime.UtcNow.AddHours(-1),
            Expires = expires ?? DateTime.UtcNow.AddMinutes(10),
            SigningCredentials = new SigningCredentials(new SymmetricSecurityKey(key ?? s_key), SecurityAlgorithms.HmacSha256),
        });
    }
}
