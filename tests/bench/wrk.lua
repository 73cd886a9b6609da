-- For wrk: GET requests of many readers in turn, and the figures as one line:
--   wrk -s wrk.lua URL -- FILE    a token a line
-- requests/s, p50, p95, p99 in us, answers that were not 200 or did not come, requests.
local requests, at = {}, 0

function init(args)
    for token in io.lines(args[1]) do
        requests[#requests + 1] = wrk.format(nil, nil, { Cookie = "kith=" .. token })
    end
end

function request()
    at = at % #requests + 1
    return requests[at]
end

function done(summary, latency)
    local e = summary.errors
    io.write(string.format("figures %.1f %d %d %d %d %d\n",
        summary.requests / summary.duration * 1e6, latency:percentile(50),
        latency:percentile(95), latency:percentile(99),
        e.connect + e.read + e.write + e.status + e.timeout,
        summary.requests))
end
