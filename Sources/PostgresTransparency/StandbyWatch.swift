/// What was told of the standbys that hold up sealing, so that each change is told once.
struct StandbyWatch {
    /// What is to be told.
    enum Change: Equatable {
        /// Nothing is sealed, for this reason.
        case held(String)
        /// Sealing goes on.
        case freed
    }

    /// How long a standby may be behind before that is told: a moment's lag is the way of asynchronous ones.
    private let patience: Duration
    private var since: ContinuousClock.Instant?
    private var told: String?

    /// Nothing was told yet.
    init(patience: Duration = .seconds(5)) { self.patience = patience }

    /// Takes note of who is in the way now, and says what is to be told of it.
    mutating func note(_ holds: [StandbyHold], at now: ContinuousClock.Instant = .now) -> Change? {
        guard !holds.isEmpty else {
            since = nil
            defer { told = nil }
            return told == nil ? nil : .freed
        }
        let start = since ?? now
        since = start
        let text = holds.map(\.description).joined(separator: "; ")
        let isBrief = holds.allSatisfy { $0.reason == .isBehind } && now - start < patience
        guard text != told, !(isBrief && told == nil) else { return nil }
        told = text
        return .held(text)
    }
}
