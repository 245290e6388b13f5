import AccountDomain
import Accounts
import ProjectionKit

/// The rows of some accounts, column by column; each account is looked at once.
struct AccountRows {
    private var streams: [StreamID] = []
    private var versions: [Int32] = []
    private var applied: [Int32] = []
    private var createdPositions: [Int64] = []
    private var createdAt: [Moment] = []
    private var updatedAt: [Moment] = []
    private var systems: [String] = []
    private var spaces: [StreamID?] = []
    private var isActivated: [Bool] = []
    private var isBlocked: [Bool] = []
    private var isAdmin: [Bool] = []
    private var isErased: [Bool] = []
    private var nameKeys: [[UInt8]?] = []
    private var views: [[UInt8]?] = []

    init(capacity: Int) {
        streams.reserveCapacity(capacity)
        versions.reserveCapacity(capacity)
        applied.reserveCapacity(capacity)
        createdPositions.reserveCapacity(capacity)
        createdAt.reserveCapacity(capacity)
        updatedAt.reserveCapacity(capacity)
        systems.reserveCapacity(capacity)
        spaces.reserveCapacity(capacity)
        isActivated.reserveCapacity(capacity)
        isBlocked.reserveCapacity(capacity)
        isAdmin.reserveCapacity(capacity)
        isErased.reserveCapacity(capacity)
        nameKeys.reserveCapacity(capacity)
        views.reserveCapacity(capacity)
    }

    /// Adds an account's row; it is lent and comes back as it was, for a copy of a view costs as much as its row.
    mutating func append(_ folded: inout FoldedStream<AccountsProjection.State>, place: String) {
        streams.append(folded.stream)
        versions.append(folded.version)
        applied.append(folded.applied)
        createdPositions.append(folded.state.createdPosition)
        createdAt.append(folded.state.createdAt)
        updatedAt.append(folded.state.updatedAt)
        systems.append(folded.state.system.rawValue)
        spaces.append(folded.state.space)
        nameKeys.append(folded.state.nameKey)
        let view = folded.state.view?.lend { view in
            isActivated.append(view.isActivated)
            isBlocked.append(view.isBlocked)
            isAdmin.append(view.isAdmin)
            return view.encoded.bytes
        }
        isErased.append(view == nil)
        if let view { return views.append(folded.seal(view, at: place)) }
        isActivated.append(false)
        isBlocked.append(false)
        isAdmin.append(false)
        views.append(nil)
    }

    /// In the order of the parameters in `upsert.sql`.
    var columns: [Column] {
        [
            .ids(streams), .int4(versions), .int4(applied), .int8(createdPositions), .moments(createdAt),
            .moments(updatedAt), .texts(systems), .optionalIDs(spaces), .flags(isActivated), .flags(isBlocked),
            .flags(isAdmin), .flags(isErased), .optionalBytes(nameKeys), .optionalBytes(views),
        ]
    }
}

extension AccountView {
    /// Lends the view where it stands.
    mutating func lend<Result>(_ body: (inout AccountView) -> Result) -> Result { body(&self) }
}
