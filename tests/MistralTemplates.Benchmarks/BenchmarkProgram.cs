using System.Globalization;
using BenchmarkDotNet.Running;
using MistralTemplates.Benchmarks.Auditing;
using MistralTemplates.Benchmarks.Creation;
using MistralTemplates.Benchmarks.Guards;
using MistralTemplates.Benchmarks.Keys;

namespace MistralTemplates.Benchmarks;

/// <summary>Runs one of the commands, or hands its arguments to BenchmarkDotNet.</summary>
internal static class BenchmarkProgram
{
    private static Task<int> Main(string[] arguments) => arguments switch
    {
        ["splits", var count, var file] => Task.FromResult(SplitsCommand.Run(int.Parse(count, CultureInfo.InvariantCulture), file)),
