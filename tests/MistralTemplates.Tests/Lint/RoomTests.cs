using System.Text.RegularExpressions;
using MistralTemplates.Harness;

namespace MistralTemplates.Tests.Lint;

/// <summary>The house stays as drawn: a room uses only the rooms below it, and a reader is spared long files.</summary>
public sealed partial class RoomTests
{
    private const int MaxLines = 300;
    private const int MaxProgramLines = 70;
    private const int MaxLineLength = 160;

    private static readonly string s_templates = Path.Combine(TemplatePack.RepositoryRoot, "templates");

    // From the ground floor up; the kinds' own rooms stand side by side, Chat on Access.
    private static readonly string[] s_rooms =
        ["Configuration", "Scale", "Keys", "Mistral", "Guards", "Auditing", "Operations", "Access", "Chat", "Terminal", "Jobs"];

    [Fact]
    public void Rooms_UseOnlyTheRoomsBelowThem()
    {
        var files = SourceFiles().Where(file => RoomOf(file) is not null).ToArray();
        var wrong = files.SelectMany(file => UsedRooms(file)
            .Where(used => Array.IndexOf(s_rooms, used) > Array.IndexOf(s_rooms, RoomOf(file)))
            .Select(used => $"{Path.GetRelativePath(s_templates, file)} uses {used}"));

        Assert.NotEmpty(files);
        Assert.Empty(wrong);
    }

    [Fact]
    public void Rooms_AreAllKnown()
    {
        var folders = new[] { "shared", "mistral-secure-api", "mistral-secure-console", "mistral-secure-worker" }
            .SelectMany(folder => Directory.EnumerateDirectories(Path.Combine(s_templates, folder)))
            .Select(folder => Path.GetFileName(folder)!)
            .Where(name => name is not ("bin" or "obj" or "Properties" or ".template.config"))
            .ToHashSet();

        Assert.Equal(s_rooms.Order(), folders.Order());
    }

    [Fact]
    public void Files_ThatAnOwnerReads_StayShort()
    {
        var long_ = SourceFiles().Select(file => (File: Path.GetRelativePath(s_templates, file), Lines: File.ReadLines(file).Count()))
            .Where(file => file.Lines > (Path.GetFileName(file.File) == "Program.cs" ? MaxProgramLines : MaxLines));

        Assert.Empty(long_);
    }

    [Fact]
    public void Lines_ThatAnOwnerReads_FitTheScreen()
    {
        var long_ = SourceFiles().SelectMany(file => File.ReadLines(file).Index()
            .Where(line => line.Item.Length > MaxLineLength)
            .Select(line => $"{Path.GetRelativePath(s_templates, file)} line {line.Index + 1}"));

        Assert.Empty(long_);
    }

    [Fact]
    public void Services_AreRegisteredAtTheDoorOfTheRoom()
    {
        var files = SourceFiles().Where(file => RoomOf(file) is not null).ToArray();
        var wrong = files.Where(file => File.ReadAllText(file).Contains(".Services.Add", StringComparison.Ordinal))
            .Select(file => Path.GetFileName(file))
            .Where(name => !name.EndsWith("Extensions.cs", StringComparison.Ordinal) && !name.EndsWith("Registration.cs", StringComparison.Ordinal));

        Assert.NotEmpty(files);
        Assert.Empty(wrong);
    }

    private static IEnumerable<string> SourceFiles() => Directory.EnumerateFiles(s_templates, "*.cs", SearchOption.AllDirectories)
        .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal));

    private static string? RoomOf(string file) =>
        Path.GetRelativePath(s_templates, file).Split(Path.DirectorySeparatorChar) is [not "mistral-secure", var room, _, ..] && s_rooms.Contains(room) ? room : null;

    private static IEnumerable<string> UsedRooms(string file) =>
        UsedRoom().Matches(File.ReadAllText(file)).Select(match => match.Groups[1].Value).Where(room => s_rooms.Contains(room));

    [GeneratedRegex(@"^using Acme\.App\.(\w+)", RegexOptions.Multiline)]
    private static partial Regex UsedRoom();
}
