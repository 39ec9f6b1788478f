-- By the number of a user: the number of the rule that refused.
local refused_by = {}

-- The day of `now` in UTC, as 2026-11-22 (days since the epoch to a date of the Gregorian calendar, whose cycle of 400
-- years is taken to begin on a first of March).
local function today()
  local days = floor(now / 86400000000) + 719468
  local cycle = floor(days / 146097)
  local day = days - cycle * 146097
  local year = floor((day - floor(day / 1460) + floor(day / 36524) - floor(day / 146096)) / 365)
  day = day - (365 * year + floor(year / 4) - floor(year / 100))
  local month = floor((5 * day + 2) / 153)
  local date = day - floor((153 * month + 2) / 5) + 1
  month = month < 10 and month + 3 or month - 9
  return string.format('%04d-%02d-%02d', cycle * 400 + year + (month <= 2 and 1 or 0), month, date)
end

-- Adds to the counters of a day. Those that find no room any more are counted together, in the field "".
local function add(kind, fields)
  if #fields == 0 then
    return
  end
  local key = counters.prefix .. kind .. ':' .. today()
  local known = call('HLEN', key)
  local before = known
  for number = 1, #fields do
    local field = fields[number]
    if call('HINCRBY', key, field, '1') == 1 then
      known = known + 1
      if known > counters.most then
        call('HDEL', key, field)
        call('HINCRBY', key, '', '1')
      end
    end
  end
  if known > before then
    call('EXPIRE', key, counters.lifetime)
  end
end

local RECENT = 100

local function remember_recent(logins)
  if #logins == 0 then
    return
  end
  local key = counters.prefix .. 'recent'
  local members, moment = {}, string.format('%.0f', now)
  for number = max(1, #logins - RECENT + 1), #logins do
    members[#members + 1] = moment
    members[#members + 1] = logins[number]
  end
  if call('ZADD', key, unpack(members)) > 0 then
    call('ZREMRANGEBYRANK', key, 0, -RECENT - 1)
  end
  call('EXPIRE', key, counters.lifetime)
end

local function count()
  if counters.database ~= '.' then
    call('SELECT', counters.database)
  end
  local login, service = counters.login, counters.service .. ' '
  local logins, calls, refusals = {}, {}, {}
  local allowed = 0
  for number = 1, #ARGV - users do
    local user = ARGV[users + number]
    local rule = refused_by[number]
    if rule then
      refusals[#refusals + 1] = ARGV[names + rule] .. ' ' .. user
    else
      allowed = allowed + 1
      if login then
        logins[allowed] = user
      end
      if service ~= ' ' then
        calls[allowed] = service .. user
      end
    end
  end
  remember_recent(logins)
  add('logins', logins)
  add('calls', calls)
  add('refused', refusals)
end
