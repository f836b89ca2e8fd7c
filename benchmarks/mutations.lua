-- One deposit a request, in rotation over fifty accounts; every answer must be an accepted one.
local number, wrong = 0, 0
local template = '{"query":"mutation($id: ID!) { depositMoney(input: {accountId: $id, '
  .. 'amount: {amount: \\"1.00\\", currency: \\"EUR\\"}}) { __typename ... on Receipt { position } } }",'
  .. '"variables":{"id":"Account:b%d"}}'

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"

request = function()
  number = number + 1
  return wrk.format(nil, nil, nil, string.format(template, number % 50))
end

response = function(status, _, body)
  if status ~= 200 or not body:find("DepositMoneyAccepted", 1, true) then
    wrong = wrong + 1
    wrk.thread:set("wrong", wrong)
  end
end

local threads = {}
setup = function(thread) table.insert(threads, thread) end

done = function(summary, latency)
  local failures = 0
  for _, thread in ipairs(threads) do failures = failures + (thread:get("wrong") or 0) end
  print(string.format("requests=%d seconds=%f wrong=%d p50=%f p99=%f",
    summary.requests, summary.duration / 1e6, failures,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
