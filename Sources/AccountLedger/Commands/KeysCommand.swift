import ArgumentParser

/// `keys`: the epochs of the keys that wrap the streams' keys.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Show, rotate, retire and export the keys that wrap everybody's data keys.",
        discussion: """
            Erasure destroys a person's key in the database, but a backup taken before still holds it, wrapped under an \
            epoch's key. So living keys are rewrapped under a new epoch now and then (`rotate`), and an old epoch's key \
            is destroyed (`retire`) once the oldest backup that needs it has expired.

            Works on the database of LEDGER_OWNER_URL with LEDGER_KEYRING_FILE and LEDGER_MASTER_KEY, or beside an \
            `up` on that of LEDGER_HOME. The service may run meanwhile.
            """,
        subcommands: [KeysStatus.self, KeysRotate.self, KeysRetire.self, KeysExport.self])
}
