using Acme.App.Configuration;
using Acme.App.Mistral;
using Microsoft.Extensions.Options;

namespace MistralTemplates.Tests.Rooms.Mistral;

public sealed class MistralOptionsValidatorTests
{
    private static readonly PolicyOptions Policy = new() { AllowedModels = ["mistral-small-latest"], OfflineAllowed = false };

    [Fact]
    public void Accepts_TheDefaults() => Assert.Empty(ProblemsOf(_ => { }));

    [Theory]
    [InlineData("http://api.mistral.ai")]
    [InlineData("ftp://127.0.0.1")]
    [InlineData("/v1")]
    [InlineData("https://canary@api.mistral.ai")]
    [InlineData("https://api.mistral.ai/?canary")]
    public void Rejects_EndpointThatIsNotSafe(string endpoint)
    {
        var problem = Assert.Single(ProblemsOf(options => options.Endpoint = new Uri(endpoint, UriKind.RelativeOrAbsolute)));

        Assert.Equal("The endpoint must be an absolute https address, or http for loopback, without user name, query or fragment. "
            + "Set 'Mistral:Endpoint' to https://api.mistral.ai or another https address of Mistral's.", problem);
    }

    [Fact]
    public void Rejects_ModelThatThePolicyDoesNotAllow() => Assert.Equal(
        "The model is not on this environment's list of allowed models. Set 'Mistral:Model' to a model of 'Policy:AllowedModels', or add the model there.",
        Assert.Single(ProblemsOf(options => options.Model = "canary")));

    [Fact]
    public void Rejects_OfflineWhereThePolicyForbidsIt() => Assert.Equal(
        "The offline stand-in is not allowed in this environment. Set 'Mistral:Offline' to false, or run in Development.",
        Assert.Single(ProblemsOf(options => options.Offline = true)));

    [Fact]
    public void Rejects_ModerationModelThatIsNotNamed() => Assert.Equal(
        "The moderation model must be named. Set 'Mistral:ModerationModel', for example to mistral-moderation-2603.",
        Assert.Single(ProblemsOf(options => options.ModerationModel = " ")));

    [Theory]
    [InlineData(0)]
    [InlineData(1023)]
    [InlineData(2147483648)]
    public void Rejects_ResponseSizeOutOfBounds(long bytes) => Assert.Equal(
        "The most bytes of an answer must be between 1 KiB and 1 GiB. Set 'Mistral:MaxResponseBytes' within these bounds.",
        Assert.Single(ProblemsOf(options => options.MaxResponseBytes = bytes)));

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    [InlineData(double.NaN)]
    public void Rejects_ThresholdOutOfBounds(double threshold) => Assert.Equal(
        "Each threshold must be between 0 and 1. Set every value under 'Mistral:Guardrails:Thresholds' between 0 and 1.",
        Assert.Single(ProblemsOf(options => options.Guardrails.Thresholds["pii"] = threshold)));

    [Theory]
    [InlineData(-1)]
    [InlineData(11)]
    public void Rejects_RetriesOutOfBounds(int retries) => Assert.Equal(
        "The number of retries must be between 0 and 10. Set 'Mistral:Resilience:MaxRetries' within these bounds.",
        Assert.Single(ProblemsOf(options => options.Resilience.MaxRetries = retries)));

    [Theory]
    [InlineData(0)]
    [InlineData(1.01)]
    public void Rejects_FailureRatioOutOfBounds(double ratio) => Assert.Equal(
        "The failure ratio must be above 0 and at most 1. Set 'Mistral:Resilience:BreakerFailureRatio' within these bounds.",
        Assert.Single(ProblemsOf(options => options.Resilience.BreakerFailureRatio = ratio)));

    [Fact]
    public void Rejects_EveryTimeOutOfBounds()
    {
        foreach (var time in new[] { TimeSpan.Zero, TimeSpan.FromSeconds(-1), TimeSpan.FromHours(2), Timeout.InfiniteTimeSpan })
        {
            var problems = ProblemsOf(options => options.Resilience = new MistralResilienceOptions
            {
                BaseDelay = time,
                MaxDelay = time,
                AttemptTimeout = time,
                TotalTimeout = time,
                IdleTimeout = time,
                BreakerDuration = time,
            });

            Assert.Equal(6, problems.Count);
            Assert.Contains(
                "The time must be between 100 milliseconds and one hour. Set 'Mistral:Resilience:IdleTimeout' within these bounds, written as hours:minutes:seconds.", problems);
        }
    }

    [Fact]
    public void Accepts_AnythingOfAPolicyThatIsItselfWrong() =>
        Assert.True(new MistralOptionsValidator(new BrokenPolicy()).Validate(new MistralOptions { Model = "x" }).IsValid);

    private static List<string> ProblemsOf(Action<MistralOptions> change)
    {
        var options = new MistralOptions();
        change(options);
        var problems = new MistralOptionsValidator(Options.Create(Policy)).Validate(options).Errors.ConvertAll(failure => $"{failure.ErrorMessage} {failure.CustomState}");
        Assert.DoesNotContain(problems, problem => problem.Contains("canary"));
        return problems;
    }

    private sealed class BrokenPolicy : IOptions<PolicyOptions>
    {
        public PolicyOptions Value => throw new ConfigurationException([]);
    }
}
