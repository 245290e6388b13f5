-- What wrk sends: wrk -s load.lua URL -- KIND KEY FILE TAG PAYLOAD_BYTES THREADS
--
--   put     the next version of a backup, going round the accounts of FILE ("<id> <current version>" a line)
--   create  an account whose name begins with TAG
--   get     the paths of FILE, one after the other
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

function senders.put(key, path, _, bytes)
    local heads, versions, place = {}, {}, 0
    local own = lines(path)
    for i, line in ipairs(own) do
        local id, version = line:match("^(%S+) (%d+)$")
        heads[i] = "PUT /v1/accounts/" .. id .. "/backup HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer " .. key ..
            "\r\nContent-Type: application/json\r\nContent-Length: "
        versions[i] = tonumber(version)
    end
    local tail = ',"data":"' .. payload(bytes) .. '"}'
    local count = #own
    return function()
        place = place % count + 1
        local version = versions[place] + 1
        versions[place] = version
        local body = '{"version":' .. version .. tail
        return heads[place] .. #body .. "\r\n\r\n" .. body
    end
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

function init(args)
    workers = tonumber(args[6])
    next_request = senders[args[1]](args[2], args[3], args[4], tonumber(args[5]))
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
