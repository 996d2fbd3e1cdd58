using System.Globalization;
using System.Runtime.CompilerServices;

namespace MistralTemplates.Tests;

/// <summary>
/// All tests run where years and negative numbers are written otherwise: what is meant for programs must not follow the user's country. Nor do they
/// follow the user's settings of git.
/// </summary>
internal static class TestEnvironment
{
    [ModuleInitializer]
    internal static void Set()
    {
        // Builds and programs that run for seconds: a profile of what they do costs the compiler's server a third of its time, and pays off later.
        Environment.SetEnvironmentVariable("DOTNET_TieredPGO", "0");
        Environment.SetEnvironmentVariable("GIT_CONFIG_GLOBAL", OperatingSystem.IsWindows() ? "NUL" : "/dev/null");
        Environment.SetEnvironmentVariable("GIT_CONFIG_NOSYSTEM", "1");
        try
        {
            CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("ar-SA");
        }
        catch (CultureNotFoundException)
        {
            // A machine without the data of cultures has only the invariant one.
        }
    }
}
