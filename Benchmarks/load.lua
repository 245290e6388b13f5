-- What wrk sends: wrk -s load.lua URL -- KIND KEY FILE TAG PAYLOAD_BYTES THREADS [RATE]
--
--   put      the next version of a backup, going round the accounts of FILE, whose lines are
--            "<path>TAB<credential>TAB<how often it was done before>"
--   misakey  the same at Misakey's door
--   patch    how remotes authenticate, inserted and deleted in turn, with a FILE of that kind
--   meld     the same at m-ld's door
--   create   an account whose name begins with TAG
--   get      the paths of FILE, one after the other
--
-- With RATE, so many requests a second at most, evenly; without, as many as are answered.
--
-- Each thread has accounts of its own, many more than connections, so that the puts to one account never overtake
-- each other: it comes round again only when all others had their turn.

local threads = 0

function setup(thread)
    thread:set("number", threads)
    threads = threads + 1
end

local base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

-- The same text in each request; what is in a backup does not matter, only its length.
local function payload(bytes)
    local characters = {}
    for i = 1, math.floor(bytes / 3) * 4 do
        local at = (i * 37) % 64 + 1
        characters[i] = base64:sub(at, at)
    end
    return table.concat(characters)
end

local function lines(path)
    local own, count = {}, 0
    for line in io.lines(path) do
        if count % workers == number then own[#own + 1] = line end
        count = count + 1
    end
    return own
end

local senders = {}

-- The next request to one account of a file after the other; `body` gets how often there was one, this one included.
local function round(method, path, body)
    local heads, versions, place = {}, {}, 0
    local own = lines(path)
    for i, line in ipairs(own) do
        local target, credential, version = line:match("^(%S+)\t([^\t]+)\t(%d+)$")
        heads[i] = method .. " " .. target .. " HTTP/1.1\r\nHost: bench\r\nAuthorization: " .. credential ..
            "\r\nContent-Type: application/json\r\nContent-Length: "
        versions[i] = tonumber(version)
    end
    local count = #own
    return function()
        place = place % count + 1
        local version = versions[place] + 1
        versions[place] = version
        local text = body(version)
        return heads[place] .. #text .. "\r\n\r\n" .. text
    end
end

function senders.put(_, path, _, bytes)
    local tail = ',"data":"' .. payload(bytes) .. '"}'
    return round("PUT", path, function(version) return '{"version":' .. version .. tail end)
end

function senders.misakey(_, path, _, bytes)
    local head = '{"data":"' .. payload(bytes) .. '","version":'
    return round("PUT", path, function(version) return head .. version .. "}" end)
end

local function alternately(path, inserting, deleting)
    return round("PATCH", path, function(version) return version % 2 == 1 and inserting or deleting end)
end

function senders.patch(_, path)
    return alternately(path, '{"insert":["jwt"]}', '{"delete":["jwt"]}')
end

function senders.meld(_, path)
    return alternately(path, '{"@insert":{"remotesAuth":"jwt"}}', '{"@delete":{"remotesAuth":"jwt"}}')
end

function senders.create(key, _, tag)
    local head = "POST /v1/accounts HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer " .. key ..
        "\r\nContent-Type: application/json\r\nContent-Length: "
    local count = 0
    return function()
        count = count + 1
        local body = '{"name":"' .. tag .. "-" .. number .. "-" .. count .. '"}'
        return head .. #body .. "\r\n\r\n" .. body
    end
end

function senders.get(key, path)
    local requests, place = {}, 0
    workers, number = 1, 0
    for i, line in ipairs(lines(path)) do
        requests[i] = "GET " .. line .. " HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer " .. key .. "\r\n\r\n"
    end
    local count = #requests
    return function()
        place = place % count + 1
        return requests[place]
    end
end

local next_request
local kept

-- wrk asks before each request how many milliseconds to wait, if there is a function of that name. Each thread keeps a
-- timetable; a request that is late does not put off those behind it.
local function keep_to(rate)
    local ffi = require("ffi")
    ffi.cdef("struct moment { long seconds, nanoseconds; }; int clock_gettime(int, struct moment *);")
    local moment = ffi.new("struct moment")
    local function now()
        ffi.C.clock_gettime(1, moment)
        return tonumber(moment.seconds) * 1e3 + tonumber(moment.nanoseconds) / 1e6
    end
    local interval, due = 1e3 / rate, nil
    function delay()
        local moment_now = now()
        due = (due or moment_now) + interval
        return math.max(0, due - moment_now)
    end
end

function init(args)
    workers = tonumber(args[6])
    local workers_running = workers
    next_request = senders[args[1]](args[2], args[3], args[4], tonumber(args[5]))
    local rate = tonumber(args[7] or "")
    if rate then keep_to(rate / workers_running) end
    -- wrk asks the first thread for one request before the start, looks at it, and sends it to nobody: that one is
    -- given out twice, or a version would be left out.
    if number == 0 then kept = { next_request(), 2 } end
end

function request()
    if kept then
        local first = kept[1]
        kept[2] = kept[2] - 1
        if kept[2] == 0 then kept = nil end
        return first
    end
    return next_request()
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '\nRESULT {"requests":%d,"seconds":%.6f,"p50_ms":%.4f,"p99_ms":%.4f,"max_ms":%.4f,"refused":%d,"broken":%d}\n',
        summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
        latency.max / 1e3, errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
