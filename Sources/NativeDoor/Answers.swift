import AccountDomain
import Accounts
import DoorKit
import NIOCore
import StrictJSON

extension DoorResponse.Header {
    static func etag(_ version: Int) -> DoorResponse.Header { .init("ETag", "\"\(version)\"") }
    static func position(_ position: Int64) -> DoorResponse.Header { .init("Ledger-Position", String(position)) }
    static func location(_ path: String) -> DoorResponse.Header { .init("Location", path) }
}

extension Appended {
    /// What every answer to a command carries.
    var headers: [DoorResponse.Header] {
        isReplay
            ? [.etag(version), .position(position), .init("Idempotency-Replayed", "true")]
            : [.etag(version), .position(position)]
    }

    /// The stream of a command that made one.
    func madeStream() throws(Failure) -> StreamID {
        guard let first = events.first else { throw .fault("a creation appended nothing") }
        return first.stream
    }
}

extension DoorResponse {
    /// The answer to a command, with a body.
    static func command(
        _ appended: Appended, status: Int = 200, location: String? = nil, _ write: (inout JSONWriter) -> Void
    ) -> DoorResponse {
        var json = JSONWriter()
        write(&json)
        return .json(
            json.bytes, status: status, headers: appended.headers + (location.map { [.location($0)] } ?? []))
    }

    /// The answer to a command, without a body.
    static func command(_ appended: Appended) -> DoorResponse { .empty(headers: appended.headers) }

    /// The answer to a read of a stream at a version.
    static func resource(version: Int, _ write: (inout JSONWriter) -> Void) -> DoorResponse {
        var json = JSONWriter()
        write(&json)
        return .json(json.bytes, headers: [.etag(version)])
    }

    /// The answer to a read whose client has it already.
    static func notModified(_ version: Int) -> DoorResponse { .empty(status: 304, headers: [.etag(version)]) }
}

extension NativeDoor {
    /// The answer to a command on an account: the account as it was right after it, for a repeat too.
    func accountAnswer(_ id: AccountID, _ appended: Appended) async throws -> DoorResponse {
        let view = try await reads.account(id, version: appended.version)
        return .command(appended) { view.write(to: &$0) }
    }

    /// The answer to a read of a version that its client has already; nil when it has not.
    func unchanged(_ request: DoorRequest, _ version: Int) throws(Problem) -> DoorResponse? {
        guard let condition = try request.ifNoneMatch(), condition.contains(version) else { return nil }
        return .notModified(version)
    }

    /// An account that the caller may do something to.
    func record(_ id: AccountID, _ caller: Caller, for act: AccessPolicy.Act = .read) async throws
        -> (record: AccountRecord, standing: AccessPolicy.Standing)
    {
        let record: AccountRecord
        do {
            record = try await reads.account(id, probing: caller.seen)
        } catch ReadFailure.failed(.erased) where !caller.isRoot {
            throw Failure.notFound
        }
        return (record, try await standing(of: caller, to: id, in: record.space, for: act))
    }

    private func standing(
        of caller: Caller, to account: AccountID, in space: SpaceID?, for act: AccessPolicy.Act
    ) async throws -> AccessPolicy.Standing {
        // The owner's own state decides nothing, so only an administrator's is looked up.
        var own: Account?
        if let id = caller.account, id != account, case .account(let state) = try await log.state(of: id).aggregate {
            own = state
        }
        return try AccessPolicy.standing(of: caller, callersAccount: own, to: account, in: space, for: act)
    }

    /// The answer to a read of a part of an account.
    func part(
        _ request: DoorRequest, _ write: @escaping (AccountView, inout JSONWriter) throws -> Void
    ) async throws -> DoorResponse {
        try await read(request, query: Self.timeTravel) { caller in
            let view = try await seen(request, caller).view
            if let unchanged = try unchanged(request, view.version) { return unchanged }
            var json = JSONWriter()
            try write(view, &json)
            return .json(json.bytes, headers: [.etag(view.version)])
        }
    }
}
