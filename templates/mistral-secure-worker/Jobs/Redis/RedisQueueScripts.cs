namespace Acme.App.Jobs;

/// <summary>
/// The steps that happen as a whole or not at all. Each that ends a claim begins by acknowledging it: Redis does that once for an entry, so
/// of two workers that both believe to have a job, because one was thought dead, only the first one's result counts.
/// </summary>
/// <remarks>KEYS: inbox, delayed, failed, counts, the job's result. ARGV begins with the group, then the worker or the entry.</remarks>
internal static class RedisQueueScripts
{
    /// <summary>
    /// Puts what is due into the inbox, as far as Redis has the memory, and claims from there. ARGV: group, worker, how many, how many are put at
    /// the most, the most bytes of a job, and what is read: '>' for what is new, '0' for what this worker has claimed before.
    /// Gives for each claim its entry, name, attempts used up and job, and whether the name has a result.
    /// </summary>
    public const string Claim = Read + Now + """
        for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, ARGV[4])) do
          local job = cmsgpack.unpack(member)
          local put = redis.pcall('XADD', KEYS[1], '*', 'id', job[2], 'attempts', job[3], 'job', job[4])
          if type(put) == 'table' and put.err then break end
          redis.call('ZREM', KEYS[2], member)
        end
        local streams = redis.call('XREADGROUP', 'GROUP', ARGV[1], ARGV[2], 'COUNT', ARGV[3], 'STREAMS', KEYS[1], ARGV[6])
        local claims = {}
        for _, entry in ipairs(streams and streams[1][2] or {}) do
          local job = read(entry)
          claims[#claims + 1] = {entry[1], job.id, job.attempts, string.sub(job.job, 1, tonumber(ARGV[5])), redis.call('EXISTS', KEYS[5] .. job.id)}
        end
        return claims
        """;

    /// <summary>ARGV: group, entry, result, seconds to keep it, failures to keep, the reason if the name is taken.</summary>
    public const string Complete = Take + """
        if redis.call('SET', KEYS[5], ARGV[3], 'NX', 'EX', ARGV[4]) then
          redis.call('HINCRBY', KEYS[4], 'done', 1)
        else
          redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[5], '*', 'id', job.id, 'failure', ARGV[6], 'job', job.job)
        end
        return 1
        """;

    /// <summary>ARGV: group, entry, reason, failures to keep.</summary>
    public const string Fail = Take + """
        redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[4], '*', 'id', job.id, 'failure', ARGV[3], 'job', job.job)
        return 1
        """;

    /// <summary>ARGV: group, entry, attempts used up, the delay in milliseconds, or 0 for none.</summary>
    public const string Return = Take + Now + """
        if ARGV[4] == '0' then
          redis.call('XADD', KEYS[1], '*', 'id', job.id, 'attempts', ARGV[3], 'job', job.job)
        else
          redis.call('ZADD', KEYS[2], now + ARGV[4], cmsgpack.pack({ARGV[2], job.id, ARGV[3], job.job}))
        end
        return 1
        """;

    /// <summary>
    /// Gives free the claims of workers that have not shown themselves, one attempt used up, and forgets idle workers without any.
    /// ARGV: group, this worker, how long without a sign in milliseconds, how many at the most, how long an idle worker is remembered.
    /// </summary>
    public const string TakeUp = Read + """
        local taken = 0
        for _, entry in ipairs(redis.call('XAUTOCLAIM', KEYS[1], ARGV[1], ARGV[2], ARGV[3], '0-0', 'COUNT', ARGV[4])[2]) do
          if entry then
            local job = read(entry)
            redis.call('XACK', KEYS[1], ARGV[1], entry[1])
            redis.call('XDEL', KEYS[1], entry[1])
            redis.call('XADD', KEYS[1], '*', 'id', job.id, 'attempts', (tonumber(job.attempts) or 0) + 1, 'job', job.job)
            taken = taken + 1
          end
        end
        for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
          if consumer[4] == 0 and consumer[6] > tonumber(ARGV[5]) then redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], consumer[2]) end
        end
        return taken
        """;

    /// <summary>
    /// Puts a failed job back, the newest of its name. ARGV: its name, from where to look, and how many are looked at.
    /// Gives '' when it was put back, otherwise from where to go on, and nothing at the end.
    /// </summary>
    public const string Retry = Read + """
        local entries = redis.call('XREVRANGE', KEYS[3], ARGV[2], '-', 'COUNT', ARGV[3])
        for _, entry in ipairs(entries) do
          local job = read(entry)
          if job.id == ARGV[1] then
            redis.call('XADD', KEYS[1], '*', 'id', job.id, 'attempts', 0, 'job', job.job)
            redis.call('XDEL', KEYS[3], entry[1])
            return ''
          end
        end
        return #entries > 0 and '(' .. entries[#entries][1]
        """;

    private const string Read = """
        local function read(entry)
          local job = {id = '', attempts = '0', job = ''}
          for i = 1, #entry[2], 2 do job[entry[2][i]] = entry[2][i + 1] end
          if job.id == '' then job.id = entry[1] end
          return job
        end

        """;

    // Its own clock, which all workers share.
    private const string Now = """
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)

        """;

    private const string Take = Read + """
        local entry = redis.call('XRANGE', KEYS[1], ARGV[2], ARGV[2])[1]
        if redis.call('XACK', KEYS[1], ARGV[1], ARGV[2]) == 0 or not entry then return 0 end
        redis.call('XDEL', KEYS[1], ARGV[2])
        local job = read(entry)

        """;
}
