import AccountDomain
import Accounts
import DoorKit
import EventCoding
import StrictJSON
import Transparency

extension NativeDoor {
    func registerEvents(on routes: inout Routes) {
        routes.get("/v1/events", readEvents)
        routes.get("/v1/events/{position}", readEvent)
        routes.get("/v1/head", readHead)
    }

    /// How many rows are looked through for one page at most.
    static let lookedAt = 100_000

    private func readEvents(_ request: DoorRequest) async throws -> DoorResponse {
        try await read(request, query: EventQuery.parameters) { caller in
            let query = try EventQuery(request, caller)
            switch query.form {
            case .page: return try await eventPage(query, request, caller)
            case .lines:
                let head = try await history.head().position
                let permit = try streams.permit(for: caller.scope)
                return .lines(EventLines(source: eventSource(query, request, caller), head: head), permit: permit)
            case .live:
                guard query.after <= (try await history.head().position) else { throw Failure.beyondHead }
                let permit = try streams.permit(for: caller.scope)
                return .events(LiveEvents(source: eventSource(query, request, caller)), permit: permit)
            }
        }
    }

    private func eventPage(_ query: EventQuery, _ request: DoorRequest, _ caller: Caller) async throws -> DoorResponse {
        let paging = try paging(request, caller, after: query.after)
        let page = try await history.events(
            query.selection, after: paging.after, limit: paging.limit, lookAt: Self.lookedAt)
        try await ensureUnmoved(caller)
        return paging.answer(next: page.isAtHead ? nil : page.lookedUpTo) { json in
            for event in page.events { CloudEvent(event.stored, origin: settings.origin).write(to: &json) }
        }
    }

    private func eventSource(_ query: EventQuery, _ request: DoorRequest, _ caller: Caller) -> EventSource {
        EventSource(
            history: history, selection: query.selection, after: query.after, limit: query.limit,
            origin: settings.origin,
            mayGoOn: StreamAuthority(authenticator: authenticator, reads: reads, request: request, caller: caller))
    }

    private func readEvent(_ request: DoorRequest) async throws -> DoorResponse {
        try await read(request) { caller in
            let event = try await event(request, caller)
            try await ensureUnmoved(caller)
            return .json(CloudEvent(event.stored, origin: settings.origin).bytes)
        }
    }

    /// The event that a path names, when the caller may see it.
    func event(_ request: DoorRequest, _ caller: Caller) async throws -> HistoricEvent {
        let text = try request.parameter("position")
        guard let position = Int64(text), position > 0, String(position) == text else { throw Failure.notFound }
        do throws(Failure) {
            let event = try await history.event(at: position)
            guard caller.isRoot || event.stored.stream == caller.account else { throw .notFound }
            return event
        } catch {
            throw error == .beyondHead ? .notFound : error
        }
    }

    private func readHead(_ request: DoorRequest) async throws -> DoorResponse {
        try await read(request) { caller in
            // The checkpoint first: the head cannot end before it then.
            let checkpoint = try await sealed?.newestCheckpoint()
            let head = try await history.head()
            try await ensureUnmoved(caller)
            var json = JSONWriter()
            json.beginObject()
            json.member("position", Int(head.position))
            json.member("recorded_at", head.recordedAt)
            json.key("checkpoint")
            if let checkpoint {
                json.beginObject()
                json.member("size", Int(checkpoint.size))
                json.member("root", checkpoint.root.base64)
                json.member("note", checkpoint.note)
                json.endObject()
            } else {
                json.null()
            }
            json.endObject()
            return .json(json.bytes, headers: [.position(head.position)])
        }
    }
}
