using FluentValidation;

namespace Acme.App.Scale;

/// <summary>Where Redis is, and how long it is waited for. The password is a secret: set <c>Redis__Password</c> in the environment.</summary>
internal sealed class RedisOptions
{
    public const string SectionName = "Redis";

    /// <summary>Host and port. The default is localhost:6379.</summary>
    public string Endpoint { get; set; } = "localhost:6379";

    /// <summary>Whether the connection is encrypted. The default is no, which is taken for loopback only.</summary>
    public bool Tls { get; set; }

    /// <summary>The user of Redis' access lists. The default is none.</summary>
    public string? User { get; set; }

    /// <summary>The password. The default is none.</summary>
    public string? Password { get; set; }

    /// <summary>What the names of all keys begin with, so that programs can share one Redis.</summary>
    public string KeyPrefix { get; set; } = "mistral:";

    /// <summary>How long a connection may take. The default is 5 seconds.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long one command may take. The default is 1 second.</summary>
    public TimeSpan CommandTimeout { get; set; } = TimeSpan.FromSeconds(1);
}

internal sealed class RedisOptionsValidator : AbstractValidator<RedisOptions>
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    public RedisOptionsValidator()
    {
        RuleFor(options => options.Endpoint).Must(endpoint => TryParse(endpoint, out _))
            .WithMessage("The endpoint is not a host and a port.").WithState(_ => "Set it, for example redis.internal:6380.");
        RuleFor(options => options.Tls).Equal(true).When(options => TryParse(options.Endpoint, out var address) && !address.IsLoopback)
            .WithMessage("The connection to another machine is not encrypted.").WithState(_ => "Set Redis:Tls to true.");
        RuleFor(options => options.KeyPrefix).NotEmpty()
            .WithMessage("The prefix of the keys is empty.").WithState(_ => "Set a short name that no other program uses, for example orders:.");
        RuleFor(options => options.ConnectTimeout).InclusiveBetween(Shortest, Longest)
            .WithMessage("The time that a connection may take is not between 50 milliseconds and a minute.").WithState(_ => "Set a time span, for example 00:00:05.");
        RuleFor(options => options.CommandTimeout).InclusiveBetween(Shortest, Longest)
            .WithMessage("The time that a command may take is not between 50 milliseconds and a minute.").WithState(_ => "Set a time span, for example 00:00:01.");
    }

    private static bool TryParse(string endpoint, out Uri address) =>
        Uri.TryCreate($"redis://{endpoint}", UriKind.Absolute, out address!) && address is { Port: > 0, Host.Length: > 0, PathAndQuery: "" or "/", UserInfo: "" };
}
