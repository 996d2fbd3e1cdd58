namespace Acme.App.Jobs;

/// <summary>
/// The steps that happen as a whole or not at all. Each that ends a claim first looks whether it is still pending: of two workers that both
/// believe to have a job, because one was thought dead, only the first one's result counts. Redis takes nothing back when a script fails, so
/// that each writes first and gives the claim up last: a job whose step failed is still pending.
/// </summary>
/// <remarks>
/// KEYS: inbox, delayed, failed, counts, the job's result. ARGV begins with the group, then the worker or the entry. Redis answers nobody while a
/// script runs, and anybody may put in huge jobs: entries are read one at a time, and no more of them once there is no room.
/// </remarks>
internal static class RedisQueueScripts
{
    /// <summary>
    /// Puts what is due into the inbox, as far as Redis has the memory, and claims from there. ARGV: group, worker, how many, how many are put at
    /// the most, the most bytes of a job, and what is read: '>' for what is new, or the entry after which this worker's own claims are read.
    /// Gives for each claim its entry, name, attempts used up and job, and whether the name has a result.
    /// </summary>
    public const string Claim = Read + Now + """
        local due, refused = room, nil
        for _ = 1, tonumber(ARGV[4]) do
          local member = due > 0 and redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, 1)[1]
          if not member then break end
          due = due - #member
          local job = cmsgpack.unpack(member)
          local put = redis.pcall('XADD', KEYS[1], '*', 'id', job[2], 'attempts', job[3], 'job', job[4])
          if type(put) == 'table' and put.err then
            refused = put
            break
          end
          redis.call('ZREM', KEYS[2], member)
        end
        local claims, from = {}, ARGV[6]
        while #claims < tonumber(ARGV[3]) and room > 0 do
          local streams = redis.call('XREADGROUP', 'GROUP', ARGV[1], ARGV[2], 'COUNT', 1, 'STREAMS', KEYS[1], from)
          local entry = streams and streams[1][2][1]
          if not entry then break end
          if from ~= '>' then from = entry[1] end
          if entry[2] then
            local job = read(entry)
            claims[#claims + 1] = {entry[1], job.id, job.attempts, string.sub(job.job, 1, tonumber(ARGV[5])), redis.call('EXISTS', KEYS[5] .. job.id)}
          else
            redis.call('XACK', KEYS[1], ARGV[1], entry[1])
          end
        end
        return #claims == 0 and refused or claims
        """;

    /// <summary>ARGV: group, entry, result, seconds to keep it, failures to keep, the reason if the name is taken.</summary>
    public const string Complete = Find + """
        if redis.call('EXISTS', KEYS[5]) == 0 then
          redis.call('HINCRBY', KEYS[4], 'done', 1)
          redis.call('SET', KEYS[5], ARGV[3], 'EX', ARGV[4])
        else
          redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[5], '*', 'id', job.id, 'failure', ARGV[6], 'job', job.job)
        end

        """ + GiveUp;

    /// <summary>ARGV: group, entry, reason, failures to keep.</summary>
    public const string Fail = Find + """
        redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[4], '*', 'id', job.id, 'failure', ARGV[3], 'job', job.job)

        """ + GiveUp;

    /// <summary>ARGV: group, entry, attempts used up, the delay in milliseconds, or 0 for none.</summary>
    public const string Return = Find + Now + """
        if ARGV[4] == '0' then
          redis.call('XADD', KEYS[1], '*', 'id', job.id, 'attempts', ARGV[3], 'job', job.job)
        else
          redis.call('ZADD', KEYS[2], now + ARGV[4], cmsgpack.pack({ARGV[2], job.id, ARGV[3], job.job}))
        end

        """ + GiveUp;

    /// <summary>
    /// Gives free the claims of workers that have not shown themselves, one attempt used up, and forgets idle workers without any.
    /// ARGV: group, this worker, how long without a sign in milliseconds, how many at the most, how long an idle worker is remembered.
    /// </summary>
    public const string TakeUp = Read + """
        local taken, from = 0, '0-0'
        repeat
          local found = redis.call('XAUTOCLAIM', KEYS[1], ARGV[1], ARGV[2], ARGV[3], from, 'COUNT', 1)
          local entry = found[2][1]
          from = found[1]
          if entry then
            local job = read(entry)
            redis.call('XADD', KEYS[1], '*', 'id', job.id, 'attempts', (tonumber(job.attempts) or 0) + 1, 'job', job.job)
            redis.call('XACK', KEYS[1], ARGV[1], entry[1])
            redis.call('XDEL', KEYS[1], entry[1])
            taken = taken + 1
          end
        until from == '0-0' or taken == tonumber(ARGV[4]) or room <= 0
        for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
          if consumer[4] == 0 and consumer[6] > tonumber(ARGV[5]) then redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], consumer[2]) end
        end
        return taken
        """;

    /// <summary>
    /// The failed jobs, the newest first. ARGV: from where, and how many at the most.
    /// Gives from where to go on, nothing when there are no more, and each one's name and reason.
    /// </summary>
    public const string ListFailed = Read + """
        local from, list = ARGV[1], {}
        while from and #list < tonumber(ARGV[2]) and room > 0 do
          local entry = redis.call('XREVRANGE', KEYS[3], from, '-', 'COUNT', 1)[1]
          from = entry and '(' .. entry[1] or false
          if entry then
            local job = read(entry)
            list[#list + 1] = {job.id, job.failure}
          end
        end
        return {from, list}
        """;

    /// <summary>
    /// Puts a failed job back, the newest of its name. ARGV: its name, from where to look, and how many are looked at.
    /// Gives '' when it was put back, otherwise from where to go on, and nothing at the end.
    /// </summary>
    public const string Retry = PutBack + """
        local from = ARGV[2]
        for _ = 1, tonumber(ARGV[3]) do
          local entry = redis.call('XREVRANGE', KEYS[3], from, '-', 'COUNT', 1)[1]
          if not entry then return false end
          from = '(' .. entry[1]
          local job = read(entry)
          if job.id == ARGV[1] then
            putBack(entry, job)
            return ''
          end
          if room <= 0 then break end
        end
        return from
        """;

    /// <summary>
    /// Puts failed jobs back, the oldest first. ARGV: the last of them, or '' for the last that there is, and how many at the most.
    /// Gives the last of them, and how many were put back.
    /// </summary>
    public const string RetryAll = PutBack + """
        local last, back = ARGV[1], 0
        if last == '' then
          local newest = redis.call('XREVRANGE', KEYS[3], '+', '-', 'COUNT', 1)[1]
          if not newest then return {'', 0} end
          last = newest[1]
        end
        while back < tonumber(ARGV[2]) and room > 0 do
          local entry = redis.call('XRANGE', KEYS[3], '-', last, 'COUNT', 1)[1]
          if not entry then break end
          putBack(entry, read(entry))
          back = back + 1
        end
        return {last, back}
        """;

    private const string Read = """
        local room = 16 * 1024 * 1024
        local function read(entry)
          local job = {id = '', attempts = '0', job = '', failure = ''}
          for i = 1, #entry[2], 2 do
            job[entry[2][i]] = entry[2][i + 1]
            room = room - #entry[2][i] - #entry[2][i + 1]
          end
          if job.id == '' then job.id = entry[1] end
          return job
        end

        """;

    // Its own clock, which all workers share.
    private const string Now = """
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)

        """;

    // What a script writes after its first command is not refused for want of memory, and a job that ends takes less than before: hence the claim anew.
    private const string Find = Read + """
        local pending = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1)[1]
        if not pending then return 0 end
        redis.call('XCLAIM', KEYS[1], ARGV[1], pending[2], 0, ARGV[2], 'JUSTID')
        local function giveUp()
          redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
          redis.call('XDEL', KEYS[1], ARGV[2])
          return 1
        end
        local entry = redis.call('XRANGE', KEYS[1], ARGV[2], ARGV[2])[1]
        if not entry then return giveUp() end
        local job = read(entry)

        """;

    private const string GiveUp = "return giveUp()";

    private const string PutBack = Read + """
        local function putBack(entry, job)
          redis.call('XADD', KEYS[1], '*', 'id', job.id, 'attempts', 0, 'job', job.job)
          redis.call('XDEL', KEYS[3], entry[1])
        end

        """;
}
