namespace Acme.App.Access;

/// <summary>When limits begin anew: with the clock's minute, day and month, in UTC, so that all replicas agree.</summary>
internal static class LimitWindows
{
    public static DateTimeOffset NextMinute(DateTimeOffset now) => now.UtcDateTime.AddTicks(-(now.UtcTicks % TimeSpan.TicksPerMinute)).AddMinutes(1);

    public static DateTimeOffset NextDay(DateTimeOffset now) => now.UtcDateTime.Date.AddDays(1);

    public static DateTimeOffset NextMonth(DateTimeOffset now) => NextDay(now.AddDays(DateTime.DaysInMonth(now.UtcDateTime.Year, now.UtcDateTime.Month) - now.UtcDateTime.Day));
}
