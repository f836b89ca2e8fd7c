-- wrk … -- REQUESTS EXPECTED ACKNOWLEDGED: sends the requests of a file in rotation.
-- Every answer must have data that is in EXPECTED, or else an id, which is written to ACKNOWLEDGED; "-" is no file.
wrk.headers["Content-Type"] = "application/json"

wrong = 0
local requests, number = {}, 0
local expected, acknowledged

function init(args)
  for line in io.lines(args[1]) do
    local method, path, body = line:match("^(%S+) (%S+) ?(.*)$")
    requests[#requests + 1] = wrk.format(method, path, nil, body ~= "" and body or nil)
  end
  if args[2] ~= "-" then
    expected = {}
    for line in io.lines(args[2]) do expected[line] = true end
  end
  if args[3] ~= "-" then acknowledged = io.open(args[3], "w") end
end

function request()
  number = number % #requests + 1
  return requests[number]
end

local function data_of(body)
  return body:match('^{"data":(.*),"extensions":{') or body:match('^{"data":(.*)}$') or body
end

local function right(body)
  if expected then return expected[data_of(body)] end
  if not acknowledged then return true end
  local id = body:match('"id":"([^"]+)"')
  if id then acknowledged:write(id, "\n") end
  return id and not body:find('"errors"', 1, true)
end

function response(status, _, body)
  if status ~= 200 or not right(body) then
    wrong = wrong + 1
    if wrong == 1 then io.stderr:write("The first wrong answer: ", body:sub(1, 500), "\n") end
  end
end

local threads = {}
function setup(thread) table.insert(threads, thread) end

function done(summary, latency)
  local failures, errors = 0, summary.errors
  for _, thread in ipairs(threads) do failures = failures + thread:get("wrong") end
  failures = failures + errors.connect + errors.read + errors.write + errors.timeout
  print(string.format("requests=%d seconds=%f wrong=%d p50=%f p99=%f", summary.requests, summary.duration / 1e6,
    failures, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
