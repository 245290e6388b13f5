public import AccountDomain
public import Accounts
import EventCoding
import PostgresClient
import PostgresLedger
import SpacesProjection

extension PostgresReadModels {
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
            let (model, upTo) = try await freshness(of: spaceModel, page)
            let rows = try await list(model.statements.list, page, upTo, of: spaceModel)
            var items: [SpaceView] = []
            for row in 0..<min(rows.count, page.limit) {
                let id: SpaceID = try rows.id(row, 0)
                do {
                    guard model.isOurs else {
                        items.append(try await self.space(id))
                        continue
                    }
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
}
