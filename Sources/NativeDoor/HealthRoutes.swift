import DoorKit
import StrictJSON

extension NativeDoor {
    func registerHealth(on routes: inout Routes) {
        for path in ["/health/live", "/livez"] {
            routes.get(path) { _ in Self.health("live", [], status: 200) }
        }
        for path in ["/health/ready", "/readyz"] { routes.get(path, readReadiness) }
    }

    private func readReadiness(_ request: DoorRequest) async throws -> DoorResponse {
        let reasons = await readiness()
        return reasons.isEmpty
            ? Self.health("ready", [], status: 200) : Self.health("not ready", reasons, status: 503)
    }

    private static func health(_ state: String, _ reasons: [String], status: Int) -> DoorResponse {
        var json = JSONWriter()
        json.beginObject()
        json.key("status")
        json.string(state)
        json.key("reasons")
        json.beginArray()
        for reason in reasons { json.string(reason) }
        json.endArray()
        json.endObject()
        return .json(json.bytes, status: status)
    }
}
