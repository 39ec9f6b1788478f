-- One check of one user or of many, and what of it is counted for the statistics: one atomic step.
--
-- ARGV  what      "check" charges what it allows, "peek" only looks, "reset" forgets; "allowed" and "refused" decide
--                 nothing and only count, where the counters are on another server than the states
--       now       microseconds since the epoch; empty: Redis's own clock
--       cost      what one try costs
--       rules     how many follow, each with: algorithm, limit, window, block_after, block_for (microseconds)
--       exempt    a character a user: "1" for whom no rule holds; empty: for all users the rules hold
--       counters  the database that they are in ("." is this one, "" counts nothing), the prefix of their keys, the
--                 seconds that they are kept, how many of them a day may have, "1" for a login, the service ("": none)
--       names     of the rules
--       users     one name each
-- KEYS  for each user, for each rule: its state and, if it blocks, its refusals
--
-- Answers five numbers for each user: allowed (1), refused (0) or blocked (-1); the number of the rule that decides; what
-- is left; the wait (-1: for ever); the time until all is forgotten (both in microseconds). A text after them all says
-- what could not be written down.

local call = redis.call
local pack, unpack_number, floor, max = struct.pack, struct.unpack, math.floor, math.max

-- The last number that is exact in a double.
local LATEST = 2 ^ 53

local what, cost = ARGV[1], tonumber(ARGV[3])
local now = tonumber(ARGV[2])
if not now then
  local time = call('TIME')
  now = time[1] * 1000000 + time[2]
end

local rules, argument, keys_a_user = {}, 5, 0
for number = 1, tonumber(ARGV[4]) do
  local rule = {
    algorithm = ARGV[argument],
    limit = tonumber(ARGV[argument + 1]),
    window = tonumber(ARGV[argument + 2]),
    block_after = tonumber(ARGV[argument + 3]),
    block_for = tonumber(ARGV[argument + 4]),
    key = keys_a_user + 1,
  }
  keys_a_user = keys_a_user + (rule.block_after > 0 and 2 or 1)
  rules[number] = rule
  argument = argument + 5
end

local exempt = ARGV[argument]
local counters = {
  database = ARGV[argument + 1],
  prefix = ARGV[argument + 2],
  lifetime = ARGV[argument + 3],
  most = tonumber(ARGV[argument + 4]),
  login = ARGV[argument + 5] == '1',
  service = ARGV[argument + 6],
}
-- The places before the first name of a rule, and before the first one of a user.
local names = argument + 6
local users = names + #rules + (what == 'refused' and 1 or 0)
