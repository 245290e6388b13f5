import AccountDomain

extension Account {
    /// What a command makes happen; a refusal is a ``Failure`` here.
    func deciding(_ command: AccountCommand) throws(Failure) -> [AccountEvent] {
        do { return try decide(command) } catch { throw .account(error) }
    }

    /// Decides a command and takes its events, so that the next command is decided on what it left.
    mutating func advance(_ command: AccountCommand, _ events: inout [AccountEvent]) throws(Failure) {
        for event in try deciding(command) {
            apply(event)
            events.append(event)
        }
    }
}
