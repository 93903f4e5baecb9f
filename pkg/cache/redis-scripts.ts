/**
 * The three changes of the Redis tier, each one script: atomic, one round trip, one command for a whole batch of keys.
 *
 * They are sent with their text: by hash alone, the first after a restart of Redis would need a second attempt, which a
 * read could overtake. They know the head of an entry (entry.ts: version, kind, thirteen digits of time) and nothing
 * behind it. Whatever else stands in a key, of whatever type, is overwritten.
 */

/** KEYS: entries. ARGV: clock skew, then value and life in ms for each key. What was read or removed later stays. */
export const storeScript = `
for i, key in ipairs(KEYS) do
  local value = ARGV[2 * i]
  local head = redis.pcall('GETRANGE', key, 0, 14)
  local keep = false
  if type(head) == 'string' and string.match(head, '^1[RMT]%d+$') then
    local margin = string.sub(head, 2, 2) == 'T' and tonumber(ARGV[1]) or 0
    keep = tonumber(string.sub(value, 3, 15)) <= tonumber(string.sub(head, 3)) + margin
  end
  if not keep then redis.call('SET', key, value, 'PX', ARGV[2 * i + 1]) end
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
