using System.Text.Json;
using Acme.App.Configuration;
using MistralTemplates.Harness;

namespace MistralTemplates.Tests.Rooms.Configuration;

public sealed class DotEnvFileTests
{
    public static TheoryData<string, string, string> Cases()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "dotenv-cases.json")));
        var cases = new TheoryData<string, string, string>();
        foreach (var one in document.RootElement.EnumerateArray())
            cases.Add(one.GetProperty("case").GetString()!, one.GetProperty("fileBase64").GetString()!, one.GetProperty("reference").GetRawText());
        return cases;
    }

    [Fact]
    public void Cases_WhenRead_AreAllThere() => Assert.Equal(48, Cases().Count);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Read_EachInput_GivesWhatTheReferenceGivesOrAnErrorWithItsLine(string name, string fileBase64, string reference)
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, ".env");
        File.WriteAllBytes(path, Convert.FromBase64String(fileBase64));

        var file = new DotEnvFile(path);

        Assert.NotEmpty(name);
        if (file.Problems.Count == 0)
            Assert.Equal(JsonSerializer.Deserialize<Dictionary<string, string>>(reference), file.Values);
        else
            Assert.All(file.Problems, problem => Assert.Matches(@"^\.env line \d+$", problem.Source));
    }

    [Fact]
    public void Read_FileOverTheLimit_IsRefused() => Assert.Equal("The file is too large.", Assert.Single(Read(new string('#', 256 * 1024 + 1)).Problems).Problem);

    /// <summary>Its length is 0, and it never ends.</summary>
    [Fact]
    public void Read_Device_IsReadNoFurtherThanTheLimit()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no such device here.");
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, ".env");
        File.CreateSymbolicLink(path, "/dev/zero");

        Assert.Equal("The file is too large.", Assert.Single(new DotEnvFile(path).Problems).Problem);
    }

    [Theory]
    [InlineData("A = 1 ", "1")]
    [InlineData("export A=1", "1")]
    [InlineData("  # B=2\nA=1", "1")]
    [InlineData("A=x #c", "x")]
    [InlineData("A=x # costs $1", "x")]
    [InlineData("A='pa$$word#1'", "pa$$word#1")]
    [InlineData("A=\"x#y\" # comment", "x#y")]
    [InlineData("A={\"k\":\"v\"}", "{\"k\":\"v\"}")]
    [InlineData(@"A='logs\'", @"logs\")]
    [InlineData(@"A='\\srv\share\\'", @"\\srv\share\\")]
    [InlineData(@"A=C:\logs\", @"C:\logs\")]
    [InlineData("A=' x '", " x ")]
    [InlineData("A='logs\\'\nB=canary\nC='z'", @"logs\")]
    public void Read_AcceptedInput_GivesTheValue(string text, string expected) => Assert.Equal(expected, Read(text).Values["A"]);

    [Theory]
    [InlineData("B=1\nA=\"canary", 2, "The value's quote is not closed on its line.")]
    [InlineData("A=\"canary\nB=2\nC=\"z\"", 1, "The value's quote is not closed on its line.")]
    [InlineData("A='canary's'", 1, "Text follows the value's closing quote.")]
    [InlineData("\n\nA=ca#nary", 3, "The value is followed by a # without a space, which may begin a comment or not.")]
    [InlineData("A=#canary", 1, "The value is followed by a # without a space, which may begin a comment or not.")]
    [InlineData("A=\"C:\\canary\"", 1, "The value holds a backslash in double quotes, which may be an escape or not.")]
    [InlineData("A=pa$canary", 1, "The value holds a $, which may begin a variable's name or not.")]
    [InlineData("A=\"${canary}\" # comment", 1, "The value holds a $, which may begin a variable's name or not.")]
    [InlineData("A=`canary`", 1, "The value is quoted with backticks.")]
    [InlineData("A=1\nA=canary", 2, "The variable is already set on line 1.")]
    [InlineData("A=1\na=canary", 2, "The variable is already set on line 1.")]
    [InlineData("canary", 1, "The line is not of the form NAME=value.")]
    [InlineData("A=1\n#\u2028B=canary", 2, "The line holds a character that may end a line or not.")]
    [InlineData("A=1\u0085B=canary", 1, "The line holds a character that may end a line or not.")]
    [InlineData("A='1\fB=canary'", 1, "The line holds a character that may end a line or not.")]
    [InlineData("A B=canary", 1, "The variable's name is not made of letters, digits and underscores only.")]
    public void Read_RefusedInput_NamesTheLineAndNeverTheValue(string text, int line, string problem)
    {
        var file = Read(text);

        var found = Assert.Single(file.Problems, one => one.Problem == problem);
        Assert.Equal($".env line {line}", found.Source);
        Assert.DoesNotContain(file.Values, one => one.Value.Contains("canary", StringComparison.Ordinal));
        Assert.All(file.Problems, one => Assert.DoesNotContain("canary", one.ToString(), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Read_PipeThatNobodyWritesTo_IsAProblemAndNoWaitForEver(bool isLink)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There are no such pipes there.");
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, ".env");
        if (isLink)
            File.CreateSymbolicLink(path, "pipe");
        Assert.Equal(0, (await Command.RunAsync("mkfifo", [isLink ? "pipe" : ".env"], folder.Path, TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken)).ExitCode);

        var reading = Task.Run(() => new DotEnvFile(path), TestContext.Current.CancellationToken);
        var file = await reading.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        Assert.Equal("The file cannot be read as UTF-8 text.", Assert.Single(file.Problems).Problem);
    }

    [Fact]
    public void Source_LinkThatLeadsNowhere_IsAProblemAndNoCrash()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Only an administrator makes links there.");
        using var folder = new TemporaryFolder();
        File.CreateSymbolicLink(Path.Combine(folder.Path, ".env"), "nowhere");

        var source = new DotEnvSource(folder.Path);

        Assert.Equal("The file cannot be read as UTF-8 text.", Assert.Single(Assert.Single(source.Files).Problems).Problem);
        Assert.Empty(source.Warnings);
    }

    [Fact]
    public void Read_VariableThatIsAlsoInTheEnvironment_GivesTheFilesValue() => Assert.Equal("from file", Read("PATH='from file'").Values["PATH"]);

    private static DotEnvFile Read(string text)
    {
        using var folder = new TemporaryFolder();
        return new DotEnvFile(folder.Write(".env", text));
    }
}
