import Accounts
import DoorKit
import EventCoding

/// Where a stream of events takes its pages from.
struct EventSource: Sendable {
    let history: any EventHistory
    let selection: EventSelection
    let after: Int64
    /// With how many events it ends.
    let limit: Int64
    let origin: String
    let mayGoOn: StreamAuthority

    func page(after position: Int64, limit: Int64) async throws -> EventPage {
        try await history.events(selection, after: position, limit: Int(limit), lookAt: NativeDoor.lookedAt)
    }
}

/// Whether the credential that opened a stream still holds, looked at about every second.
struct StreamAuthority: Sendable {
    let authenticator: Authenticator
    let reads: any ReadModels
    let request: DoorRequest
    let caller: Caller
    private var lastLook = ContinuousClock.now

    init(authenticator: Authenticator, reads: any ReadModels, request: DoorRequest, caller: Caller) {
        self.authenticator = authenticator
        self.reads = reads
        self.request = request
        self.caller = caller
    }

    /// Looks again when it is time.
    ///
    /// - Returns: false when the credential was revoked, has expired, or its account was blocked.
    mutating func check() async throws -> Bool {
        guard lastLook + .seconds(1) <= .now else { return true }
        lastLook = .now
        if caller.isRoot { return true }
        do {
            let principal = try await authenticator.withCaller(request) { present in
                if try await reads.haveMoved(present.seen) { throw ReadFailure.callerMoved }
                return present.principal
            }
            return principal == caller.principal
        } catch Failure.unauthorized {
            return false
        } catch Failure.callerBlocked {
            return false
        } catch Failure.tooManyAttempts {
            return false
        }
    }
}

/// The selected events up to a head, as lines of JSON.
struct EventLines: AsyncSequence, Sendable {
    let source: EventSource
    let head: Int64

    struct AsyncIterator: AsyncIteratorProtocol {
        private let source: EventSource
        private let head: Int64
        private var authority: StreamAuthority
        private var position: Int64
        private var remaining: Int64

        init(_ lines: EventLines) {
            source = lines.source
            head = lines.head
            authority = source.mayGoOn
            position = source.after
            remaining = source.limit
        }

        mutating func next() async throws -> [UInt8]? {
            while position < head, remaining > 0, !Task.isCancelled {
                // A broken connection tells the client that this is not all.
                guard try await authority.check() else { throw Accounts.Failure.unauthorized }
                let page = try await source.page(after: position, limit: Swift.min(1_000, remaining))
                guard page.lookedUpTo > position else { return nil }
                position = page.isAtHead ? Swift.max(page.lookedUpTo, head) : page.lookedUpTo
                let lines = CloudEventLines(origin: source.origin, reservingCapacity: 1 << 20)
                for event in page.events where event.stored.position <= head {
                    event.stored.lend { lines.append($0) }
                    remaining -= 1
                }
                if lines.count > 0 { return lines.take() }
            }
            return nil
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }
}

/// The selected events, and then those to come, for as long as the credential holds.
struct LiveEvents: AsyncSequence, Sendable {
    let source: EventSource

    struct AsyncIterator: AsyncIteratorProtocol {
        private let source: EventSource
        private var authority: StreamAuthority
        private var position: Int64
        private var remaining: Int64

        init(_ source: EventSource) {
            self.source = source
            authority = source.mayGoOn
            position = source.after
            remaining = source.limit
        }

        mutating func next() async throws -> [ServerSentEvent]? {
            while remaining > 0, !Task.isCancelled {
                guard try await authority.check() else { return nil }
                let page = try await source.page(after: position, limit: Swift.min(200, remaining))
                let hasAdvanced = page.lookedUpTo > position
                position = Swift.max(position, page.lookedUpTo)
                if !page.events.isEmpty {
                    remaining -= Int64(page.events.count)
                    return page.events.map { event in
                        ServerSentEvent(
                            id: String(event.stored.position),
                            data: CloudEvent(event.stored, origin: source.origin).bytes)
                    }
                }
                // Not longer than a second, so that a credential that ended ends the stream.
                if page.isAtHead || !hasAdvanced {
                    await source.history.waitForEvents(after: position, timeout: .seconds(1))
                }
            }
            return nil
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(source) }
}
