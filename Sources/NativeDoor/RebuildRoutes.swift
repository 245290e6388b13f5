import AccountDomain
import Accounts
import DoorKit
import StrictJSON

extension NativeDoor {
    func registerRebuilds(on routes: inout Routes) {
        routes.post("/v1/projections/{name}/rebuild", requestRebuild)
        routes.post("/v1/projections/{name}/parked/{stream}/retry", retryParked)
        routes.get("/v1/rebuilds/{id}", readRebuild)
        routes.delete("/v1/rebuilds/{id}", cancelRebuild)
    }

    private func requestRebuild(_ request: DoorRequest) async throws -> DoorResponse {
        try await rootCommand(request) { _ in
            var wanted = RebuildRequest(name: try request.parameter("name"))
            let (moment, jobs, memory) = try request.readIfAny { reader in
                (
                    reader.moment("at").value, reader.optionalInteger("jobs", in: 1...256),
                    reader.optionalInteger("memory_mb", in: 1...1_048_576)
                )
            }
            wanted.moment = moment
            wanted.jobs = jobs.map { Int($0) }
            wanted.memoryBytes = memory.map { Int($0) << 20 }
            switch try await control.requestRebuild(wanted) {
            case .requested(let id): return try await rebuildAnswer(id, status: 202)
            case .running(let id):
                return Problem(
                    .conflict, "A rebuild of this projection is asked for or under way already.",
                    headers: [.location("/v1/rebuilds/\(id)")]
                ).response()
            }
        }
    }

    private func rebuildAnswer(_ id: RebuildID, status: Int) async throws -> DoorResponse {
        var json = JSONWriter()
        try await control.rebuild(id).write(to: &json)
        return .json(json.bytes, status: status, headers: status == 202 ? [.location("/v1/rebuilds/\(id)")] : [])
    }

    private func readRebuild(_ request: DoorRequest) async throws -> DoorResponse {
        try await read(request) { caller in
            try AccessPolicy.requireRoot(caller)
            return try await rebuildAnswer(try request.stream(), status: 200)
        }
    }

    private func cancelRebuild(_ request: DoorRequest) async throws -> DoorResponse {
        try await rootCommand(request) { _ in
            try await control.cancelRebuild(try request.stream())
            return .empty()
        }
    }

    private func retryParked(_ request: DoorRequest) async throws -> DoorResponse {
        try await rootCommand(request) { _ in
            let stream = try request.stream("stream")
            let parked = try await control.retryParked(stream, of: try request.parameter("name"))
            var json = JSONWriter()
            json.beginObject()
            json.member("stream", stream)
            json.key("parked")
            if let parked { parked.write(to: &json) } else { json.null() }
            json.endObject()
            return .json(json.bytes)
        }
    }
}

extension ObjectReader {
    /// A moment of the log: a position as a number, or a time.
    fileprivate mutating func moment(_ name: String) -> Member<LogMoment> {
        member(name, expected: "a position or an RFC 3339 time") { json in
            switch json {
            case .integer(let position) where position >= 0: .position(position)
            case .string(let text): Moment(rfc3339: text).map { .time($0) }
            default: nil
            }
        }
    }
}

extension RebuildStatus {
    /// Writes how far a rebuild is.
    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("id", id)
        json.member("projection", name)
        json.member("version", version)
        json.member("state", state)
        json.member("done", Int(done))
        json.member("total", total.map { Int($0) })
        json.member("rate", rate.map { Int(max(0, min($0, 1e12)).rounded()) })
        json.member("eta_seconds", remainingSeconds.map { Int(max(0, min($0, 1e12)).rounded(.up)) })
        json.member("position", position.map { Int($0) })
        json.member("error", error)
        json.member("requested_at", requestedAt)
        json.member("finished_at", finishedAt)
        json.endObject()
    }
}
