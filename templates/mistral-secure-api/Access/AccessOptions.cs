using FluentValidation;
using IPNetwork = System.Net.IPNetwork;

namespace Acme.App.Access;

/// <summary>Who reaches the API, and from where.</summary>
internal sealed class AccessOptions
{
    public const string SectionName = "Access";

    /// <summary>Whether chats need no token. Development only. The default is no.</summary>
    public bool AllowAnonymous { get; set; }

    /// <summary>The networks of the reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, as 10.0.0.0/8. The default is none.</summary>
    public string[] Proxies { get; set; } = [];

    /// <summary>The origins whose pages may call from a browser, as https://app.example. The default is none.</summary>
    public string[] Origins { get; set; } = [];
}

internal sealed class AccessOptionsValidator : AbstractValidator<AccessOptions>
{
    public AccessOptionsValidator(IHostEnvironment environment)
    {
        RuleFor(options => options.AllowAnonymous).Equal(false).When(_ => !environment.IsDevelopment())
            .WithMessage("Chats without a token are allowed in Development only.").WithState(_ => "Remove the setting, and set Authentication:Schemes:Bearer.");
        RuleForEach(options => options.Proxies).Must(proxy => IPNetwork.TryParse(proxy, out _))
            .WithMessage("The proxy is not a network.").WithState(_ => "Write it with its prefix, for example 10.0.0.0/8, or 10.1.2.3/32 for one address.");
        RuleForEach(options => options.Origins).Must(origin => Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.GetLeftPart(UriPartial.Authority) == origin && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps))
            .WithMessage("The origin is not a scheme and a host alone.").WithState(_ => "Write it as https://app.example, without a path and without *.");
    }
}
