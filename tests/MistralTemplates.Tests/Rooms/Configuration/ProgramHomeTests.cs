using Acme.App.Configuration;

namespace MistralTemplates.Tests.Rooms.Configuration;

public sealed class ProgramHomeTests
{
    [Fact]
    public void Above_BuiltInsideAProject_IsTheProjectsFolder()
    {
        using var folder = new TemporaryFolder();
        folder.Write("App.csproj", "");
        folder.Write("appsettings.json", "{}");
        folder.Write("bin/Debug/net10.0/appsettings.json", "{}");

        Assert.Equal(folder.Path, ProgramHome.Above(Path.Combine(folder.Path, "bin", "Debug", "net10.0")));
    }

    /// <summary>The SDK's artifacts layout (<c>UseArtifactsOutput</c>) has what is built apart from the projects.</summary>
    [Theory]
    [InlineData("src/Acme-App")]
    [InlineData("Acme-App")]
    public void Above_BuiltBelowArtifacts_IsTheProjectsFolder(string project)
    {
        using var folder = new TemporaryFolder();
        folder.Write($"{project}/Acme-App.csproj", "");
        folder.Write($"{project}/appsettings.json", "{}");
        folder.Write("artifacts/bin/Acme-App/debug/appsettings.json", "{}");

        Assert.Equal(Path.Combine(folder.Path, Path.Combine(project.Split('/'))), ProgramHome.Above(Path.Combine(folder.Path, "artifacts", "bin", "Acme-App", "debug")));
    }

    [Fact]
    public void Above_Deployed_IsTheProgramsOwnFolder()
    {
        using var folder = new TemporaryFolder();
        folder.Write("app/appsettings.json", "{}");

        Assert.Equal(Path.Combine(folder.Path, "app"), ProgramHome.Above(Path.Combine(folder.Path, "app")));
    }

    [Fact]
    public void Find_ContentRootThatDoesNotExist_IsAProblemOfTheConfiguration()
    {
        var exception = Assert.Throws<ConfigurationException>(() => ProgramHome.Find(["--contentRoot", "/no/such/folder"]));

        Assert.Equal("contentRoot", Assert.Single(exception.Problems).Setting);
    }

    [Fact]
    public void DotEnv_InTheRepositorysRoot_IsFoundAndNothingAboveIt()
    {
        using var folder = new TemporaryFolder();
        folder.Write(".env", "ABOVE=1");
        folder.Write("repository/App.slnx", "");
        folder.Write("repository/.env", "INSIDE=1");
        folder.Write("repository/src/App/appsettings.json", "{}");

        var source = new DotEnvSource(Path.Combine(folder.Path, "repository", "src", "App"));

        Assert.Equal(["INSIDE"], Assert.Single(source.Files).Values.Keys);
    }

    [Fact]
    public void DotEnv_OutsideARepository_IsLookedForInTheHomeOnly()
    {
        using var folder = new TemporaryFolder();
        folder.Write(".env", "ABOVE=1");
        folder.Write("app/appsettings.json", "{}");

        Assert.Empty(new DotEnvSource(Path.Combine(folder.Path, "app")).Files);
    }

    [Fact]
    public void DotEnv_ThatOthersMayRead_GetsAWarning()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no such permissions.");
            return;
        }

        using var folder = new TemporaryFolder();
        var path = folder.Write(".env", "A=1");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        Assert.Contains("chmod 600 .env", Assert.Single(new DotEnvSource(folder.Path).Warnings), StringComparison.Ordinal);

        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.Empty(new DotEnvSource(folder.Path).Warnings);
    }
}
