namespace Acme.App.Access;

/// <summary>When limits begin anew: with the clock's minute, day and month, in UTC, so that all replicas agree.</summary>
internal static class LimitWindows
{
    public static DateTimeOffset NextMinute(DateTimeOffset now) => now.UtcDateTime.AddTicks(-(now.UtcTicks % TimeSpan.TicksPerMinute)).AddMinutes(1);

    public static DateTimeOffset NextDay(DateTimeOffset now) => now.UtcDateTime.Date.AddDays(1);

    public static DateTimeOffset NextMonth(DateTimeOffset now) =>
        new DateTimeOffset(now.UtcDateTime.Year, now.UtcDateTime.Month, 1, 0, 0, 0, TimeSpan.Zero).AddMonths(1);
}
