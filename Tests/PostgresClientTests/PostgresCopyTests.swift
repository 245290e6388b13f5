import PostgresClient
import TestSupport
import Testing

@Suite("COPY")
struct PostgresCopyTests {
    private let table = """
        CREATE TEMP TABLE t (
            a int8, b int4, c int2, d bool, e text, f bytea, g uuid, h timestamptz, i "char", j int8[], k text)
        """

    @Test func `rows go in and come out`() throws {
        let connection = try TestCluster.connect()
        try connection.execute(script: table)
        let count = 20_000
        let copied = try connection.copyIn("COPY t FROM STDIN (FORMAT binary)") { writer in
            for row in 0..<count {
                try writer.row(columns: 11)
                writer.append(Int64(row))
                writer.append(Int32(-row))
                writer.append(Int16(row % 100))
                writer.append(row % 2 == 0)
                writer.append("row \(row)")
                writer.append([UInt8](repeating: 1, count: row % 50))
                writer.append(high: UInt64(row), low: .max)
                writer.append(timestampMicroseconds: Int64(row))
                writer.append(char: 0x61)
                writer.append(array: [Int64(row), 1])
                writer.appendNull()
            }
        }
        #expect(copied == count)
        let sum = try connection.query(PostgresStatement("SELECT sum(a)::int8, sum(j[1])::int8, count(k) FROM t"))
        #expect(try sum.int64(0, 0) == Int64(count * (count - 1) / 2))
        #expect(try sum.int64(0, 1) == Int64(count * (count - 1) / 2))
        #expect(try sum.int64(0, 2) == 0)

        var row = 0
        try connection.copyOut("COPY (SELECT * FROM t ORDER BY a) TO STDOUT (FORMAT binary)") { reader in
            guard row % 997 == 0 else {
                row += 1
                return
            }
            #expect(reader.columnCount == 11)
            #expect(try reader.int64() == Int64(row))
            #expect(try reader.int32() == Int32(-row))
            #expect(try reader.int16() == Int16(row % 100))
            #expect(try reader.bool() == (row % 2 == 0))
            #expect(try reader.string() == "row \(row)")
            #expect(try reader.bytea().count == row % 50)
            #expect(try reader.uuid() == (UInt64(row), .max))
            #expect(try reader.timestampMicroseconds() == Int64(row))
            #expect(try reader.char() == 0x61)
            try reader.skip()
            let isLastNull = reader.isNextNull()
            #expect(isLastNull)
            #expect(try reader.optionalBytea() == nil)
            row += 1
        }
        #expect(row == count)
        #expect(connection.isIdle)
    }

    @Test func `an empty table gives no rows`() throws {
        let connection = try TestCluster.connect()
        try connection.execute(script: table)
        try connection.copyOut("COPY t TO STDOUT (FORMAT binary)") { _ in Issue.record("there is no row") }
        #expect(try connection.copyIn("COPY t FROM STDIN (FORMAT binary)") { _ in } == 0)
    }

    @Test func `a body that throws copies nothing and leaves the connection usable`() throws {
        struct Refusal: Error {}
        let connection = try TestCluster.connect()
        try connection.execute(script: "CREATE TEMP TABLE t (a int8)")
        #expect(throws: Refusal.self) {
            try connection.copyIn("COPY t FROM STDIN (FORMAT binary)") { writer in
                for row in 0..<20_000 {
                    try writer.row(columns: 1)
                    writer.append(Int64(row))
                }
                throw Refusal()
            }
        }
        #expect(try connection.query(PostgresStatement("SELECT count(*) FROM t")).int64(0, 0) == 0)
    }

    @Test func `rows the server refuses are an error and the connection stays usable`() throws {
        let connection = try TestCluster.connect()
        try connection.execute(script: "CREATE TEMP TABLE t (a int8 PRIMARY KEY)")
        let error = #expect(throws: PostgresError.self) {
            try connection.copyIn("COPY t FROM STDIN (FORMAT binary)") { writer in
                for _ in 0..<50_000 {
                    try writer.row(columns: 1)
                    writer.append(1 as Int64)
                }
            }
        }
        #expect(error?.sqlState == "23505")
        #expect(connection.isIdle)
        let missing = #expect(throws: PostgresError.self) {
            try connection.copyIn("COPY missing FROM STDIN (FORMAT binary)") { _ in }
        }
        #expect(missing?.sqlState == "42P01")
        #expect(connection.isIdle)
    }
}
