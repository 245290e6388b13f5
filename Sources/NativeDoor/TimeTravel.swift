import AccountDomain
import Accounts
import DoorKit

/// An account as a request wants to see it: as it is, or as it was.
struct SeenAccount {
    /// The account at the moment that was asked for.
    let view: AccountView
    /// How the caller stands to the account, which is judged on the present.
    let standing: AccessPolicy.Standing
    /// The position that the request's `at` stands for; nil for the present.
    let position: Int64?
    /// The version of its present backup; 0 without one.
    let presentBackup: Int

    /// The same for those who ask a read model.
    var moment: LogMoment? { position.map { .position($0) } }
}

extension DoorRequest {
    /// The moment of the past that the request wants to see; nil for the present.
    ///
    /// - Throws: `malformed-request` for a text that is neither a position nor a time.
    func moment() throws(Problem) -> LogMoment? {
        guard let text = query["at"] else { return nil }
        let isNumber = !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        if isNumber, let position = Int64(text) { return .position(position) }
        if let time = Moment(rfc3339: text) { return .time(time) }
        throw Problem(
            .malformedRequest, "The query parameter at must be a position of the log or a time as in RFC 3339.")
    }
}

extension NativeDoor {
    /// The query parameter of time travel.
    static let timeTravel = ["at"]

    /// The account of the path, as the request wants to see it.
    func seen(_ request: DoorRequest, _ caller: Caller) async throws -> SeenAccount {
        try await seen(try request.stream(), request, caller)
    }

    /// An account that the caller may see, as it is or at the moment that the request names.
    ///
    /// Whether the caller may see it is decided on the present, so that nobody looks into a past that is closed to him
    /// now; what is shown is the past's.
    func seen(
        _ id: AccountID, _ request: DoorRequest, _ caller: Caller, for act: AccessPolicy.Act = .read
    ) async throws -> SeenAccount {
        let moment = try request.moment()
        let (record, standing) = try await record(id, caller, for: act)
        guard let present = AccountView(id, record.view) else {
            throw Failure.fault("a stored account view cannot be read")
        }
        let presentBackup = present.backup?.version ?? 0
        guard let moment else {
            return SeenAccount(view: present, standing: standing, position: nil, presentBackup: presentBackup)
        }
        let position = try await history.position(at: moment)
        let view = try await past(id, position, isRoot: caller.isRoot)
        return SeenAccount(view: view, standing: standing, position: position, presentBackup: presentBackup)
    }

    private func past(_ id: AccountID, _ position: Int64, isRoot: Bool) async throws(Failure) -> AccountView {
        do throws(Failure) { return try await reads.account(id, at: .position(position)) } catch {
            // Erased since its record was read.
            throw error == .erased && !isRoot ? .notFound : error
        }
    }
}
