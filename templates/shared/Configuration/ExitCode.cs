namespace Acme.App.Configuration;

/// <summary>What the process tells its caller when it ends.</summary>
internal enum ExitCode
{
    Success = 0,

    /// <summary>A check that the operator asked for found something.</summary>
    CheckFailed = 1,

    /// <summary>The command line was wrong.</summary>
    Usage = 2,

    /// <summary>The configuration was wrong: <c>EX_CONFIG</c> of BSD's sysexits.h.</summary>
    Configuration = 78,
}
