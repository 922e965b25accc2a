-- Budgets that all edges draw from: GCRA over several buckets at once, all or nothing, on this server's clock.
-- The arithmetic is that of gcra.py beside it, operation by operation; a test holds both together.
--
-- KEYS     a bucket each; its value is the moment (unix seconds) at which it owes nothing any more
-- ARGV     1 takes a unit of each, -1 gives one back; then quota and window (seconds) of each
-- returns  1 done, 0 not granted; the moment now; the moment at which each bucket owes nothing

local EXACT = 1e-6 -- seconds: floats must not refuse what arithmetic grants

local function exactly(number)
  return string.format('%.17g', number)
end

local function within(window, debt)
  return math.min(math.max(0, debt), window)
end

local function remembered(key)
  local value = redis.pcall('GET', key) -- what is no text of ours is overwritten
  return type(value) == 'string' and tonumber(value) or 0
end

local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1e6
local units = tonumber(ARGV[1])
local buckets, done = {}, 1

for i, key in ipairs(KEYS) do
  local window = tonumber(ARGV[2 * i + 1])
  local unit = window / tonumber(ARGV[2 * i])
  local owed = remembered(key) - now
  local debt = within(window, owed)
  if units > 0 and debt + unit - window > EXACT then
    done = 0
  end
  buckets[i] = { window = window, unit = unit, debt = debt, impossible = owed > window }
end

local answer = { done, exactly(now) }
for i, key in ipairs(KEYS) do
  local bucket = buckets[i]
  local debt = bucket.debt
  if done == 1 then
    debt = within(bucket.window, debt + units * bucket.unit)
  end
  local settled = now + debt
  if debt == 0 then
    redis.call('DEL', key)
  elseif done == 1 or bucket.impossible then -- more debt than fits: the clock was set back; count on from here
    redis.call('SET', key, exactly(settled), 'PX', math.ceil(debt * 1000))
  end
  answer[i + 2] = exactly(settled)
end
return answer
