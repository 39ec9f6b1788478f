local answers = {}
if what == 'reset' then
  for _, key in ipairs(KEYS) do
    call('DEL', key)
  end
end
for user = 1, #ARGV - users do
  local state, who, left, wait, reset = decide(user)
  if state < 1 then
    refused_by[user] = who
  elseif what == 'refused' then
    refused_by[user] = 1
  end
  local at = 5 * (user - 1)
  answers[at + 1], answers[at + 2], answers[at + 3] = state, who, left
  answers[at + 4], answers[at + 5] = wait, reset
end
if counters.database ~= '' and what ~= 'peek' and what ~= 'reset' then
  local _, problem = pcall(count)
  unwritten = unwritten or problem
end
if unwritten then
  answers[#answers + 1] = type(unwritten) == 'table' and unwritten.err or tostring(unwritten)
end
return answers
