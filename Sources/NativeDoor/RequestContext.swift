import AccountDomain
import Accounts
import DoorKit
import EventCoding

extension NativeDoor {
    /// Runs a command for whoever sends the request; strangers are refused before their body is looked at.
    ///
    /// No member of the query changes a command, so none is taken.
    func command(
        _ request: DoorRequest, _ body: (CommandContext) async throws -> DoorResponse
    ) async throws -> DoorResponse {
        try request.allow([])
        let caller = try await authenticator.caller(of: request)
        guard caller.principal != .anonymous else { throw Failure.unauthorized }
        return try await body(try context(request, caller))
    }

    /// Answers a read for whoever sends the request; strangers are refused before anything is looked up.
    func read(
        _ request: DoorRequest, query: [String] = [], _ body: (Caller) async throws -> DoorResponse
    ) async throws -> DoorResponse {
        try request.allow(query)
        let wanted = try request.whole("Ledger-Min-Position")
        return try await authenticator.withCaller(request) { caller in
            guard caller.principal != .anonymous else { throw Failure.unauthorized }
            if let wanted { try await require(wanted) }
            return try await body(caller)
        }
    }

    /// Reads see all of the log, so only a position that it does not have yet cannot be waited for.
    private func require(_ position: Int64) async throws(Failure) {
        let head = try await history.head()
        guard head.position >= position else { throw .unavailable(retryAfterSeconds: 1) }
    }

    /// What a command is told of its request.
    func context(_ request: DoorRequest, _ caller: Caller) throws -> CommandContext {
        CommandContext(
            caller: caller, door: .native,
            request: AccountDomain.RequestID(high: request.requestID.high, low: request.requestID.low),
            trace: TraceID(request.traceID), idempotency: try idempotency(request, caller),
            expectedVersion: try expectedVersion(request), deadline: .now + .seconds(10))
    }

    private func idempotency(_ request: DoorRequest, _ caller: Caller) throws -> Idempotency? {
        guard let key = try request.idempotencyKey() else { return nil }
        let digest = Digest.sha256(of: request.bodyBytes)
        // Anonymous callers present no credential here, so the body alone tells them apart (docs/log.md).
        let scope = caller.principal == .anonymous ? caller.scope + digest.bytes : caller.scope
        return Idempotency(
            command: master.commandID(
                caller: scope, method: request.method.name, path: String(request.path), key: key),
            requestDigest: digest)
    }

    private func expectedVersion(_ request: DoorRequest) throws -> Int? {
        switch try request.ifMatch() {
        case nil, .any: return nil
        case .versions(let versions):
            guard versions.count <= 1 else {
                throw Problem(.malformedRequest, "If-Match must name one version.")
            }
            // A weak or foreign tag matches nothing, and no stream has this version.
            return versions.first ?? -1
        }
    }

    /// Has the read repeated when the caller's streams have moved since its credential was checked.
    func ensureUnmoved(_ caller: Caller) async throws {
        if !caller.seen.isEmpty, try await reads.haveMoved(caller.seen) { throw ReadFailure.callerMoved }
    }
}

extension DoorRequest {
    /// Refuses query parameters that the route does not know.
    func allow(_ names: [String]) throws(Problem) {
        guard !query.isEmpty else { return }
        guard query.names.allSatisfy(names.contains) else {
            throw Problem(.malformedRequest, "The request has a query parameter that this route does not know.")
        }
    }

    /// The whole number in a header, nil when it is absent.
    func whole(_ name: String) throws(Problem) -> Int64? {
        guard let text = try header(name) else { return nil }
        guard let value = Int64(text), value >= 0, text.utf8.first != UInt8(ascii: "+") else {
            throw Problem(.malformedRequest, "\(name) must be a whole number.")
        }
        return value
    }

    /// The stream that a path parameter names; a text that is no id names nothing.
    func stream(_ name: String = "id") throws(Problem) -> StreamID {
        guard let id = StreamID(try parameter(name)) else { throw Problem.notFound }
        return id
    }

    /// A moment in the query.
    func moment(_ name: String) throws(Problem) -> Moment? {
        guard let text = query[name] else { return nil }
        guard let moment = Moment(rfc3339: text) else {
            throw Problem(.malformedRequest, "The query parameter \(name) must be a time as in RFC 3339.")
        }
        return moment
    }

    /// A text of a rule in the query.
    func text<Value: TextValue>(_ name: String, as type: Value.Type) throws(Problem) -> Value? {
        guard let text = query[name] else { return nil }
        do { return try Value(text) } catch {
            throw Problem(.malformedRequest, "The query parameter \(name) \(error.description).")
        }
    }

    /// A name of an enumeration of ours in the query.
    func choice<Value: RawRepresentable & CaseIterable>(_ name: String, of type: Value.Type) throws(Problem) -> Value?
    where Value.RawValue == String {
        guard let text = query[name] else { return nil }
        guard let value = Value(rawValue: text) else {
            let known = Value.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem(.malformedRequest, "The query parameter \(name) must be one of \(known).")
        }
        return value
    }
}

extension TraceID {
    /// The trace id of sixteen bytes in hexadecimal digits.
    fileprivate init?(_ digits: String?) {
        guard let digits, digits.utf8.count == 32, let high = UInt64(digits.prefix(16), radix: 16),
            let low = UInt64(digits.suffix(16), radix: 16)
        else { return nil }
        self.init(high: high, low: low)
    }
}
