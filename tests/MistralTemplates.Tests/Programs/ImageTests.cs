using MistralTemplates.Harness;
using MistralTemplates.Tests.Creation;

namespace MistralTemplates.Tests.Programs;

/// <summary>The image's own commands, run without a container.</summary>
public sealed class ImageTests(PackFixture fixture)
{
    [Theory]
    [InlineData("api")]
    [InlineData("worker")]
    public async Task Dockerfile_WhatItPublishes_IsWhatItStartsAndAnswers(string kind)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var repository = await fixture.CreateAsync($"image-{kind}", "mistral-secure", PackFixture.Name, "--kind", kind);
        var image = fixture.NewFolder($"image-{kind}-app");
        var file = await ImageFile.ReadAsync(repository, cancellationToken);
        List<string> arguments = [.. file.PublishArguments(image)];

        // To compile all of .NET anew takes minutes.
        if (!Variant.IsFullMatrix)
            arguments.Add("-p:PublishReadyToRun=false");
        (await Command.RunAsync("dotnet", arguments, repository, TimeSpan.FromMinutes(10), cancellationToken)).EnsureSuccess("dotnet publish as in the Dockerfile");

        var chat = await new GeneratedRepository(repository, PackFixture.Name, kind) { Elsewhere = file.ProgramIn(image), IsPublished = true }.ChatOfflineAsync("What is a nonce?", cancellationToken);

        Assert.Contains("What is a nonce?", chat.Answer, StringComparison.Ordinal);
        Assert.Contains("\"chat.complete\"", chat.AuditLine, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("api", "-p:RuntimeIdentifier=linux-x64", "true")]
    [InlineData("api", "-p:UseCurrentRuntimeIdentifier=True", "true")]
    [InlineData("api", "-p:Configuration=Release", "")]
    [InlineData("console", "-p:RuntimeIdentifier=linux-x64", "true")]
    [InlineData("console", "-p:UseCurrentRuntimeIdentifier=True", "true")]
    [InlineData("console", "-p:Configuration=Release", "")]
    public async Task Publish_ForOnePlatform_MakesMachineCode(string kind, string option, string machineCode)
    {
        var project = await fixture.CreatedAsync(Variant.Find("alone-" + kind));

        var property = await Command.RunAsync("dotnet", ["msbuild", "-getProperty:PublishReadyToRun", option], project, TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

        Assert.Equal(machineCode, property.EnsureSuccess("dotnet msbuild").Output.Trim());
    }
}
