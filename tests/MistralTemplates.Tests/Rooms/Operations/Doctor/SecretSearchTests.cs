using System.Text;
using Acme.App.Guards;
using Acme.App.Operations.Doctor;
using MistralTemplates.Harness;
using MistralTemplates.Tests.Rooms.Guards;

namespace MistralTemplates.Tests.Rooms.Operations.Doctor;

public sealed class SecretSearchTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SearchAll_NoSecret_Passes()
    {
        using var folder = await GitFolder.CreateAsync();
        folder.Write("README.md", "Set MISTRAL_API_KEY=your-api-key-here, or MISTRAL_API_KEY=${KEY}.\n");
        await folder.CommitAsync();

        var verdict = Search(folder);

        Assert.Equal(CheckMark.Passed, verdict.Mark);
        Assert.Empty(verdict.Places);
    }

    [Fact]
    public async Task SearchAll_SecretDeletedLongAgo_NamesCommitPathLineAndAuthorAndNotTheValue()
    {
        using var folder = await GitFolder.CreateAsync();
        var key = GitFolder.NewKey();
        await folder.CommitAsync("first");
        folder.Write("config/settings file.env", $"# one\nMISTRAL_API_KEY={key}\n");
        var commit = await folder.CommitAsync("leak");
        File.Delete(Path.Combine(folder.Path, "config/settings file.env"));
        await folder.CommitAsync("delete");

        var verdict = Search(folder);

        Assert.Equal(CheckMark.Failed, verdict.Mark);
        Assert.Equal([new Place("config/settings file.env", 2, commit, "Ada Author", AllowFile.FingerprintOf(key))], verdict.Places);
        Assert.DoesNotContain(key[..8], verdict.ToString() + verdict.Places[0], StringComparison.Ordinal);
        Assert.StartsWith("1. Revoke", verdict.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task SearchAll_SecretInACommitsMessage_NamesCommitAndLine(bool isOwn)
    {
        using var folder = await GitFolder.CreateAsync();
        var key = GitFolder.NewKey();
        await folder.CommitAsync("first\n\n:000000 100644 a b A\tlooks like a change");
        var commit = await folder.CommitAsync($"second\n\n  Said:\n{(isOwn ? "" : "MISTRAL_API_KEY=")}{key}");
        await folder.CommitAsync("third");

        var verdict = Search(folder, isOwn ? [key] : []);

        Assert.Equal([new Place("(commit message)", 4, commit, "Ada Author", AllowFile.FingerprintOf(key), IsFile: false)], verdict.Places);
        Assert.Contains("--replace-message", verdict.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SearchAll_SecretInATagsMessageOrAFilesName_IsFoundWithoutItsValue()
    {
        using var folder = await GitFolder.CreateAsync();
        var (said, named) = (GitFolder.NewKey(), "gh" + "p_" + SensitiveSamples.Mixed[..36]);
        folder.Write($"{named}.txt", "clean\n");
        var commit = await folder.CommitAsync();
        await folder.GitAsync("tag", "-a", "v1", "-m", $"MISTRAL_API_KEY={said}");
        await folder.GitAsync("tag", "light");

        var verdict = Search(folder);

        Assert.Equal(
            [new Place("(a file's name)", 1, commit, "Ada Author", AllowFile.FingerprintOf(named), IsFile: false), new Place("(message of the tag v1)", Fingerprint: AllowFile.FingerprintOf(said), IsFile: false)],
            verdict.Places);
    }

    /// <summary>Git writes such a name in quotes, unless it is told to end each by a NUL.</summary>
    [Theory]
    [InlineData("qu\"ote.txt")]
    [InlineData("back\\slash.txt")]
    [InlineData("line\nend.txt")]
    [InlineData("tab\tand ünïcode.txt")]
    public async Task SearchAll_NameThatGitWouldQuote_IsTheSameInHistoryAndWorkTree(string name)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "No file is called so there.");
        using var folder = await GitFolder.CreateAsync();
        var line = $"MISTRAL_API_KEY={GitFolder.NewKey()}\n";
        folder.Write(name, line);
        await folder.CommitAsync();
        folder.Write(name, line + "changed\n");

        Assert.Equal(name, Assert.Single(Search(folder).Places).Path);
    }

    [Fact]
    public async Task SearchAll_SecretOnAnotherBranchOnly_IsFound()
    {
        using var folder = await GitFolder.CreateAsync();
        await folder.CommitAsync();
        await folder.GitAsync("checkout", "-q", "-b", "side");
        folder.Write("side.txt", $"api_key: {GitFolder.NewKey()}\n");
        await folder.CommitAsync();
        await folder.GitAsync("checkout", "-q", "main");

        var verdict = Search(folder);

        Assert.Equal("side.txt", Assert.Single(verdict.Places).Path);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task SearchAll_SecretNotCommitted_IsFoundInIndexAndWorkTree(bool isStaged)
    {
        using var folder = await GitFolder.CreateAsync();
        folder.Write("new.yml", $"mistral_api_key: {GitFolder.NewKey()}\n");
        if (isStaged)
        {
            await folder.GitAsync("add", "new.yml");
            folder.Write("new.yml", "clean: true\n");
        }

        var verdict = Search(folder);

        Assert.Equal(CheckMark.Failed, verdict.Mark);
        Assert.Null(Assert.Single(verdict.Places).Commit);
    }

    [Fact]
    public async Task SearchAll_IgnoredFile_IsLeftAlone()
    {
        using var folder = await GitFolder.CreateAsync();
        folder.Write(".gitignore", ".env\n");
        folder.Write(".env", $"MISTRAL_API_KEY={GitFolder.NewKey()}\n");
        await folder.CommitAsync();

        Assert.Equal(CheckMark.Passed, Search(folder).Mark);
    }

    [Fact]
    public async Task SearchAll_OwnKeyWithoutAName_IsFoundInTextAndBinary()
    {
        using var folder = await GitFolder.CreateAsync();
        var key = GitFolder.NewKey();
        folder.Write("notes.txt", $"it was {key} until May\n");
        await File.WriteAllBytesAsync(Path.Combine(folder.Path, "data.bin"), [0, 1, 0, .. Encoding.ASCII.GetBytes(key), 0], Token);
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "wide.txt"), $"it was {key} until May\n", Encoding.Unicode, Token);
        await folder.CommitAsync();

        var verdict = Search(folder, key);

        Assert.Equal(["data.bin", "notes.txt", "wide.txt"], verdict.Places.Select(place => place.Path).Order());
    }

    [Fact]
    public async Task SearchAll_EmptyFileAfterABinaryOne_IsNotCounted()
    {
        using var folder = await GitFolder.CreateAsync();
        await File.WriteAllBytesAsync(Path.Combine(folder.Path, "a.bin"), [0, 1, 0], Token);
        folder.Write("b.txt", "");
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "c.txt"), "wide", Encoding.UTF32, Token);

        Assert.Contains("were looked for: 2.", Search(folder).Found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SearchAll_SecretInAnOlderStash_IsFound()
    {
        using var folder = await GitFolder.CreateAsync();
        folder.Write("a.txt", "clean\n");
        await folder.CommitAsync();
        foreach (var text in new[] { $"MISTRAL_API_KEY={GitFolder.NewKey()}\n", "clean as well\n" })
        {
            folder.Write("a.txt", text);
            await folder.GitAsync("stash");
        }

        Assert.Equal("a.txt", Assert.Single(Search(folder).Places).Path);
    }

    /// <summary>As PowerShell's <c>&gt;&gt;</c> leaves a file: its own lines are UTF-16 without a mark.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task SearchAll_TextWithLinesInUtf16_IsReadWhole(bool isAppended)
    {
        using var folder = await GitFolder.CreateAsync();
        var secret = $"MISTRAL_API_KEY={GitFolder.NewKey()}\n";
        byte[] bytes = isAppended
            ? [.. Encoding.UTF8.GetBytes("# Notes\n"), .. Encoding.Unicode.GetBytes(secret)]
            : [.. Encoding.UTF8.GetBytes(secret), .. Encoding.Unicode.GetBytes("a note that somebody added\n")];
        await File.WriteAllBytesAsync(Path.Combine(folder.Path, "README.md"), bytes, Token);
        await folder.CommitAsync();

        var verdict = Search(folder);

        Assert.Equal(isAppended ? 2 : 1, Assert.Single(verdict.Places).Line);
        Assert.DoesNotContain("Binary", verdict.Found, StringComparison.Ordinal);
    }

    /// <summary>As <c>env -0</c> writes it: what a zero ends does not go on behind it.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(9000)]
    public async Task SearchAll_ValuesBetweenZeros_AreFoundEach(int before)
    {
        using var folder = await GitFolder.CreateAsync();
        string[] keys = [GitFolder.NewKey(), GitFolder.NewKey()];
        folder.Write("dump", $"{new string('.', before)}\nMISTRAL_API_KEY={keys[0]}\0PATH=/bin\0MISTRAL_API_KEY_PROD={keys[1]}\0next=1\n");
        await folder.CommitAsync();

        Assert.Equal(keys.Select(key => AllowFile.FingerprintOf(key)).Order(), Search(folder).Places.Select(place => place.Fingerprint).Order());
    }

    [Fact]
    public async Task SearchAll_TextInUtf16_IsRead()
    {
        using var folder = await GitFolder.CreateAsync();
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "out.txt"), $"a\nMISTRAL_API_KEY={GitFolder.NewKey()}\n", Encoding.Unicode, Token);
        await folder.CommitAsync();

        Assert.Equal(2, Assert.Single(Search(folder).Places).Line);
    }

    [Theory]
    [InlineData(-20)]
    [InlineData(0)]
    [InlineData(5_000_000)]
    public async Task SearchAll_SecretAtTheEdgeOfAPieceOfALargeFile_IsFoundOnItsLine(int offset)
    {
        using var folder = await GitFolder.CreateAsync();
        var lines = (SecretFinder.PieceBytes + offset) / 8;
        folder.Write("large.txt", string.Concat(Enumerable.Repeat("a word\r\n", lines)) + $"MISTRAL_API_KEY={GitFolder.NewKey()}\n" + new string('x', SecretFinder.PieceBytes));
        await folder.CommitAsync();

        Assert.Equal(lines + 1, Assert.Single(Search(folder).Places).Line);
    }

    [Fact]
    public async Task SearchAll_FalseAlarmIsAllowed_PassesAndSaysSo()
    {
        using var folder = await GitFolder.CreateAsync();
        var key = GitFolder.NewKey();
        folder.Write("sample.env", $"MISTRAL_API_KEY={key}\n");
        folder.Write(AllowFile.DefaultName, $"# checked\n{AllowFile.FingerprintOf(key)} revoked, kept as a sample\n");
        await folder.CommitAsync();

        var verdict = Search(folder);

        Assert.Equal(CheckMark.Passed, verdict.Mark);
        Assert.Contains("Allowed as false alarms: 1.", verdict.Found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SearchAll_ShallowClone_IsNoSilentPass()
    {
        using var origin = await GitFolder.CreateAsync();
        await origin.CommitAsync();
        await origin.CommitAsync();
        using var folder = await GitFolder.CreateAsync();
        await folder.GitAsync("clone", "-q", "--depth", "1", new Uri(origin.Path).AbsoluteUri, "clone");

        var verdict = Search(Path.Combine(folder.Path, "clone"));

        Assert.Equal(CheckMark.NotChecked, verdict.Mark);
        Assert.Contains("shallow", verdict.Found, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("blob:none")]
    [InlineData("tree:0")]
    public async Task SearchAll_PartialClone_NamesWhatIsHereAndIsNoSilentPass(string filter)
    {
        using var origin = await GitFolder.CreateAsync();
        await origin.GitAsync("config", "uploadpack.allowFilter", "true");
        origin.Write("a.txt", "old\n");
        await origin.CommitAsync();
        origin.Write("a.txt", "new\n");
        await origin.CommitAsync();
        using var folder = await GitFolder.CreateAsync();
        var clone = Path.Combine(folder.Path, "clone");
        await folder.GitAsync("clone", "-q", "--filter=" + filter, new Uri(origin.Path).AbsoluteUri, "clone");

        var clean = Search(clone);
        File.WriteAllText(Path.Combine(clone, "b.env"), $"MISTRAL_API_KEY={GitFolder.NewKey()}\n");
        var leaking = Search(clone);

        Assert.Equal(CheckMark.NotChecked, clean.Mark);
        Assert.Contains("partial", clean.Found, StringComparison.Ordinal);
        Assert.Equal("b.env", Assert.Single(leaking.Places).Path);
        Assert.Contains("What this clone lacks was not searched.", leaking.Found, StringComparison.Ordinal);
    }

    /// <summary>All of it is pushed with the ref that names it.</summary>
    [Theory]
    [InlineData("blob")]
    [InlineData("tree")]
    [InlineData("inner tag")]
    [InlineData("other ref")]
    [InlineData("tagger")]
    [InlineData("author")]
    [InlineData("ref's name")]
    public async Task SearchAll_SecretThatNoCommitHolds_IsFoundWithoutItsValue(string place)
    {
        using var folder = await GitFolder.CreateAsync();
        var key = "gh" + "p_" + SensitiveSamples.Mixed[..36];
        await folder.CommitAsync();
        folder.Write("key.txt", $"key = {key}\n");
        switch (place)
        {
            case "blob":
                await folder.GitAsync("tag", "data", (await folder.GitAsync("hash-object", "-w", "key.txt")).Trim());
                break;
            case "tree":
                await folder.GitAsync("add", "key.txt");
                await folder.GitAsync("tag", "-a", "-m", "data", "data", (await folder.GitAsync("write-tree")).Trim());
                await folder.GitAsync("reset", "-q");
                break;
            case "inner tag":
                await folder.GitAsync("tag", "-a", "-m", key, "inner");
                await folder.GitAsync("tag", "-a", "-m", "outer", "outer", "inner");
                await folder.GitAsync("tag", "-d", "inner");
                break;
            case "other ref":
                await folder.GitAsync("tag", "-a", "-m", key, "kept");
                await folder.GitAsync("update-ref", "refs/archive/kept", (await folder.GitAsync("rev-parse", "kept")).Trim());
                await folder.GitAsync("tag", "-d", "kept");
                break;
            case "tagger":
                await folder.GitAsync("-c", $"alias.make=!GIT_COMMITTER_NAME={key} git tag -a -m text", "make", "kept");
                break;
            case "author":
                await folder.GitAsync("commit", "-q", "--allow-empty", "--author", $"{key} <a@example.org>", "-m", "text");
                await folder.GitAsync("commit", "-q", "--allow-empty", "--author", $"{key} <a@example.org>", "-m", $"MISTRAL_API_KEY={GitFolder.NewKey()}");
                break;
            default:
                await folder.GitAsync("tag", key);
                break;
        }

        File.Delete(Path.Combine(folder.Path, "key.txt"));
        var verdict = Search(folder);

        Assert.Contains(AllowFile.FingerprintOf(key), verdict.Places.Select(found => found.Fingerprint));
        Assert.DoesNotContain(key, string.Concat(verdict.Places) + verdict, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("grafts")]
    [InlineData("encoding")]
    public async Task SearchAll_SettingThatHidesTheHistory_HidesNothing(string setting)
    {
        using var folder = await GitFolder.CreateAsync();
        folder.Write("a.env", $"MISTRAL_API_KEY={GitFolder.NewKey()}\n");
        await folder.CommitAsync();
        File.Delete(Path.Combine(folder.Path, "a.env"));
        var clean = await folder.CommitAsync();
        if (setting == "grafts")
            await File.WriteAllTextAsync(Path.Combine(folder.Path, ".git", "info", "grafts"), clean + "\n", Token);
        else
            await folder.GitAsync("config", "i18n.logOutputEncoding", "UTF-16");

        Assert.Equal("a.env", Assert.Single(Search(folder).Places).Path);
    }

    [Fact]
    public async Task SearchAll_SecretInTheNameOfAFileNotCommitted_IsFoundAndNotTold()
    {
        using var folder = await GitFolder.CreateAsync();
        var key = "gh" + "p_" + SensitiveSamples.Mixed[..36];
        folder.Write($"{key}.txt", $"MISTRAL_API_KEY={GitFolder.NewKey()}\n");

        var places = Search(folder).Places;

        Assert.Equal(2, places.Count);
        Assert.DoesNotContain(key, string.Concat(places), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SearchAll_SecretInTheSecondNameOfATag_IsFound()
    {
        using var folder = await GitFolder.CreateAsync();
        await folder.CommitAsync();
        await folder.GitAsync("tag", "-a", "-m", "text", "a");
        await folder.GitAsync("update-ref", "refs/tags/gh" + "p_" + SensitiveSamples.Mixed[..36], (await folder.GitAsync("rev-parse", "a")).Trim());

        Assert.Equal("(the name of a branch or a tag)", Assert.Single(Search(folder).Places).Path);
    }

    [Fact]
    public async Task AllowFile_InUtf16_IsRead()
    {
        using var folder = await GitFolder.CreateAsync();
        var key = GitFolder.NewKey();
        folder.Write("sample.env", $"MISTRAL_API_KEY={key}\n");
        await File.WriteAllTextAsync(Path.Combine(folder.Path, AllowFile.DefaultName), $"{AllowFile.FingerprintOf(key)} a sample\r\n", Encoding.Unicode, Token);

        Assert.Equal(CheckMark.Passed, Search(folder).Mark);
    }

    /// <summary>So local secrets are kept in a file that is tracked.</summary>
    [Theory]
    [InlineData("--skip-worktree")]
    [InlineData("--assume-unchanged")]
    public async Task SearchAll_FileThatGitDoesNotLookAt_IsSearched(string flag)
    {
        using var folder = await GitFolder.CreateAsync();
        folder.Write("settings.json", "{}\n");
        await folder.CommitAsync();
        await folder.GitAsync("update-index", flag, "settings.json");
        folder.Write("settings.json", $"MISTRAL_API_KEY={GitFolder.NewKey()}\n");

        Assert.Equal("settings.json", Assert.Single(Search(folder).Places).Path);
    }

    [Fact]
    public async Task SearchAll_RepositoryWithin_IsNamedAsNotSearched()
    {
        using var folder = await GitFolder.CreateAsync();
        await folder.CommitAsync();
        await folder.GitAsync("init", "-q", "inner");
        folder.Write("inner/a.txt", "text\n");
        await folder.GitAsync("-C", "inner", "add", "-A");
        await folder.GitAsync("-C", "inner", "commit", "-q", "-m", "text");

        Assert.Contains("other repositories within, which were not searched: 1.", Search(folder).Found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SearchAll_Submodule_IsNamedAsNotSearched()
    {
        using var inner = await GitFolder.CreateAsync();
        await inner.CommitAsync();
        using var folder = await GitFolder.CreateAsync();
        await folder.GitAsync("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner.Path, "inner");
        await folder.CommitAsync();

        Assert.Contains("Submodules and other repositories within, which were not searched: 1.", Search(folder).Found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SearchAll_NameThatIsNotUtf8_IsNoSilentPass()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only there such a name can be.");
        using var folder = await GitFolder.CreateAsync();
        await folder.GitAsync("-c", @"alias.make=!printf key > ""$(printf '\377.txt')""", "make");

        var exception = Assert.Throws<DoctorInputException>(() => Search(folder));

        // .NET cannot delete it either.
        await folder.GitAsync("-c", "alias.tidy=!rm ./*.txt", "tidy");
        Assert.Contains("is not UTF-8", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SearchAll_LinkedWorkTree_SeesTheWholeHistory()
    {
        using var folder = await GitFolder.CreateAsync();
        folder.Write("a.env", $"MISTRAL_API_KEY={GitFolder.NewKey()}\n");
        await folder.CommitAsync();
        await folder.GitAsync("worktree", "add", "-q", "-b", "other", "linked");

        Assert.Single((Search(Path.Combine(folder.Path, "linked"))).Places);
    }

    [Fact]
    public async Task SearchAll_ObjectIsMissing_IsAClearErrorAndNoPass()
    {
        using var folder = await GitFolder.CreateAsync();
        folder.Write("a.txt", "text\n");
        await folder.CommitAsync();
        var blob = (await folder.GitAsync("rev-parse", "HEAD:a.txt")).Trim();
        var path = Path.Combine(folder.Path, ".git", "objects", blob[..2], blob[2..]);
        File.SetAttributes(path, FileAttributes.Normal);
        File.Delete(path);

        var exception = Assert.Throws<DoctorInputException>(() => Search(folder));

        Assert.StartsWith("The repository cannot be read: ", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SearchAll_SecretThatOnlyAMergeBrought_IsFoundInTheMerge()
    {
        using var folder = await GitFolder.CreateAsync();
        await folder.CommitAsync("root");
        await folder.GitAsync("checkout", "-q", "-b", "side");
        folder.Write("side.txt", "side\n");
        await folder.CommitAsync("side");
        await folder.GitAsync("checkout", "-q", "main");
        folder.Write("main.txt", "main\n");
        await folder.CommitAsync("main");
        await folder.GitAsync("merge", "-q", "--no-ff", "--no-commit", "side");
        folder.Write("side.txt", $"MISTRAL_API_KEY={GitFolder.NewKey()}\n");
        var merge = await folder.CommitAsync("merge");
        folder.Write("side.txt", "clean\n");
        await folder.CommitAsync("clean");

        var place = Assert.Single(Search(folder).Places);

        Assert.Equal(("side.txt", merge), (place.Path, place.Commit));
    }

    [Fact]
    public async Task SearchAll_NamedPipeInPlaceOfATrackedFile_DoesNotWaitForIt()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows keeps no pipes among its files.");
        using var folder = await GitFolder.CreateAsync();
        folder.Write("pipe.txt", "text\n");
        await folder.CommitAsync();
        File.Delete(Path.Combine(folder.Path, "pipe.txt"));
        (await Command.RunAsync("mkfifo", ["pipe.txt"], folder.Path, TimeSpan.FromSeconds(10), Token)).EnsureSuccess("mkfifo");

        var verdict = await Task.Run(() => Search(folder), Token).WaitAsync(TimeSpan.FromSeconds(30), Token);

        Assert.Equal(CheckMark.Passed, verdict.Mark);
    }

    [Fact]
    public async Task SearchAll_PathWithMarksAndOtherLetters_IsNamed()
    {
        using var folder = await GitFolder.CreateAsync();
        folder.Write("Schlüssel für \u4F60.txt", $"MISTRAL_API_KEY={GitFolder.NewKey()}\n");
        await folder.CommitAsync();

        Assert.Equal("Schlüssel für \u4F60.txt", Assert.Single(Search(folder).Places).Path);
    }

    [Fact]
    public async Task SearchAll_LargeBinaryFile_IsReadToItsEndForTheOwnKey()
    {
        using var folder = await GitFolder.CreateAsync();
        var key = GitFolder.NewKey();
        await File.WriteAllBytesAsync(Path.Combine(folder.Path, "image.bin"), [.. new byte[20_000_000], .. Encoding.ASCII.GetBytes(key)], Token);
        await folder.CommitAsync();

        Assert.Equal("image.bin", Assert.Single(Search(folder, key).Places).Path);
    }

    [Fact]
    public async Task SearchAll_PackIsDamaged_IsAClearErrorAndNoPass()
    {
        using var folder = await GitFolder.CreateAsync();
        folder.Write("a.txt", string.Concat(Enumerable.Range(0, 2000).Select(line => $"{line * 7919} ")));
        await folder.CommitAsync();
        await folder.GitAsync("gc", "-q");
        var pack = Assert.Single(Directory.GetFiles(Path.Combine(folder.Path, ".git", "objects", "pack"), "*.pack"));
        File.SetAttributes(pack, FileAttributes.Normal);
        var bytes = await File.ReadAllBytesAsync(pack, Token);
        bytes.AsSpan(bytes.Length / 2, 64).Fill(0xA5);
        await File.WriteAllBytesAsync(pack, bytes, Token);
        File.Delete(Path.Combine(folder.Path, "a.txt"));

        var exception = Assert.Throws<DoctorInputException>(() => Search(folder));

        Assert.StartsWith("The repository cannot be read: ", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SearchStaged_OnlyLooksAtTheNextCommit()
    {
        using var folder = await GitFolder.CreateAsync();
        folder.Write("old.env", $"MISTRAL_API_KEY={GitFolder.NewKey()}\n");
        await folder.CommitAsync();
        folder.Write("new.txt", $"token = \"{GitFolder.NewKey()}\"\n");
        folder.Write("untouched.txt", $"token = \"{GitFolder.NewKey()}\"\n");
        await folder.GitAsync("add", "new.txt");

        var git = GitRepository.Open(folder.Path, isDemanded: true, Token);
        var verdict = new SecretSearch(git!, new HashSet<string>(), new SensitiveDataOptions(), []).SearchStaged(Token);

        Assert.Equal("new.txt", Assert.Single(verdict.Places).Path);
        Assert.DoesNotContain("history", verdict.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("var apiKey = StatusCodes.Status429TooManyRequests;", 0)]
    [InlineData("services.Add(mistral) : WebApplicationFactory<Program>", 0)]
    [InlineData("var apiKey = \"KEY\";", 1)]
    [InlineData("// MISTRAL_API_KEY=KEY", 1)]
    [InlineData("MISTRAL_API_KEY=KEY", 1)]
    public void Find_NamesInCode_AreNoSecretsAndLiteralsAre(string line, int expected)
    {
        var bytes = Encoding.UTF8.GetBytes(line.Replace("KEY", GitFolder.NewKey(), StringComparison.Ordinal).Replace("MISTRAL_API_", "MISTRAL_API_KEY", StringComparison.Ordinal));
        if (line.Contains("MISTRAL_API_KEY=", StringComparison.Ordinal))
            bytes = Encoding.UTF8.GetBytes(line.Replace("=KEY", "=" + GitFolder.NewKey(), StringComparison.Ordinal));
        var found = new Dictionary<string, FoundSecret>();
        using var stream = new MemoryStream(bytes);

        SecretFinder.For(new SensitiveDataOptions(), []).Find(stream, bytes.Length, found);

        Assert.Equal(expected, found.Count);
    }

    [Theory]
    [InlineData("not-a-fingerprint reason")]
    [InlineData("0123456789ab")]
    [InlineData("0123456789AB reason")]
    public async Task AllowFile_MalformedLine_IsRefusedWithItsLine(string line)
    {
        using var folder = await GitFolder.CreateAsync();
        folder.Write(AllowFile.DefaultName, "# comment\n" + line + "\n");

        var exception = Assert.Throws<DoctorInputException>(() => Search(folder));

        Assert.Equal(".doctor-allow line 2 is malformed. Write the fingerprint that the doctor shows, 12 hexadecimal digits, then a space and the reason.", exception.Message);
    }

    /// <summary>Git keeps links, and so a branch of somebody else's may bring one.</summary>
    [Theory]
    [InlineData("ln", "-s", "/dev/zero")]
    [InlineData("mkfifo")]
    public async Task AllowFile_ThatHasNoEnd_IsRefused(params string[] make)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows keeps no devices among its files.");
        using var folder = await GitFolder.CreateAsync();
        (await Command.RunAsync(make[0], [.. make[1..], AllowFile.DefaultName], folder.Path, TimeSpan.FromSeconds(10), Token)).EnsureSuccess(make[0]);

        var exception = await Assert.ThrowsAsync<DoctorInputException>(() => Task.Run(() => Search(folder), Token).WaitAsync(TimeSpan.FromSeconds(30), Token));

        Assert.Contains("cannot be read, or is larger than 1024 KiB", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_NoRepository_IsNothingOrAnErrorWhenDemanded()
    {
        using var folder = new Configuration.TemporaryFolder();

        Assert.Null(GitRepository.Open(folder.Path, isDemanded: false, Token));
        var exception = Assert.Throws<DoctorInputException>(() => GitRepository.Open(folder.Path, isDemanded: true, Token));
        Assert.Contains("is not in a git repository that can be read", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_BrokenRepository_IsAnErrorAlthoughNotDemanded()
    {
        using var folder = await GitFolder.CreateAsync();
        File.Delete(Path.Combine(folder.Path, ".git", "HEAD"));

        Assert.Throws<DoctorInputException>(() => GitRepository.Open(folder.Path, isDemanded: false, Token));
    }

    private static Verdict Search(GitFolder folder, params string[] keys) => Search(folder.Path, keys);

    private static Verdict Search(string folder, params string[] keys)
    {
        var git = GitRepository.Open(folder, isDemanded: true, Token);
        return new SecretSearch(git!, AllowFile.Read(new Patient(folder, git, null)), new SensitiveDataOptions(), keys).SearchAll(Token);
    }
}
