using System.Globalization;
using System.Runtime.CompilerServices;

namespace MistralTemplates.Tests;

/// <summary>
/// All tests run where years and negative numbers are written otherwise: what is meant for programs must not follow the user's country. Nor do they
/// follow the user's settings of git.
/// </summary>
internal static class ForeignCulture
{
    [ModuleInitializer]
    internal static void Set()
    {
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
