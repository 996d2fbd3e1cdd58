using Acme.App.Auditing;
using Acme.App.Configuration;
using FluentValidation.TestHelper;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;

namespace MistralTemplates.Tests.Rooms.Auditing;

public sealed class AuditOptionsValidatorTests
{
    private static readonly string[] s_keys = AuditKeys.Make();

    [Fact]
    public void Accepts_DefaultsInDevelopment() => Validate(new AuditOptions(), "Development").ShouldNotHaveAnyValidationErrors();

    [Fact]
    public void Accepts_KeysInProduction() =>
        Validate(new AuditOptions { ChainKey = s_keys[0], CheckpointKey = s_keys[1] }, "Production").ShouldNotHaveAnyValidationErrors();

    [Theory]
    [InlineData("Production")]
    [InlineData("Staging")]
    [InlineData("Test")]
    public void Rejects_MissingKeysOutsideDevelopment(string environment)
    {
        var result = Validate(new AuditOptions(), environment);

        result.ShouldHaveValidationErrorFor(options => options.ChainKey)
            .WithErrorMessage("The audit log needs a key for its chain outside Development: 32 bytes or more in base64.");
        result.ShouldHaveValidationErrorFor(options => options.CheckpointKey);
    }

    [Fact]
    public void Rejects_EveryWrongSettingAtOnceWithARemedyAndNoValue()
    {
        var secret = "secret" + Guid.NewGuid().ToString("N");
        var result = Validate(new AuditOptions
        {
            Path = "",
            CheckpointPath = "",
            MaxFileBytes = 1,
            CheckpointRecords = 0,
            CheckpointInterval = TimeSpan.Zero,
            CheckpointUrl = new Uri("http://example.test/" + secret),
            ChainKey = secret,
            PreviousChainKeys = [secret],
            CheckpointKey = secret,
            PreviousCheckpointKeys = [secret],
        }, "Development");

        Assert.Equal(10, result.Errors.Count);
        Assert.All(result.Errors, error => Assert.False(string.IsNullOrEmpty(error.CustomState as string)));
        Assert.All(result.Errors, error => Assert.DoesNotContain(secret, error.ErrorMessage + error.CustomState, StringComparison.Ordinal));
    }

    /// <summary>A checkpoint in the midst of the log, or of its seal, would destroy it.</summary>
    [Theory]
    [InlineData("./audit/audit.jsonl", false)]
    [InlineData("audit/../audit/audit.jsonl", false)]
    [InlineData("audit/audit.jsonl.seal", false)]
    [InlineData("audit/audit-000000000001.jsonl", false)]
    [InlineData("audit/", false)]
    [InlineData("audit/audit-1.jsonl", true)]
    [InlineData("audit/audit-000000000001.txt", true)]
    [InlineData("audit/checkpoints.txt", true)]
    [InlineData("/elsewhere/audit.jsonl", true)]
    public void CheckpointPath_IsAPlaceOfItsOwn(string path, bool isTaken) => Assert.Equal(
        isTaken, Validate(new AuditOptions { CheckpointPath = path }, "Development").Errors.All(error => error.PropertyName != nameof(AuditOptions.CheckpointPath)));

    [Fact]
    public void CheckpointPath_BesideALogWhoseNameHasADot_IsTaken() => Assert.DoesNotContain(
        Validate(new AuditOptions { Path = "audit/acme.chat.jsonl", CheckpointPath = "audit/acme.chat-checkpoints" }, "Development").Errors,
        error => error.PropertyName == nameof(AuditOptions.CheckpointPath));

    private static TestValidationResult<AuditOptions> Validate(AuditOptions options, string environment) =>
        new AuditOptionsValidator(new NamedEnvironment(environment)).TestValidate(options);

    private sealed class NamedEnvironment(string name) : IHostEnvironment
    {
        public string EnvironmentName { get; set; } = name;

        public string ApplicationName { get; set; } = "";

        public string ContentRootPath { get; set; } = "";

        public IFileProvider ContentRootFileProvider { get; set; } = new NullFileProvider();
    }
}
