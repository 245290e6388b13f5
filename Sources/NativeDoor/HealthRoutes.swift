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
        let alarms = await alarms()
        return reasons.isEmpty
            ? Self.health("ready", [], alarms, status: 200)
            : Self.health("not ready", reasons, alarms, status: 503)
    }

    private static func health(_ state: String, _ reasons: [String], _ alarms: [String] = [], status: Int)
        -> DoorResponse
    {
        var json = JSONWriter()
        json.beginObject()
        json.key("status")
        json.string(state)
        json.key("reasons")
        json.beginArray()
        for reason in reasons { json.string(reason) }
        json.endArray()
        json.key("alarms")
        json.beginArray()
        for alarm in alarms { json.string(alarm) }
        json.endArray()
        json.endObject()
        return .json(json.bytes, status: status)
    }
}
