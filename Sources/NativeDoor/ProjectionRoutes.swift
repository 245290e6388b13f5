import Accounts
import DoorKit
import StrictJSON

extension NativeDoor {
    func registerProjections(on routes: inout Routes) {
        routes.get("/v1/projections", listProjections)
        routes.get("/v1/projections/{name}", readProjection)
    }

    private func listProjections(_ request: DoorRequest) async throws -> DoorResponse {
        try await read(request, query: Paging.parameters) { caller in
            try AccessPolicy.requireRoot(caller)
            let paging = try paging(request, caller)
            return paging.answer(slicing: try await reads.projections(), headers: []) { $0.write(to: &$1) }
        }
    }

    private func readProjection(_ request: DoorRequest) async throws -> DoorResponse {
        try await read(request) { caller in
            try AccessPolicy.requireRoot(caller)
            let name = try request.parameter("name")
            let versions = try await reads.projections().filter { $0.name == name }
            // The version that answers queries; while there is none, the newest.
            let shown = versions.first { $0.state == "active" } ?? versions.max { $0.version < $1.version }
            guard let shown else { throw Failure.notFound }
            var json = JSONWriter()
            shown.write(to: &json)
            return .json(json.bytes)
        }
    }
}

extension ProjectionStatus {
    /// Writes the state of a projection version.
    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("name", name)
        json.member("version", version)
        json.member("fold", fold)
        json.member("state", state)
        json.member("lanes", lanes)
        json.member("position", Int(position))
        json.member("lag_events", Int(lagEvents))
        json.key("lag_seconds")
        json.raw(Array(Self.thousandths(lagSeconds).utf8))
        json.key("parked")
        json.beginArray()
        for parked in parked { parked.write(to: &json) }
        json.endArray()
        json.endObject()
    }

    /// Seconds as a JSON number with three digits behind the point.
    static func thousandths(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds > 0 else { return "0.000" }
        let total = Int64((min(seconds, 1e12) * 1_000).rounded())
        let rest = String(total % 1_000)
        return "\(total / 1_000).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
    }
}

extension ProjectionStatus.Parked {
    /// Writes where a stream is parked, and why.
    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("stream", stream)
        json.member("position", Int(position))
        json.member("type", type)
        json.member("error", error)
        json.member("attempts", attempts)
        json.endObject()
    }
}
