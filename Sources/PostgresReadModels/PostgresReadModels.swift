public import AccountDomain
public import Accounts
import AccountsProjection
import EventCoding
import IdentitiesProjection
import PostgresClient
public import PostgresLedger
import SpacesProjection

/// The read models on PostgreSQL: never stale, whatever the projector does (docs/log.md).
///
/// A row that is behind the log is waited for a moment and then passed by: the stream itself is folded.
public struct PostgresReadModels: ReadModels {
    private let log: PostgresLog
    private let rows: AccountRows

    /// How long a single read waits for the projector before it folds the stream itself.
    private static let patience = Duration.milliseconds(50)
    private static let accountsPlace = "accounts"
    /// How long a list waits for its lanes.
    private static let listPatience = Duration.seconds(5)

    /// Read models of a log.
    public init(log: PostgresLog) {
        self.log = log
        rows = AccountRows(log: log)
    }

    // MARK: - One account

    /// One account, never stale.
    public func account(_ id: AccountID, probing caller: [SeenStream]) async throws(ReadFailure) -> AccountRecord {
        do {
            // One stream is probed by the read's own statement; the rare second one by a statement beside it.
            guard caller.count > 1 else { return try await read(id, caller.first) }
            async let others = haveMoved(Array(caller.dropFirst()))
            let record = try await read(id, caller.first)
            if try await others { throw ReadFailure.callerMoved }
            return record
        } catch let failure as ReadFailure {
            throw failure
        } catch {
            throw .failed(Failure(error))
        }
    }

    private func read(_ id: AccountID, _ caller: SeenStream?) async throws -> AccountRecord {
        if caller == nil, let key = log.keyAtHand(of: id), let record = try await readRow(id, key) { return record }
        let deadline = ContinuousClock.now + Self.patience
        while true {
            guard let rows = try await rowsIfMade(ReadStatements.findAccount, parameters(id, caller)) else {
                if let caller, try await haveMoved([caller]) { throw ReadFailure.callerMoved }
                return try await fold(id, isParked: false)
            }
            guard rows.count == 1 else { return try await fold(id, isParked: false) }
            if try rows.bool(0, 8) { throw ReadFailure.callerMoved }
            if try rows.bool(0, 6) { return try await fold(id, isParked: true) }
            if try !rows.bool(0, 7) { return try record(rows, id) }
            guard ContinuousClock.now < deadline else { return try await fold(id, isParked: false) }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Rows of a read model; nil when no projector has made its tables yet, and the stream itself must tell.
    private func rowsIfMade(_ statement: PostgresStatement, _ parameters: PostgresParameters) async throws
        -> PostgresRows?
    {
        do throws(PostgresError) { return try await log.reader.query(statement, parameters) } catch {
            guard error.sqlState == Self.undefinedTable else { throw error }
            return nil
        }
    }

    private static let undefinedTable = "42P01"

    /// The row of an account whose key is at hand, read together with others; nil when it does not do.
    private func readRow(_ id: AccountID, _ key: StreamKey) async throws -> AccountRecord? {
        guard let row = try await rows.row(id) else { return nil }
        let view = try key.open(row.box, at: .view(Self.accountsPlace))
        return AccountRecord(
            id: id, version: row.version, space: row.space, isParked: false, view: AccountView.Encoded(bytes: view))
    }

    private func parameters(_ id: AccountID, _ caller: SeenStream?) -> PostgresParameters {
        var parameters = PostgresParameters()
        parameters.append(id)
        parameters.append(Int16(id.high >> 62))
        parameters.append(caller?.stream ?? StreamID(high: 0, low: 0))
        parameters.append(caller?.version ?? 0)
        parameters.append(caller?.position ?? Int64.max)
        parameters.append(log.number)
        return parameters
    }

    private func record(_ rows: PostgresRows, _ id: AccountID) throws -> AccountRecord {
        guard !rows.isNull(0, 0) else { throw Failure.notFound }
        if try rows.bool(0, 3) { throw Failure.erased }
        return AccountRecord(
            id: id, version: Int(try rows.int32(0, 0)), space: rows.isNull(0, 2) ? nil : try rows.id(0, 2),
            isParked: false, view: try view(rows, 0, view: 1, epoch: 4, of: id))
    }

    private func view(_ rows: PostgresRows, _ row: Int, view column: Int, epoch: Int, of id: StreamID) throws
        -> AccountView.Encoded
    {
        AccountView.Encoded(
            bytes: try open(rows, row, box: column, epoch: epoch, of: id, at: Self.accountsPlace))
    }

    private func open(
        _ rows: PostgresRows, _ row: Int, box: Int, epoch: Int, of id: StreamID, at place: String
    ) throws -> [UInt8] {
        // The person was erased between the projector's last step and this read.
        guard !rows.isNull(row, epoch + 1), !rows.isNull(row, box) else { throw Failure.erased }
        let key = try log.unwrap(try rows.bytes(row, epoch + 1), epoch: try rows.int32(row, epoch), of: id)
        return try key.open(try rows.bytes(row, box), at: .view(place))
    }

    private func fold(_ id: AccountID, isParked: Bool) async throws -> AccountRecord {
        let view = try await folded(id, upTo: Int32.max)
        return AccountRecord(
            id: id, version: view.version, space: view.space, isParked: isParked, view: view.encoded)
    }

    private func folded(_ id: AccountID, upTo version: Int32) async throws -> AccountView {
        let events = try await log.recordedEvents(of: id, versions: 1...max(1, version))
        guard case .account? = events.first?.event else { throw Failure.notFound }
        let view = AccountView(id, folding: events)
        if view.isErased { throw Failure.erased }
        return view
    }

    /// One account as it was at one of its versions.
    public func account(_ id: AccountID, version: Int) async throws(Failure) -> AccountView {
        do { return try await folded(id, upTo: Int32(clamping: version)) } catch { throw Failure(error) }
    }

    /// One account as it was at a moment of the log.
    public func account(_ id: AccountID, at moment: LogMoment) async throws(Failure) -> AccountView {
        do {
            let position = try await PostgresHistory(log: log).position(at: moment)
            var parameters = PostgresParameters()
            parameters.append(log.number)
            parameters.append(id)
            parameters.append(position)
            let rows = try await log.reader.query(ReadStatements.findVersion, parameters)
            guard rows.count > 0 else { throw Failure.notFound }
            return try await folded(id, upTo: try rows.int32(0, 0))
        } catch { throw Failure(error) }
    }

    // MARK: - Lists

    /// A page of accounts.
    public func accounts(_ filter: AccountFilter, _ page: PageRequest) async throws(Failure) -> Page<AccountRecord> {
        do {
            let upTo = try await freshness(of: "accounts", page)
            var parameters = PostgresParameters()
            parameters.append(page.after)
            parameters.append(Int32(page.limit + 1))
            parameters.append(log.number)
            parameters.append(optional: filter.system?.rawValue)
            parameters.append(optional: filter.activated)
            parameters.append(optional: filter.blocked)
            parameters.append(optional: filter.createdAfter)
            parameters.append(optional: filter.createdBefore)
            parameters.append(optional: filter.space)
            parameters.append(upTo)
            let statement: PostgresStatement
            if let name = filter.name {
                guard let owner = try await log.owner(of: name, in: .accountName) else {
                    return Page(items: [], next: nil, position: upTo)
                }
                parameters.append(owner)
                statement = ReadStatements.listAccountsByName
            } else if let email = filter.email {
                parameters.append(log.lookupKey(kind: AccountsProjection.emailLookup, email))
                statement = ReadStatements.listAccountsByEmail
            } else if filter.space != nil {
                statement = ReadStatements.listAccountsOfSpace
            } else {
                statement = ReadStatements.listAccounts
            }
            let rows = try await log.reader.query(statement, parameters)
            var items: [AccountRecord] = []
            for row in 0..<min(rows.count, page.limit) {
                let id: AccountID = try rows.id(row, 0)
                do {
                    if try rows.bool(row, 7) {
                        items.append(try await fold(id, isParked: true))
                    } else {
                        items.append(
                            AccountRecord(
                                id: id, version: Int(try rows.int32(row, 1)),
                                space: rows.isNull(row, 3) ? nil : try rows.id(row, 3), isParked: false,
                                view: try view(rows, row, view: 2, epoch: 5, of: id)))
                    }
                } catch Failure.erased {
                    continue
                }
            }
            let next = rows.count > page.limit ? try rows.int64(page.limit - 1, 4) : nil
            return Page(items: items, next: next, position: upTo)
        } catch { throw Failure(error) }
    }

    /// Waits until a projection includes everything acknowledged so far, or is as fresh as the client wants.
    ///
    /// - Returns: the position up to which rows are shown.
    private func freshness(of projection: String, _ page: PageRequest) async throws -> Int64 {
        let head = try await PostgresHistory(log: log).head().position
        if let wanted = page.minimumPosition, wanted > head { throw Failure.unavailable(retryAfterSeconds: 1) }
        let patience = page.maximumLagMilliseconds.map { Duration.milliseconds($0) } ?? Self.listPatience
        let deadline = ContinuousClock.now + min(patience, Self.listPatience)
        while true {
            var parameters = PostgresParameters()
            parameters.append(log.number)
            parameters.append(projection)
            parameters.append(head)
            let rows = try await log.reader.query(ReadStatements.findLag, parameters)
            guard rows.count == 1, try rows.bool(0, 1) else { return head }
            guard ContinuousClock.now < deadline else {
                let complete = try rows.int64(0, 2)
                guard page.maximumLagMilliseconds != nil, complete >= page.minimumPosition ?? 0 else {
                    throw Failure.unavailable(retryAfterSeconds: 1)
                }
                return complete
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    // MARK: - Backups

    /// Backup events of an account.
    public func backups(of id: AccountID, from version: Int, limit: Int, at moment: LogMoment?) async throws(Failure)
        -> [RecordedEvent]
    {
        do {
            var upTo = Int64.max
            if let moment { upTo = try await PostgresHistory(log: log).position(at: moment) }
            var parameters = PostgresParameters()
            parameters.append(log.number)
            parameters.append(id)
            parameters.append(Int64(max(0, version - 1)))
            parameters.append(Int32(clamping: limit))
            parameters.append(upTo)
            let rows = try await log.reader.query(ReadStatements.listBackups, parameters)
            guard rows.count > 0 else { return [] }
            let versions = try (0..<rows.count).map { try rows.int32($0, 0) }
            guard let first = versions.first, let last = versions.last else { return [] }
            let wanted = Set(versions)
            return try await log.recordedEvents(of: id, versions: first...last).filter { wanted.contains($0.version) }
        } catch { throw Failure(error) }
    }

    // MARK: - Identities

    /// One identity.
    public func identity(_ id: IdentityID) async throws(Failure) -> IdentityView {
        do {
            var parameters = PostgresParameters()
            parameters.append(id)
            parameters.append(Int16(id.high >> 62))
            parameters.append(log.number)
            guard let rows = try await rowsIfMade(ReadStatements.findIdentity, parameters) else {
                return try await foldIdentity(id)
            }
            guard rows.count == 1, try !rows.bool(0, 6), try !rows.bool(0, 7) else { return try await foldIdentity(id) }
            guard !rows.isNull(0, 0) else { throw Failure.notFound }
            if try rows.bool(0, 2) { throw Failure.erased }
            return try identity(
                id, try open(rows, 0, box: 1, epoch: 4, of: id, at: "identities"),
                version: try rows.int32(0, 0), created: try rows.int64(0, 3))
        } catch { throw Failure(error) }
    }

    private func identity(_ id: IdentityID, _ stored: [UInt8], version: Int32, created: Int64) throws -> IdentityView {
        guard let record = IdentityRecord(stored: stored) else { throw EventCodingError.malformed("identity view") }
        return IdentityView(
            id: id, identifier: record.identifier, account: record.account, mfa: record.mfa, version: Int(version),
            createdPosition: created)
    }

    private func foldIdentity(_ id: IdentityID) async throws -> IdentityView {
        let events = try await log.recordedEvents(of: id, versions: 1...Int32.max)
        guard case .identity? = events.first?.event, let first = events.first, let last = events.last else {
            throw Failure.notFound
        }
        var aggregate = Aggregate.empty
        for event in events { aggregate.apply(event.event) }
        guard case .identity(let identity) = aggregate, let identifier = identity.identifier else {
            throw Failure.erased
        }
        return IdentityView(
            id: id, identifier: identifier.text, account: identity.account, mfa: identity.mfa,
            version: Int(last.version), createdPosition: first.position)
    }

    /// A page of identities.
    public func identities(_ page: PageRequest) async throws(Failure) -> Page<IdentityView> {
        do {
            let upTo = try await freshness(of: "identities", page)
            let rows = try await list(ReadStatements.listIdentities, page, upTo)
            var items: [IdentityView] = []
            for row in 0..<min(rows.count, page.limit) {
                let id: IdentityID = try rows.id(row, 0)
                do {
                    items.append(
                        try identity(
                            id, try open(rows, row, box: 2, epoch: 4, of: id, at: "identities"),
                            version: try rows.int32(row, 1), created: try rows.int64(row, 3)))
                } catch Failure.erased { continue }
            }
            let next = rows.count > page.limit ? try rows.int64(page.limit - 1, 3) : nil
            return Page(items: items, next: next, position: upTo)
        } catch { throw Failure(error) }
    }

    private func list(_ statement: PostgresStatement, _ page: PageRequest, _ upTo: Int64) async throws -> PostgresRows {
        var parameters = PostgresParameters()
        parameters.append(page.after)
        parameters.append(Int32(page.limit + 1))
        parameters.append(log.number)
        parameters.append(upTo)
        return try await log.reader.query(statement, parameters)
    }

    // MARK: - Spaces

    /// Spaces are few and change rarely: one is folded from its stream.
    public func space(_ id: SpaceID) async throws(Failure) -> SpaceView {
        do {
            let events = try await log.recordedEvents(of: id, versions: 1...Int32.max)
            guard case .space? = events.first?.event, let first = events.first, let last = events.last else {
                throw Failure.notFound
            }
            var aggregate = Aggregate.empty
            for event in events { aggregate.apply(event.event) }
            guard case .space(let space) = aggregate, let settings = space.settings else { throw Failure.erased }
            var parameters = PostgresParameters()
            parameters.append(log.number)
            parameters.append(id)
            let used = try await log.reader.query(ReadStatements.countPlaces, parameters)
            return SpaceView(
                id: id, settings: settings, isClosed: space.isClosed, accounts: Int(try used.int32(0, 0)),
                version: Int(last.version), createdAt: first.recordedAt, createdPosition: first.position)
        } catch { throw Failure(error) }
    }

    /// A page of Spaces.
    public func spaces(_ page: PageRequest) async throws(Failure) -> Page<SpaceView> {
        do {
            let upTo = try await freshness(of: "spaces", page)
            let rows = try await list(ReadStatements.listSpaces, page, upTo)
            var items: [SpaceView] = []
            for row in 0..<min(rows.count, page.limit) {
                let id: SpaceID = try rows.id(row, 0)
                do {
                    let stored = try open(rows, row, box: 2, epoch: 4, of: id, at: "spaces")
                    guard let record = SpaceRecord(stored: stored) else {
                        throw EventCodingError.malformed("space view")
                    }
                    items.append(
                        SpaceView(
                            id: id, settings: record.settings, isClosed: record.isClosed,
                            accounts: Int(try rows.int32(row, 7)), version: Int(try rows.int32(row, 1)),
                            createdAt: try rows.moment(row, 6), createdPosition: try rows.int64(row, 3)))
                } catch Failure.erased { continue }
            }
            let next = rows.count > page.limit ? try rows.int64(page.limit - 1, 3) : nil
            return Page(items: items, next: next, position: upTo)
        } catch { throw Failure(error) }
    }

    // MARK: - Callers and projections

    /// Whether any of these streams has moved.
    public func haveMoved(_ streams: [SeenStream]) async throws(Failure) -> Bool {
        guard !streams.isEmpty else { return false }
        do {
            var parameters = PostgresParameters()
            parameters.append(log.number)
            parameters.append(array: streams.map { (high: $0.stream.high, low: $0.stream.low) })
            parameters.append(array: streams.map(\.version))
            parameters.append(array: streams.map(\.position))
            return try await log.reader.query(ReadStatements.findMoved, parameters).bool(0, 0)
        } catch { throw Failure(error) }
    }

    /// State and lag of every projection.
    public func projections() async throws(Failure) -> [ProjectionStatus] {
        do {
            var parameters = PostgresParameters()
            parameters.append(log.number)
            async let parkedRows = log.reader.query(ReadStatements.listParked, parameters)
            let rows = try await log.reader.query(ReadStatements.listProjections, parameters)
            let parked = try await parkedRows
            return try (0..<rows.count).map { row in
                let name = try rows.string(row, 0)
                let version = try rows.int32(row, 1)
                var streams: [ProjectionStatus.Parked] = []
                for index in 0..<parked.count
                where try parked.string(index, 0) == name && parked.int32(index, 1) == version {
                    streams.append(
                        ProjectionStatus.Parked(
                            stream: try parked.id(index, 2), position: try parked.int64(index, 3),
                            error: try parked.string(index, 4), attempts: Int(try parked.int32(index, 5))))
                }
                return ProjectionStatus(
                    name: name, version: Int(version), state: try rows.string(row, 2),
                    lanes: Int(try rows.int16(row, 3)), position: try rows.int64(row, 4),
                    lagEvents: try rows.int64(row, 5), lagSeconds: try rows.double(row, 6), parked: streams)
            }
        } catch { throw Failure(error) }
    }
}
