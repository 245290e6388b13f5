public import AccountDomain
public import Accounts
import EventCoding
import IdentitiesProjection
import PostgresClient
import PostgresLedger

extension PostgresReadModels {
    /// One identity.
    public func identity(_ id: IdentityID) async throws(Failure) -> IdentityView {
        do {
            var parameters = PostgresParameters()
            parameters.append(id)
            parameters.append(Int16(id.high >> 62))
            parameters.append(log.number)
            guard let model = try await identityModel.chosen(), model.isOurs,
                let rows = try await rowsIfMade(model.statements.find, parameters, of: identityModel), rows.count == 1
            else { return try await foldIdentity(id) }
            identityModel.note(rows.isNull(0, 8) ? nil : try rows.int32(0, 8))
            guard try !rows.bool(0, 6), try !rows.bool(0, 7) else { return try await foldIdentity(id) }
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
            let (model, upTo) = try await freshness(of: identityModel, page)
            let rows = try await list(model.statements.list, page, upTo, of: identityModel)
            var items: [IdentityView] = []
            for row in 0..<min(rows.count, page.limit) {
                let id: IdentityID = try rows.id(row, 0)
                do {
                    guard model.isOurs else {
                        items.append(try await foldIdentity(id))
                        continue
                    }
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
}
