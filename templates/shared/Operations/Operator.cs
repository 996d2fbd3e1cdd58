namespace Acme.App.Operations;

internal static class Operator
{
    public static Task<int?> RunAsync(string[] arguments) => Task.FromResult<int?>(null);
}
