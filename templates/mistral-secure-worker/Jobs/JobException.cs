namespace Acme.App.Jobs;

/// <summary>The job file itself is at fault. The message goes to the reason file and quotes nothing of the job.</summary>
internal sealed class JobException(string code, string message) : Exception(message)
{
    public string Code { get; } = code;
}
