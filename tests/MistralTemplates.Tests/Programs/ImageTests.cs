using System.Text.Json;
using MistralTemplates.Harness;
using MistralTemplates.Tests.Creation;

namespace MistralTemplates.Tests.Programs;

/// <summary>The image's own commands, run without a container.</summary>
public sealed class ImageTests(PackFixture fixture)
{
    private const string Publish = "RUN dotnet ";
    private const string EntryPoint = "ENTRYPOINT ";
    private const string Image = "/app";

    [Theory]
    [InlineData("api")]
    [InlineData("worker")]
    public async Task Dockerfile_WhatItPublishes_IsWhatItStartsAndAnswers(string kind)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var repository = await fixture.CreateAsync($"image-{kind}", "mistral-secure", PackFixture.Name, "--kind", kind);
        var image = fixture.NewFolder($"image-{kind}-app");
        var lines = await File.ReadAllLinesAsync(Path.Combine(repository, "Dockerfile"), cancellationToken);
        var publish = Assert.Single(lines, line => line.StartsWith(Publish, StringComparison.Ordinal))[Publish.Length..].Split(" && ")[0];
        List<string> arguments = [.. publish.Split(' ').Select(argument => argument == Image ? image : argument)];

        // To compile all of .NET anew takes minutes.
        if (!Variant.IsFullMatrix)
            arguments.Add("-p:PublishReadyToRun=false");
        (await Command.RunAsync("dotnet", arguments, repository, TimeSpan.FromMinutes(10), cancellationToken)).EnsureSuccess(publish);

        var entryPoint = JsonSerializer.Deserialize<string[]>(Assert.Single(lines, line => line.StartsWith(EntryPoint, StringComparison.Ordinal))[EntryPoint.Length..]);
        var program = Path.Combine(image, Path.GetRelativePath(Image, Assert.Single(entryPoint!))) + (OperatingSystem.IsWindows() ? ".exe" : "");
        var chat = await new GeneratedRepository(repository, PackFixture.Name, kind) { Elsewhere = program }.ChatOfflineAsync("What is a nonce?", cancellationToken);

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
