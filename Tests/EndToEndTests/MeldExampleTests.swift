import AccountDomain
import Foundation
import PostgresClient
import StrictJSON
import Synchronization
import Testing

/// The examples run as they are written, against a service whose mails come to a directory.
@Suite struct MeldExampleTests {
    @Test func `a client that shares no code with us registers, activates, uses its key and patches remotesAuth`()
        throws
    {
        let name = Unique.name()
        let shell = try run(name) { repository, url, outbox in
            """
            python=python3
            if ! $python -c 'import cryptography' 2>/dev/null; then
              $python -m venv venv && venv/bin/pip install -q cryptography && python=venv/bin/python
            fi
            $python '\(repository)/examples/mld_client.py' \(url) --account \(name) --email \(name)@example.org --outbox '\(outbox)'
            """
        }
        #expect(shell.status == 0, "\(shell.output)\n\(shell.errors)")
        #expect(shell.output.contains("registered \(name)") && shell.output.contains("a second key"))
    }

    @Test func `the session with curl runs as it is written`() throws {
        let name = Unique.name()
        let shell = try run(name) { repository, url, outbox in
            "LEDGER_URL=\(url) LEDGER_OUTBOX='\(outbox)' '\(repository)/examples/mld-session.sh' \(name)"
        }
        #expect(shell.status == 0, "\(shell.output)\n\(shell.errors)")
        #expect(shell.output.contains(#""remotesAuth":["jwt"]"#) && shell.output.contains("root made \(name)-service"))
    }

    /// Runs a script while mails are delivered.
    private func run(_ name: String, _ script: (String, String, String) -> String) throws -> Shell {
        let meld = try Meld.shared()
        let outbox = TemporaryDirectory()
        let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
        let isOver = Shared(Mutex(false))
        let postman = Thread {
            try? Self.deliver(meld, to: outbox, from: try meld.service.root.head()) { isOver.value.withLock { $0 } }
        }
        postman.start()
        defer { isOver.value.withLock { $0 = true } }
        return try Shell(
            "set -euo pipefail\n" + script(repository, "http://127.0.0.1:\(meld.service.port)", outbox.path),
            environment: ["LEDGER_HOME": "\(meld.service.home.path)/home"])
    }

    /// Writes the mail of each activation as a file, until it is over.
    private static func deliver(
        _ meld: Meld, to outbox: TemporaryDirectory, from start: Int64, until isOver: () -> Bool
    ) throws {
        let database = try meld.service.database()
        defer { database.close() }
        var position = start
        while !isOver() {
            let rows = try database.query(
                PostgresStatement(
                    """
                    SELECT position, stream_id::text FROM ledger.events
                     WHERE position > \(position) AND event_type = 'activation.requested.v1' ORDER BY position
                    """))
            for row in 0..<rows.count {
                position = try rows.int64(row, 0)
                guard let stream = StreamID(try rows.string(row, 1)) else { throw TestFailure("no stream") }
                _ = outbox.write("\(position).eml", try meld.mail(of: stream))
            }
            usleep(20_000)
        }
    }
}
