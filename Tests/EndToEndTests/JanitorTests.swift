import PostgresClient
import StrictJSON
import TestSupport
import Testing

/// Activations that nobody redeemed, after the hour that they are given.
@Suite struct JanitorTests {
    @Test func `an activation that expired an hour ago is forgotten with its key and its box, a later one is not`()
        throws
    {
        let deployment = try Deployment()
        let canaries = ["zaunkoenig", "heckenbraunelle"]
        let first = try deployment.serve()
        for name in canaries {
            let asked = try first.root.with(nil).call(
                "POST", "/api/v1/user/\(name)/activation", ["email": .string("\(name)@example.org")])
            #expect(asked.status == 200, "\(asked.text)")
        }
        #expect(first.process.stop() == 0)
        let connection = try PostgresConnection(deployment.database.configuration())
        defer { connection.close() }
        func text(_ sql: String) throws -> String {
            try connection.query(PostgresStatement("SELECT coalesce((\(sql))::text, '')")).string(0, 0)
        }
        // As if the first had been asked for two hours ago, and the second an hour and five minutes: a code lives for ten.
        try connection.execute(
            script: """
                ALTER TABLE ledger.events DISABLE TRIGGER ALL;
                UPDATE ledger.events e SET data = convert_to('{"expires_at":' ||
                         ((convert_from(data, 'UTF8')::jsonb ->> 'expires_at')::int8
                          - CASE position WHEN 1 THEN 120 ELSE 65 END * 60000000::int8) || '}', 'UTF8');
                ALTER TABLE ledger.events ENABLE ALWAYS TRIGGER purge_only, ENABLE ALWAYS TRIGGER no_delete,
                  ENABLE ALWAYS TRIGGER no_truncate;
                """)
        let projector = try deployment.project()
        let isFolded = "SELECT count(*) FROM ledger.lanes WHERE name = 'activations' AND position >= 2"
        #expect(try eventually { try text(isFolded) == "4" })
        #expect(try text("SELECT string_agg(ended::text, ' ') FROM rm.activations_1") == "false false")

        let second = try deployment.serve()
        let ended = "SELECT stream_id FROM ledger.events WHERE event_type = 'activation.ended.v1'"
        #expect(try eventually { try text(ended) == text("SELECT stream_id FROM ledger.events WHERE position = 1") })
        let left =
            "SELECT string_agg(position || ':' || (secret IS NOT NULL) || ':' || (wrapped IS NOT NULL), ' ' ORDER BY position)"
        let rows = " FROM ledger.events e JOIN ledger.subject_keys k USING (log_id, stream_id)"
        #expect(try eventually { try text(left + rows) == "1:false:false 2:true:true 3:false:false" })
        #expect(
            try eventually {
                try text("SELECT string_agg(ended::text, ' ' ORDER BY ended) FROM rm.activations_1") == "false true"
            })
        #expect(try second.root.head() == 3)
        #expect(projector.stop() == 0 && second.process.stop() == 0)
    }
}
