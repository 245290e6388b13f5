import AccountDomain
import Accounts
import EventCoding
import Foundation
import PostgresClient
import StrictJSON
import TestSupport
import Testing

/// Ten minutes, over the wire: another gateway of the deployment has a clock that is ahead.
@Suite struct MeldExpiryTests {
    /// What gateways share, and the library that moves a clock.
    private struct World {
        let deployment: Deployment
        let library: String
        private let directory = TemporaryDirectory()

        init() throws {
            deployment = try Deployment()
            library = "\(directory.path)/clock_shift.so"
            let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .appendingPathComponent("Shims/clock_shift.c").path
            let built = try Shell(
                "$(command -v clang || command -v cc) -shared -fPIC -O1 -o '\(library)' '\(source)' -ldl")
            guard built.status == 0 else { throw TestFailure("no shifted clock: \(built.errors)") }
            // The database refuses what a gateway writes whose clock is more than seconds apart; here it must not.
            let connection = try PostgresConnection(deployment.database.configuration())
            defer { connection.close() }
            try connection.execute(
                script: """
                    DO $$ BEGIN
                      EXECUTE replace(
                        pg_get_functiondef('ledger.append_batch'::regproc), 'p_now)) > 5 THEN', 'p_now)) > 3600 THEN');
                    END $$
                    """)
        }

        /// A gateway whose clock is so many seconds ahead.
        func gateway(ahead seconds: Int) throws -> Gateway {
            let settings = seconds == 0 ? [:] : ["LD_PRELOAD": library, "CLOCK_SHIFT_SECONDS": "\(seconds)"]
            return try deployment.serve(settings)
        }

        /// The code that was mailed with a token, derived as the sender derives it.
        func code(of token: String) throws -> String {
            let database = deployment.database
            let stream = Meld.activation(token)
            let connection = try PostgresConnection(database.configuration())
            defer { connection.close() }
            let rows = try connection.query(
                PostgresStatement(
                    """
                    SELECT k.epoch, k.wrapped, e.command_id::text FROM ledger.subject_keys k
                      JOIN ledger.events e ON e.log_id = k.log_id AND e.stream_id = k.stream_id AND e.version = 1
                     WHERE k.stream_id = '\(stream)'
                    """))
            guard rows.count == 1, let command = CommandID(try rows.string(0, 2)) else {
                throw TestFailure("no activation")
            }
            let key = try Keyring(file: database.keyringFile).unwrap(
                try rows.bytes(0, 1), epoch: try rows.int32(0, 0), log: 0, stream: stream)
            return ActivationCode.derive(key, command)
        }
    }

    private func request(_ name: String, _ gateway: Gateway) throws -> String {
        let response = try gateway.root.with(nil).call(
            "POST", "/api/v1/user/\(name)/activation", ["email": .string("\(name)@example.org")])
        return try #require(response["jwe"].stringValue, "\(response.status) \(response.text)")
    }

    private func redeem(_ name: String, _ token: String, _ code: String, _ gateway: Gateway) throws -> Response {
        try gateway.root.with(nil).call(
            "POST", "/api/v1/user/\(name)/key",
            headers: [("Authorization", "Bearer \(token)"), ("X-Activation-Code", code)])
    }

    @Test func `a code is good for ten minutes and no longer`() throws {
        let world = try World()
        let (now, within) = (try world.gateway(ahead: 0), try world.gateway(ahead: 570))
        let (after, later) = (try world.gateway(ahead: 601), try world.gateway(ahead: 660))
        let shown = try after.root.call("GET", "/health/live").header("Date")
        #expect(try now.root.call("GET", "/health/live").header("Date") != shown, "the clock is moved")

        let name = Unique.name()
        let token = try request(name, now)
        let code = try world.code(of: token)
        let wrong = code == "555555" ? "555556" : "555555"
        for gateway in [after, later] {
            // As any other refusal; and none of them is an attempt, of which there are five.
            for code in [code, wrong, wrong, wrong] {
                let refused = try redeem(name, token, code, gateway)
                expectMeld(refused, 401, "Unauthorized")
                #expect(refused.text == #"{"code":"Unauthorized","message":""}"#)
            }
        }
        #expect(try now.root.call("GET", "/v1/accounts?name=\(name)").items.isEmpty)
        let key = try redeem(name, token, code, within)
        #expect(key.status == 200 && key["auth"]["key"].stringValue != nil, "\(key.text)")
        expectMeld(try redeem(name, token, code, now), 401, "Unauthorized")
    }
}
