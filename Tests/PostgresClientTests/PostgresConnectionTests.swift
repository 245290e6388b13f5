import PostgresClient
import TestSupport
import Testing

@Suite("Connection")
struct PostgresConnectionTests {
    static let backendPID = PostgresStatement("SELECT pg_backend_pid()")
    static let terminate = PostgresStatement("SELECT pg_terminate_backend($1)", parameterTypes: [.int4])

    @Test func `the session has its settings`() throws {
        let connection = try TestCluster.connect(session: ["search_path": "pg_catalog, \"odd name\""])
        let rows = try connection.query(
            PostgresStatement(
                """
                SELECT current_setting('lock_timeout'), current_setting('idle_in_transaction_session_timeout'),
                       current_setting('synchronous_commit'), current_setting('client_min_messages'),
                       current_setting('search_path'), current_setting('application_name'),
                       current_setting('client_encoding')
                """))
        #expect(
            try (0..<7).map { try rows.string(0, $0) } == [
                "2s", "5s", "on", "warning", "pg_catalog, \"odd name\"", "tests", "UTF8",
            ])
    }

    @Test func `a violated constraint is named, without the data`() throws {
        let connection = try TestCluster.connect()
        try connection.execute(script: "CREATE TEMP TABLE t (id int8 CONSTRAINT t_id_is_unique UNIQUE)")
        var parameters = PostgresParameters()
        parameters.append(424_242 as Int64)
        let insert = PostgresStatement("INSERT INTO t VALUES ($1)", parameterTypes: [.int8])
        #expect(try connection.query(insert, parameters).affected == 1)
        let error = #expect(throws: PostgresError.self) { try connection.query(insert, parameters) }
        #expect(error?.kind == .server)
        #expect(error?.sqlState == "23505")
        #expect(error?.constraint == "t_id_is_unique")
        #expect(error?.isRetriable == false)
        #expect(error.map { "\($0)".contains("424242") } == false)
    }

    @Test func `input that the server quotes is left out of the message`() throws {
        let connection = try TestCluster.connect()
        var parameters = PostgresParameters()
        parameters.append("secret@example.com")
        let error = #expect(throws: PostgresError.self) {
            try connection.query(PostgresStatement("SELECT $1::int4", parameterTypes: [.text]), parameters)
        }
        #expect(error?.sqlState == "22P02")
        #expect(error?.message.contains("secret") == false)
    }

    @Test func `warnings of the last statement are kept, notices are not`() throws {
        let connection = try TestCluster.connect()
        try connection.execute(script: "DO $$ BEGIN RAISE WARNING 'a'; RAISE WARNING SQLSTATE '01008'; END $$")
        #expect(connection.lastWarnings == ["01000", "01008"])
        try connection.execute(script: "DO $$ BEGIN RAISE NOTICE 'a'; END $$")
        #expect(connection.lastWarnings.isEmpty)
    }

    @Test func `a transaction commits when its body returns and rolls back when it throws`() throws {
        struct Refusal: Error {}
        let connection = try TestCluster.connect()
        try connection.execute(script: "CREATE TEMP TABLE t (id int8)")
        let insert = PostgresStatement("INSERT INTO t VALUES (1)")
        try connection.transaction { try $0.query(insert) }
        #expect(throws: Refusal.self) {
            try connection.transaction { connection in
                try connection.query(insert)
                throw Refusal()
            }
        }
        #expect(connection.isIdle)
        #expect(try connection.query(PostgresStatement("SELECT count(*) FROM t")).int64(0, 0) == 1)
    }

    @Test func `a transaction whose failure was swallowed does not count as committed`() throws {
        let connection = try TestCluster.connect()
        let error = #expect(throws: PostgresError.self) {
            try connection.transaction { _ = try? $0.query(PostgresStatement("SELECT 1/0")) }
        }
        #expect(error?.sqlState == "25P02")
        #expect(error?.isOutcomeUnknown == false)
    }

    @Test func `a warning at the commit leaves the outcome unknown`() throws {
        let connection = try TestCluster.connect()
        try connection.execute(
            script: """
                CREATE FUNCTION pg_temp.warn() RETURNS trigger LANGUAGE plpgsql
                    AS $$ BEGIN RAISE WARNING 'not replicated'; RETURN NULL; END $$;
                CREATE TEMP TABLE t (id int8);
                CREATE CONSTRAINT TRIGGER warn AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED
                    FOR EACH ROW EXECUTE FUNCTION pg_temp.warn();
                """)
        let error = #expect(throws: PostgresError.self) {
            try connection.transaction { try $0.query(PostgresStatement("INSERT INTO t VALUES (1)")) }
        }
        #expect(error?.isOutcomeUnknown == true)
    }

    @Test func `a passed deadline closes the connection`() throws {
        let connection = try TestCluster.connect()
        let error = #expect(throws: PostgresError.self) {
            try connection.query(PostgresStatement("SELECT pg_sleep(20)::text"), deadlineMilliseconds: 50)
        }
        #expect(error?.kind == .timeout)
        #expect(error?.isOutcomeUnknown == true)
        #expect(connection.isBroken)
        let next = #expect(throws: PostgresError.self) { try connection.query(Self.backendPID) }
        #expect(next?.kind == .closed)
    }

    @Test func `a terminated session is noticed`() throws {
        let connection = try TestCluster.connect()
        var parameters = PostgresParameters()
        parameters.append(connection.backendPID)
        try TestCluster.connect().query(Self.terminate, parameters)
        let error = #expect(throws: PostgresError.self) { try connection.query(Self.backendPID) }
        #expect(error?.kind == .connection)
        #expect(connection.isBroken)
    }

    @Test func `a prepared statement that is gone is prepared again`() throws {
        let connection = try TestCluster.connect()
        #expect(try connection.query(Self.backendPID).int32(0, 0) == connection.backendPID)
        try connection.execute(script: "DEALLOCATE ALL")
        #expect(try connection.query(Self.backendPID).int32(0, 0) == connection.backendPID)
    }

    @Test func `a changed result type is prepared again`() throws {
        let connection = try TestCluster.connect()
        try connection.execute(script: "CREATE TEMP TABLE t AS SELECT 1::int4 AS a")
        let all = PostgresStatement("SELECT * FROM t")
        #expect(try connection.query(all).columnCount == 1)
        try connection.execute(script: "ALTER TABLE t ADD b int8")
        #expect(try connection.query(all).columnCount == 2)
    }

    @Test func `notifications arrive with their payload`() throws {
        let connection = try TestCluster.connect()
        try connection.listen("odd \"channel\"")
        #expect(try connection.notifications(timeoutMilliseconds: 0).isEmpty)
        try TestCluster.connect().execute(script: "NOTIFY \"odd \"\"channel\"\"\", 'seven'")
        let found = try connection.notifications(timeoutMilliseconds: 20_000)
        #expect(found.map(\.channel) == ["odd \"channel\""])
        #expect(found.map(\.payload) == ["seven"])
    }

    @Test func `a server that is not there is a failure of the connection`() {
        let configuration = PostgresConfiguration(url: "host=/nonexistent dbname=x", applicationName: "test")
        let error = #expect(throws: PostgresError.self) { try PostgresConnection(configuration) }
        #expect(error?.kind == .connection)
        #expect(error?.message.contains("\n") == false)
    }

    @Test(arguments: [
        "postgres://u:hunter2@[::1/db", "postgres://u:hunter2@h:1/db?hunter2=1", "host=x password=a hunter2",
        "postgres://u:hunter2%zz@h/db", "nonsense hunter2",
    ])
    func `a malformed URL is refused without its password`(url: String) {
        let configuration = PostgresConfiguration(url: url, applicationName: "test")
        let error = #expect(throws: PostgresError.self) { try configuration.validate() }
        #expect(error?.message.hasPrefix("the database URL is malformed: ") == true)
        #expect(error.map { "\($0)".contains("hunter2") || $0.message.contains("\n") } == false)
        #expect(!"\(configuration)".contains("hunter2"))
    }

    @Test func `a description masks the password`() throws {
        let configuration = PostgresConfiguration(
            url: "postgres://u:hunter2@a:1,b:2/db?target_session_attrs=read-write", applicationName: "test")
        try configuration.validate()
        #expect(configuration.description.contains("host=a,b"))
        #expect(configuration.description.contains("password=***"))
        #expect(!configuration.description.contains("hunter2"))
    }
}
