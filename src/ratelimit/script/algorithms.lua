-- Lifetimes as Redis takes them, for those that come again and again.
local milliseconds = {}

-- A key lives as long as its state matters: whole milliseconds, at least one.
local function store(key, state, lifetime)
  local text = milliseconds[lifetime]
  if not text then
    text = string.format('%.0f', max(1, math.ceil(lifetime / 1000)))
    milliseconds[lifetime] = text
  end
  call('SET', key, state, 'PX', text)
end

-- The state of a key. What is of another type was put there by somebody else: charging replaces it.
local function state_of(key)
  local state = redis.pcall('GET', key)
  if type(state) == 'table' and state.err and not state.err:find('WRONGTYPE', 1, true) then
    error(state)
  end
  return type(state) == 'string' and state or ''
end

-- A state that somebody restored or made to last would stay for ever if its user never came back.
local function give_an_end(key, rule)
  if call('PTTL', key) == -1 then
    call('PEXPIRE', key, math.ceil(2 * rule.window / 1000))
  end
end

-- Each algorithm looks at its state and says: what is left, the wait for `cost` (0: none), when all is forgotten; and, if
-- there is no wait, what is left and when all is forgotten once `cost` is charged, and the state to store then. A clock
-- that stepped back is taken to stand still until it is where it was.
local algorithms = {}

-- State: the moments of all that was allowed, oldest first, 7 bytes each.
local packed_now = pack('>I7', now)

algorithms['sliding-log'] = function(key, rule)
  local log, limit, window = state_of(key), rule.limit, rule.window
  local length = #log
  local newest = length > 0 and length % 7 == 0 and unpack_number('>I7', log, length - 6) or LATEST
  if newest >= LATEST then
    -- There is none, or what another algorithm left under this name.
    return limit, 0, 0, limit - cost, window, cost == 1 and packed_now or packed_now:rep(cost)
  end
  local now, packed, first = now, packed_now, 1
  if newest > now then
    now, packed = newest, pack('>I7', newest)
  end
  while first <= length and unpack_number('>I7', log, first) + window <= now do
    first = first + 7
  end
  local kept = (length - first + 1) / 7
  local left = limit - kept
  if left >= cost then
    local rest = first > 1 and log:sub(first) or log
    local reset = kept > 0 and newest + window - now or 0
    return left, 0, reset, left - cost, window, rest .. (cost == 1 and packed or packed:rep(cost))
  end
  local reset = kept > 0 and newest + window - now or 0
  local missing = cost - left
  local wait = missing <= kept and unpack_number('>I7', log, first + 7 * (missing - 1)) + window - now or 0
  return left, wait, reset
end

-- State: the beginning of the window, and what was allowed in it.
algorithms['fixed-window'] = function(key, rule)
  local start, used = state_of(key):match('^(%d+) (%d+)$')
  start, used = tonumber(start), tonumber(used)
  if not start or now - start >= rule.window then
    start, used = now, 0
  end
  local left, rest = rule.limit - used, start + rule.window - max(now, start)
  local reset = used > 0 and rest or 0
  if left < cost then
    return left, reset, reset
  end
  return left, 0, reset, left - cost, rest, string.format('%.0f %.0f', start, used + cost)
end

-- State: the beginning of a window of those that follow one another since the epoch, what was allowed in the window
-- before it, and in it.
algorithms['sliding-window'] = function(key, rule)
  local window, limit = rule.window, rule.limit
  local start, before, used = state_of(key):match('^(%d+) (%d+) (%d+)$')
  start, before, used = tonumber(start), tonumber(before), tonumber(used)
  local current = floor(now / window) * window
  if not start or start < current - window then
    start, before, used = current, 0, 0
  elseif start < current then
    start, before, used = current, used, 0
  elseif start > current and start <= now then
    -- The window was shorter when this was written.
    start, before = current, 0
  end
  local elapsed = max(0, now - start)
  local function weight(used)
    return before * (window - elapsed) / window + used
  end
  local function reset(used)
    return used > 0 and 2 * window - elapsed or before > 0 and window - elapsed or 0
  end
  local left = floor(limit - weight(used))
  if weight(used) + cost <= limit then
    used = used + cost
    local state = string.format('%.0f %.0f %.0f', start, before, used)
    return left, 0, reset(used - cost), floor(limit - weight(used)), reset(used), state
  end
  -- The part of a window after which `before` no longer counts too much.
  local function enough(before, used)
    if before <= 0 or used + cost > limit then
      return nil
    end
    return math.ceil(window - (limit - used - cost) * window / before)
  end
  local moment = enough(before, used)
  local wait = moment and max(1, moment - elapsed) or window - elapsed + max(0, enough(used, 0) or 0)
  return left, wait, reset(used)
end

-- State: a moment, and what was allowed since then, less than the limit as soon as that can be. What is allowed wears
-- off one by one, in a limit-th part of the window each: the theoretical arrival time, kept as a fraction that is exact.
algorithms['gcra'] = function(key, rule)
  local window, limit = rule.window, rule.limit
  local start, count = state_of(key):match('^(%d+) (%d+)$')
  start, count = tonumber(start), tonumber(count)
  -- What is charged now: microseconds, and a rest of which there are `limit` in one. The parts of the product stay small
  -- enough to be exact.
  local whole_part, part = floor(window / limit), window % limit
  local function charged(count)
    local parts = count * part
    return count * whole_part + floor(parts / limit) - (now - start), parts % limit
  end
  local function exceeds(count, bound)
    local time, rest = charged(count)
    return time > bound or time == bound and rest > 0
  end
  if not start or not exceeds(count, 0) then
    start, count = now, 0
  elseif exceeds(count, window) then
    -- The clock stepped back.
    start, count = now, limit
  end
  local function left(count)
    local room = max(0, floor((window - charged(count)) / window * limit))
    while exceeds(count + room, window) and room > 0 do
      room = room - 1
    end
    while not exceeds(count + room + 1, window) do
      room = room + 1
    end
    return room
  end
  local function rounded_up(count)
    local time, rest = charged(count)
    return max(0, time + (rest > 0 and 1 or 0))
  end
  local used = count + cost
  if exceeds(used, window) then
    return left(count), rounded_up(used) - window, rounded_up(count)
  end
  local whole = floor(used / limit)
  local state = string.format('%.0f %.0f', start + whole * window, used - whole * limit)
  return left(count), 0, rounded_up(count), left(used), rounded_up(used), state
end

-- State of refusals: when the first one came, how many there are, and the end of the block.
local function refusals(key, rule)
  local first, count, block_end = state_of(key):match('^(%d+) (%d+) (%d+)$')
  first, count, block_end = tonumber(first), tonumber(count), tonumber(block_end)
  if not first or (block_end > 0 and block_end <= now) or (block_end == 0 and now - first >= rule.window) then
    return now, 0, 0
  end
  return first, count, math.min(max(0, block_end - now), rule.block_for)
end

-- Counts one more refusal; says for how long the user is blocked by it (0: not yet).
local function refuse(key, rule)
  local first, count = refusals(key, rule)
  count = count + 1
  if count < rule.block_after then
    store(key, string.format('%.0f %.0f 0', first, count), max(1, first + rule.window - now))
    return 0
  end
  store(key, string.format('%.0f %.0f %.0f', first, count, now + rule.block_for), rule.block_for)
  return rule.block_for
end
