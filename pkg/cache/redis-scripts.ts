/**
 * The three changes of the Redis tier, each one script: atomic, one round trip, one command for a whole batch of keys.
 *
 * They are sent with their text: by hash alone, the first after a restart of Redis would need a second attempt, which a
 * read could overtake. They know the head of an entry (entry.ts: version, kind, thirteen digits of time) and nothing
 * behind it. Whatever else stands in a key, of whatever type, is overwritten.
 */

/** KEYS: entries. ARGV: clock skew, then value and life in ms for each key. What was read or removed later stays. Nearly always there is
 * nothing, and the first SET is all. */
export const storeScript = `
local call = redis.call
for i, key in ipairs(KEYS) do
  local value, life = ARGV[2 * i], ARGV[2 * i + 1]
  if not call('SET', key, value, 'PX', life, 'NX') then
    local head = redis.pcall('GETRANGE', key, 0, 14)
    local keep = false
    if type(head) == 'string' and string.match(head, '^1[RMT]%d+$') then
      local margin = string.sub(head, 2, 2) == 'T' and tonumber(ARGV[1]) or 0
      keep = tonumber(string.sub(value, 3, 15)) <= tonumber(string.sub(head, 3)) + margin
    end
    if not keep then call('SET', key, value, 'PX', life) end
  end
end`;

/** KEYS: entries. ARGV: tombstone, its life in ms. */
export const removeScript = `
for _, key in ipairs(KEYS) do redis.call('SET', key, ARGV[1], 'PX', ARGV[2]) end`;

/** KEYS: the floor. ARGV: wall ms, life in ms. A floor only rises. */
export const raiseFloorScript = `
local floor = redis.pcall('GET', KEYS[1])
if type(floor) ~= 'string' or (tonumber(floor) or 0) < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end`;

/**
 * KEYS: a token bucket. ARGV: tokens per second, tokens it holds, tokens wanted. Returns tokens granted and milliseconds
 * until the next. The bucket is one number: when, in microseconds of Redis' clock, it would have been empty. A clock that
 * went back starts it over, empty.
 */
export const takeTokensScript = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval = 1000000 / tonumber(ARGV[1])
local full = now - tonumber(ARGV[2]) * interval
local stored = redis.pcall('GET', KEYS[1])
local emptyAt = type(stored) == 'string' and string.match(stored, '^%d+$') and tonumber(stored) or full
emptyAt = math.min(math.max(emptyAt, full), now)
local granted = math.min(math.floor((now - emptyAt) / interval + 0.000001), tonumber(ARGV[3]))
emptyAt = emptyAt + granted * interval
redis.call('SET', KEYS[1], string.format('%.0f', emptyAt), 'PX', math.ceil(tonumber(ARGV[2]) * interval / 1000) + 1000)
local wait = granted < tonumber(ARGV[3]) and math.ceil((emptyAt + interval - now) / 1000) or 0
return {granted, math.max(wait, 0)}`;
