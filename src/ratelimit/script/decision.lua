-- Decides about a user: all rules allow and are charged, or none is.
local function decide(user)
  if is_exempt(user) then
    return 1, 0, 0, 0, 0
  end
  local base = (user - 1) * keys_a_user
  local state, who, left, wait, reset = 1, 0, 0, 0, 0
  local charges, refused = {}, {}
  for number, rule in ipairs(rules) do
    local key, block_key = KEYS[base + rule.key], KEYS[base + rule.key + 1]
    local blocked = 0
    if rule.block_after > 0 then
      local _, _, rest = refusals(block_key, rule)
      blocked = rest
    end
    local has, needs, forgets, charge = algorithms[rule.algorithm](key, rule)
    has = max(0, has)
    local mine, my_wait = 1, 0
    if cost > rule.limit then
      mine, my_wait = 0, math.huge
    elseif blocked > 0 then
      mine, my_wait, has, forgets = -1, max(blocked, needs), 0, max(blocked, forgets)
    elseif needs > 0 then
      mine, my_wait = 0, needs
      if rule.block_after > 0 then
        refused[#refused + 1] = number
      end
    end
    charges[number] = charge
    -- Refused: the longest wait decides. Allowed: the rule with the least left.
    local decides
    if mine == 1 then
      decides = state == 1 and (who == 0 or has < left)
    else
      decides = state == 1 or my_wait > wait
    end
    if decides then
      state, who, left, wait, reset = mine, number, has, my_wait, forgets
    end
  end
  if what == 'check' then
    if state == 1 then
      for number, charge in ipairs(charges) do
        local has, forgets = charge()
        if number == 1 or has < left then
          who, left, reset = number, max(0, has), forgets
        end
      end
    else
      for _, rule in ipairs(rules) do
        give_an_end(KEYS[base + rule.key], rule)
      end
      for _, number in ipairs(refused) do
        local rule = rules[number]
        local block = refuse(KEYS[base + rule.key + 1], rule)
        if block > 0 and block >= wait then
          state, who, left, wait, reset = -1, number, 0, block, max(block, reset)
        end
      end
    end
  end
  return state, who, left, wait == math.huge and -1 or wait, reset
end
