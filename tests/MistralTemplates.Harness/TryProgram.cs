namespace MistralTemplates.Harness;

/// <summary>The tour behind <c>dotnet build -t:Try</c>: from the package to a first chat with each kind.</summary>
internal static class TryProgram
{
    private static readonly string s_folder = Path.Combine(TemplatePack.RepositoryRoot, "artifacts", "try");

    private static async Task<int> Main(string[] arguments)
    {
        if (arguments is not [var packageFile] || !File.Exists(packageFile))
        {
            await Console.Error.WriteLineAsync("Name the package to try, or run 'dotnet build -t:Try' at the root of the repository.");
            return 2;
        }

        if (Directory.Exists(s_folder))
            Directory.Delete(s_folder, recursive: true);
        Directory.CreateDirectory(s_folder);

        var pack = await TemplatePack.InstallAsync(packageFile, s_folder, CancellationToken.None);
        foreach (var kind in GeneratedRepository.Kinds)
            await ShowAsync(pack, kind, CancellationToken.None);

        Console.WriteLine();
        Console.WriteLine($"The three repositories lie in {Path.GetRelativePath(TemplatePack.RepositoryRoot, s_folder)}. Open one and read it: it is yours.");
        return 0;
    }

    private static async Task ShowAsync(TemplatePack pack, string kind, CancellationToken cancellationToken)
    {
        var name = "Try." + char.ToUpperInvariant(kind[0]) + kind[1..];
        Console.WriteLine();
        Console.WriteLine($"dotnet new mistral-secure --kind {kind} -n {name}");
        (await pack.CreateAsync(s_folder, "mistral-secure", name, ["--kind", kind, "--no-restore"], cancellationToken)).EnsureSuccess("dotnet new");

        var repository = new GeneratedRepository(Path.Combine(s_folder, name), name, kind);
        await repository.BuildAsync(cancellationToken);
        var chat = await repository.ChatOfflineAsync("Hello, who answers me?", cancellationToken);
        Console.WriteLine($"  answer  {chat.Answer}");
        Console.WriteLine($"  audit   {chat.AuditLine}");
        Console.WriteLine($"  folder  {Path.GetRelativePath(TemplatePack.RepositoryRoot, repository.Folder)}");
    }
}
