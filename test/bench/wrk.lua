-- Sends the requests of a file, one after the other, each once, or over and over where the second argument is "repeat". A request stands there as its length, a newline and its bytes.
-- The last line of the output is one line of JSON: what the bench reads.

local file, repeats, ran_out

function init(args)
  file = assert(io.open(args[1], "rb"))
  repeats = args[2] == "repeat"
  ran_out = false
end

function request()
  local length = file:read("*l")
  if length == nil and repeats then
    file:seek("set")
    length = file:read("*l")
  end
  if length == nil then
    ran_out = true
    wrk.thread:stop()
    return "GET /exhausted HTTP/1.1\r\nHost: bench\r\n\r\n"
  end
  return file:read(tonumber(length))
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"durationUs":%d,"p50Us":%d,"p99Us":%d,"notOk":%d,"broken":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
