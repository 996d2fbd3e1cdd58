namespace MistralTemplates.Benchmarks.Keys;

/// <summary><c>rotate</c>: 100 rotations under way of 8 callers, with the old key good for a while and without.</summary>
internal static class RotateCommand
{
    private const int Rotations = 100;

    public static async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var failed = 0L;
        foreach (var overlap in new[] { true, false })
        {
            await using var run = new RotationRun();
            var figures = await run.RunAsync(Rotations, overlap, cancellationToken);
            Console.WriteLine($"{(overlap ? "with overlap   " : "without overlap")}  {figures.Rotations} rotations, {figures.Requests} requests, {figures.Failed} failed, {figures.Refused} answered 401 and tried once more, {figures.Time.TotalSeconds:F1} s");
            failed += figures.Failed;
        }

        return failed == 0 ? 0 : 1;
    }
}
