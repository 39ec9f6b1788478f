-- A key lives as long as its state matters: whole milliseconds, at least one.
local function store(key, state, lifetime)
  call('SET', key, state, 'PX', max(1, math.ceil(lifetime / 1000)))
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

-- Each algorithm looks at its state and says: what is left, the wait for `cost` (0: none), when all is forgotten, and
-- how to charge it, which says what is left then, and when all is forgotten then. A clock that stepped back is taken
-- to stand still until it is where it was.
local algorithms = {}

-- State: the moments of all that was allowed, oldest first, 7 bytes each.
algorithms['sliding-log'] = function(key, rule)
  local log = state_of(key)
  local now, first, last = now, 1, #log - 6
  -- What another algorithm left under this name is no log.
  if #log % 7 > 0 or last > 0 and unpack_number('>I7', log, last) > LATEST then
    log, last = '', -6
  end
  if last > 0 then
    now = max(now, (unpack_number('>I7', log, last)))
    while first <= last and unpack_number('>I7', log, first) + rule.window <= now do
      first = first + 7
    end
  end
  local kept = (last - first) / 7 + 1
  local wait, reset = 0, 0
  if kept > 0 then
    reset = unpack_number('>I7', log, last) + rule.window - now
    local missing = kept + cost - rule.limit
    if missing > 0 and missing <= kept then
      wait = unpack_number('>I7', log, first + 7 * (missing - 1)) + rule.window - now
    end
  end
  return rule.limit - kept, wait, reset, function()
    local rest = first > 1 and log:sub(first) or log
    store(key, rest .. pack('>I7', now):rep(cost), rule.window)
    return rule.limit - kept - cost, rule.window
  end
end

-- State: the beginning of the window, and what was allowed in it.
algorithms['fixed-window'] = function(key, rule)
  local start, used = state_of(key):match('^(%d+) (%d+)$')
  start, used = tonumber(start), tonumber(used)
  if not start or now - start >= rule.window then
    start, used = now, 0
  end
  local reset = used > 0 and start + rule.window - max(now, start) or 0
  local wait = used + cost > rule.limit and reset or 0
  return rule.limit - used, wait, reset, function()
    local rest = start + rule.window - max(now, start)
    store(key, string.format('%.0f %.0f', start, used + cost), rest)
    return rule.limit - used - cost, rest
  end
end

-- State: the beginning of a window of those that follow one another since the epoch, what was allowed in the window
-- before it, and in it.
algorithms['sliding-window'] = function(key, rule)
  local window = rule.window
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
  local function weight(elapsed, before, used)
    return before * (window - elapsed) / window + used
  end
  -- The part of a window after which `before` no longer counts too much.
  local function enough(before, used)
    if before <= 0 or used + cost > rule.limit then
      return nil
    end
    return math.ceil(window - (rule.limit - used - cost) * window / before)
  end
  local wait = 0
  if weight(elapsed, before, used) + cost > rule.limit then
    local moment = enough(before, used)
    wait = moment and max(1, moment - elapsed) or window - elapsed + max(0, enough(used, 0) or 0)
  end
  local function reset(before, used)
    return used > 0 and 2 * window - elapsed or before > 0 and window - elapsed or 0
  end
  return floor(rule.limit - weight(elapsed, before, used)), wait, reset(before, used), function()
    used = used + cost
    local rest = reset(before, used)
    store(key, string.format('%.0f %.0f %.0f', start, before, used), rest)
    return floor(rule.limit - weight(elapsed, before, used)), rest
  end
end

-- State: the theoretical arrival time, at which all is forgotten. Whole microseconds: nothing is rounded in favour.
algorithms['gcra'] = function(key, rule)
  local interval = math.ceil(rule.window / rule.limit)
  local capacity = interval * rule.limit
  local arrival = tonumber(state_of(key)) or now
  arrival = math.min(max(arrival, now), now + capacity)
  local function left(arrival)
    return floor((capacity - (arrival - now)) / interval)
  end
  local charged = arrival + interval * cost
  return left(arrival), max(0, charged - now - capacity), arrival - now, function()
    store(key, string.format('%.0f', charged), charged - now)
    return left(charged), charged - now
  end
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
