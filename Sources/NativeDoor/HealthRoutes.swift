import Accounts
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
        guard reasons.isEmpty else { return Self.health("not ready", reasons, alarms, status: 503) }
        // Requests are served all the same, since reads fold what is parked; but somebody ought to know.
        let parked = (try? await control.parkedStreams(limit: 20)) ?? []
        return Self.health("ready", [], alarms, parked, status: 200)
    }

    private static func health(
        _ state: String, _ reasons: [String], _ alarms: [String] = [],
        _ parked: [(projection: String, parked: ProjectionStatus.Parked)] = [], status: Int
    ) -> DoorResponse {
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
        if !parked.isEmpty {
            json.key("parked")
            json.beginArray()
            for (projection, stream) in parked {
                json.beginObject()
                json.member("projection", projection)
                json.member("position", Int(stream.position))
                json.member("type", stream.type)
                json.member("error", stream.error)
                json.endObject()
            }
            json.endArray()
        }
        json.endObject()
        return .json(json.bytes, status: status)
    }
}
