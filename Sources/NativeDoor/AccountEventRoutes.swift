import Accounts
import DoorKit
import EventCoding

extension NativeDoor {
    func registerAccountEvents(on routes: inout Routes) {
        routes.get("/v1/accounts/{id}/events", listAccountEvents)
    }

    private func listAccountEvents(_ request: DoorRequest) async throws -> DoorResponse {
        try await read(request, query: Paging.parameters + Self.timeTravel + ["after"]) { caller in
            let id = try request.stream()
            let after = try request.query.integer("after", in: 0...Int64(Int32.max)) ?? 0
            let paging = try paging(request, caller, after: after)
            let seen = try await seen(id, request, caller)
            if let unchanged = try unchanged(request, seen.view.version) { return unchanged }
            // One more than is shown tells whether there is a next page.
            let events = try await history.events(
                of: id, after: Int32(clamping: paging.after), upTo: seen.position ?? .max, limit: paging.limit + 1)
            let shown = events.prefix(paging.limit)
            let next = events.count > paging.limit ? shown.last.map { Int64($0.stored.version) } : nil
            return paging.answer(next: next, headers: [.etag(seen.view.version)]) { json in
                for event in shown {
                    // What the person typed is for the person and root, not for an administrator of the Space.
                    CloudEvent(
                        event.stored, origin: settings.origin,
                        personal: seen.standing == .spaceAdministrator ? nil : event.personal
                    ).write(to: &json)
                }
            }
        }
    }
}
