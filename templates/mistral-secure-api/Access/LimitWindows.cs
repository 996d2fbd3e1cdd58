namespace Acme.App.Access;

/// <summary>When limits begin anew: with the clock's minute, day and month, in UTC, so that all replicas agree.</summary>
internal static class LimitWindows
{
    public static DateTimeOffset NextMinute(DateTimeOffset now) => Utc(now.UtcDateTime.AddTicks(-(now.UtcTicks % TimeSpan.TicksPerMinute)).AddMinutes(1));

    public static DateTimeOffset NextDay(DateTimeOffset now) => Utc(now.UtcDateTime.Date.AddDays(1));

    public static DateTimeOffset NextMonth(DateTimeOffset now) => Utc(new DateTime(now.UtcDateTime.Year, now.UtcDateTime.Month, 1).AddMonths(1));

    private static DateTimeOffset Utc(DateTime time) => new(time.Ticks, TimeSpan.Zero);
}
