-- Why a refusal could not be written down, if one could not.
local unwritten

-- What each rule says about the present user: what is left and when all is forgotten, now and once the user is charged.
local left_of, reset_of, charged_left, charged_reset, charged_state = {}, {}, {}, {}, {}

-- Writes down that the user was refused by these rules. Answers the rule that blocks him from now on, and for how long.
local function refused(base, numbers)
  local blocking, length = nil, 0
  for number = 1, #rules do
    give_an_end(KEYS[base + rules[number].key], rules[number])
  end
  for at = 1, #numbers do
    local rule = rules[numbers[at]]
    local block = refuse(KEYS[base + rule.key + 1], rule)
    if block > length then
      blocking, length = numbers[at], block
    end
  end
  return blocking, length
end

-- Decides about a user: all rules allow and are charged, or none is.
local function decide(user)
  if exempt ~= '' and exempt:byte(user) == 49 then
    return 1, 0, 0, 0, 0
  end
  local base = (user - 1) * keys_a_user
  local state, who, wait = 1, 0, 0
  local by_limit
  for number = 1, #rules do
    local rule = rules[number]
    local key = KEYS[base + rule.key]
    local left, needs, forgets, then_left, then_reset, then_state = algorithms[rule.algorithm](key, rule)
    left_of[number], reset_of[number] = max(0, left), forgets
    charged_left[number], charged_reset[number], charged_state[number] = then_left, then_reset, then_state
    local mine, my_wait = 1, 0
    local blocked = 0
    if rule.block_after > 0 then
      local _, _, rest = refusals(KEYS[base + rule.key + 1], rule)
      blocked = rest
    end
    if cost > rule.limit then
      mine, my_wait = 0, math.huge
    elseif blocked > 0 then
      mine, my_wait = -1, max(blocked, needs)
      left_of[number], reset_of[number] = 0, max(blocked, forgets)
    elseif needs > 0 then
      mine, my_wait = 0, needs
      if rule.block_after > 0 then
        by_limit = by_limit or {}
        by_limit[#by_limit + 1] = number
      end
    end
    -- Refused: the longest wait decides. Allowed: the rule with the least left.
    if mine == 1 then
      if state == 1 and (who == 0 or left_of[number] < left_of[who]) then
        who = number
      end
    elseif state == 1 or my_wait > wait then
      state, who, wait = mine, number, my_wait
    end
  end
  if state == 1 and what == 'check' and who > 0 then
    for number = 1, #rules do
      store(KEYS[base + rules[number].key], charged_state[number], charged_reset[number])
      if charged_left[number] < charged_left[who] then
        who = number
      end
    end
    return 1, who, max(0, charged_left[who]), 0, charged_reset[who]
  end
  if state < 1 and what == 'check' then
    -- Where nothing can be written down, a refusal is one all the same.
    local written, blocking, length = pcall(refused, base, by_limit or {})
    if not written then
      unwritten = unwritten or blocking
    elseif blocking and length >= wait then
      return -1, blocking, 0, length, max(length, reset_of[blocking])
    end
  end
  return state, who, left_of[who] or 0, wait == math.huge and -1 or wait, reset_of[who] or 0
end
