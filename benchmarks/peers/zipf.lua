-- Asks for OBJECTS objects, the n-th of them 1/n^ALPHA times as often as the first (Zipf). Which
-- of them is the n-th is stirred, so that those that are asked for often do not lie together.
local objects = tonumber(os.getenv("OBJECTS"))
local alpha = tonumber(os.getenv("ALPHA"))
local sums, requests = {}, {}

function init()
  math.randomseed(4711)
  local sum = 0
  for n = 1, objects do
    sum = sum + n ^ -alpha
    sums[n] = sum
    requests[n] = wrk.format(nil, "/many/" .. (n * 7919) % objects)
  end
end

function request()
  local wanted = math.random() * sums[objects]
  local low, high = 1, objects
  while low < high do
    local middle = math.floor((low + high) / 2)
    if sums[middle] < wanted then low = middle + 1 else high = middle end
  end
  return requests[low]
end
