import PostgresClient
import TestSupport
import Testing

@Suite("Binary codecs")
struct PostgresCodecTests {
    let connection: PostgresConnection

    init() throws {
        connection = try TestCluster.connect()
    }

    /// Sends one value to the server and takes back what it makes of it.
    private func echo(
        _ type: PostgresType, as name: String, _ append: (inout PostgresParameters) -> Void
    ) throws -> PostgresRows {
        var parameters = PostgresParameters()
        append(&parameters)
        return try connection.query(
            PostgresStatement("SELECT $1::\(name), $1::\(name)::text", parameterTypes: [type]), parameters)
    }

    @Test func `integers keep their extremes`() throws {
        for value in [Int16.min, -1, 0, 1, .max] {
            let rows = try echo(.int2, as: "int2") { $0.append(value) }
            #expect(try rows.int16(0, 0) == value)
            #expect(try rows.string(0, 1) == String(value))
        }
        for value in [Int32.min, -1, 0, 1, .max] {
            let rows = try echo(.int4, as: "int4") { $0.append(value) }
            #expect(try rows.int32(0, 0) == value)
            #expect(try rows.string(0, 1) == String(value))
        }
        for value in [Int64.min, -1, 0, 1, .max] {
            let rows = try echo(.int8, as: "int8") { $0.append(value) }
            #expect(try rows.int64(0, 0) == value)
            #expect(try rows.string(0, 1) == String(value))
        }
    }

    @Test func `booleans, characters and doubles come back`() throws {
        #expect(try echo(.bool, as: "bool") { $0.append(true) }.bool(0, 0))
        #expect(try !echo(.bool, as: "bool") { $0.append(false) }.bool(0, 0))
        #expect(try echo(.char, as: "\"char\"") { $0.append(char: 0x78) }.char(0, 0) == 0x78)
        #expect(try echo(.float8, as: "float8") { $0.append(-0.1) }.double(0, 0) == -0.1)
    }

    @Test(arguments: ["", "plain", "Zürich 🏔 \"quoted\" 'single' \\ \n", String(repeating: "é", count: 100_000)])
    func `text comes back`(text: String) throws {
        #expect(try echo(.text, as: "text") { $0.append(text) }.string(0, 0) == text)
    }

    @Test(arguments: [[], [0], [UInt8](0...255), [UInt8](repeating: 7, count: 300_000)])
    func `bytes come back`(bytes: [UInt8]) throws {
        let rows = try echo(.bytea, as: "bytea") { $0.append(bytes) }
        #expect(try rows.bytes(0, 0) == bytes)
        #expect(try rows.withBytes(0, 0) { Array($0) } == bytes)
    }

    @Test func `a uuid keeps the order of its bytes`() throws {
        let rows = try echo(.uuid, as: "uuid") { $0.append(high: 0x0123_4567_89AB_CDEF, low: 0xFEDC_BA98_7654_3210) }
        #expect(try rows.string(0, 1) == "01234567-89ab-cdef-fedc-ba9876543210")
        let (high, low) = try rows.uuid(0, 0)
        #expect(high == 0x0123_4567_89AB_CDEF)
        #expect(low == 0xFEDC_BA98_7654_3210)
    }

    @Test func `jsonb is sent and read as text`() throws {
        let rows = try echo(.jsonb, as: "jsonb") { $0.append(jsonb: Array(#"{"a": [1, null]}"#.utf8)) }
        #expect(String(decoding: try rows.jsonb(0, 0), as: UTF8.self) == #"{"a": [1, null]}"#)
    }

    @Test(
        arguments: [
            (0, "1970-01-01 00:00:00+00"), (-1, "1969-12-31 23:59:59.999999+00"),
            (946_684_799_999_999, "1999-12-31 23:59:59.999999+00"), (946_684_800_000_000, "2000-01-01 00:00:00+00"),
            (1_700_000_000_123_456, "2023-11-14 22:13:20.123456+00"), (Int64.max, "infinity"), (Int64.min, "-infinity"),
        ] as [(Int64, String)])
    func `a point in time means the same to the server`(microseconds: Int64, text: String) throws {
        try connection.execute(script: "SET timezone = 'UTC'")
        let rows = try echo(.timestamptz, as: "timestamptz") { $0.append(timestampMicroseconds: microseconds) }
        #expect(try rows.string(0, 1) == text)
        #expect(try rows.timestampMicroseconds(0, 0) == microseconds)
    }

    @Test func `NULL is NULL and not zero`() throws {
        let rows = try echo(.int8, as: "int8") { $0.appendNull(.int8) }
        #expect(rows.isNull(0, 0))
        #expect(throws: PostgresError.self) { try rows.int64(0, 0) }
    }

    @Test func `arrays of fixed size come back, empty ones too`() throws {
        for array in [[], [Int16.min, 0, .max]] {
            #expect(try echo(.int2Array, as: "int2[]") { $0.append(array: array) }.int16Array(0, 0) == array)
        }
        for array in [[], [Int32.min, 0, .max]] {
            #expect(try echo(.int4Array, as: "int4[]") { $0.append(array: array) }.int32Array(0, 0) == array)
        }
        for array in [[], [Int64.min, 0, .max], (0..<5000).map(Int64.init)] {
            #expect(try echo(.int8Array, as: "int8[]") { $0.append(array: array) }.int64Array(0, 0) == array)
        }
        for array in [[], [true, false, true]] {
            #expect(try echo(.boolArray, as: "bool[]") { $0.append(array: array) }.boolArray(0, 0) == array)
        }
        for array: [UInt8] in [[], [0x61, 0x7A, 0x20]] {
            #expect(try echo(.charArray, as: "\"char\"[]") { $0.append(charArray: array) }.charArray(0, 0) == array)
        }
        for array: [Int64] in [[], [0, -1, 946_684_800_000_000]] {
            let rows = try echo(.timestamptzArray, as: "timestamptz[]") {
                $0.append(timestampMicrosecondsArray: array)
            }
            #expect(try rows.timestampMicrosecondsArray(0, 0) == array)
        }
    }

    @Test func `arrays of text, bytes and ids come back, empty ones too`() throws {
        for array in [[], ["", "a", "ü, \"{}\" NULL"]] {
            #expect(try echo(.textArray, as: "text[]") { $0.append(array: array) }.stringArray(0, 0) == array)
        }
        for array: [[UInt8]] in [[], [[], [0, 255], [UInt8](repeating: 1, count: 10_000)]] {
            #expect(try echo(.byteaArray, as: "bytea[]") { $0.append(array: array) }.bytesArray(0, 0) == array)
        }
        let ids: [(high: UInt64, low: UInt64)] = [(0, 0), (.max, 1), (1, .max)]
        let rows = try echo(.uuidArray, as: "uuid[]") { $0.append(array: ids) }
        #expect(try rows.uuidArray(0, 0).map { [$0.high, $0.low] } == ids.map { [$0.high, $0.low] })
    }

    @Test func `arrays keep their NULLs`() throws {
        let int16: [Int16?] = [nil, 1, nil]
        #expect(try echo(.int2Array, as: "int2[]") { $0.append(array: int16) }.optionalInt16Array(0, 0) == int16)
        let int32: [Int32?] = [1, nil, .min]
        #expect(try echo(.int4Array, as: "int4[]") { $0.append(array: int32) }.optionalInt32Array(0, 0) == int32)
        let int64: [Int64?] = [nil, nil]
        #expect(try echo(.int8Array, as: "int8[]") { $0.append(array: int64) }.optionalInt64Array(0, 0) == int64)
        let bytes: [[UInt8]?] = [nil, [], [1]]
        #expect(try echo(.byteaArray, as: "bytea[]") { $0.append(array: bytes) }.optionalBytesArray(0, 0) == bytes)
        let texts: [String?] = ["", nil, "NULL"]
        #expect(try echo(.textArray, as: "text[]") { $0.append(array: texts) }.optionalStringArray(0, 0) == texts)
        let times: [Int64?] = [nil, -5]
        let rows = try echo(.timestamptzArray, as: "timestamptz[]") { $0.append(timestampMicrosecondsArray: times) }
        #expect(try rows.optionalTimestampMicrosecondsArray(0, 0) == times)
        let ids: [(high: UInt64, low: UInt64)?] = [nil, (1, 2)]
        let idRows = try echo(.uuidArray, as: "uuid[]") { $0.append(array: ids) }
        #expect(try idRows.optionalUUIDArray(0, 0).map { $0?.low } == [nil, 2])
        #expect(throws: PostgresError.self) { try idRows.uuidArray(0, 0) }
    }

    @Test func `reading another type than the column's is refused`() throws {
        let rows = try echo(.int4, as: "int4") { $0.append(1 as Int32) }
        let refusals: [() throws -> Void] = [
            { _ = try rows.int64(0, 0) }, { _ = try rows.string(0, 0) }, { _ = try rows.int32Array(0, 0) },
            { _ = try rows.int32(1, 0) }, { _ = try rows.int32(0, 2) }, { _ = try rows.int32(-1, 0) },
        ]
        for refusal in refusals {
            let error = #expect(throws: PostgresError.self) { try refusal() }
            #expect(error?.kind == .decoding)
        }
    }

    @Test func `parameters that do not fit the statement are not sent`() throws {
        var parameters = PostgresParameters()
        parameters.append(1 as Int32)
        let statement = PostgresStatement("SELECT $1::int8", parameterTypes: [.int8])
        #expect(throws: PostgresError.self) { try connection.query(statement, parameters) }
        #expect(throws: PostgresError.self) { try connection.query(statement) }
        #expect(!connection.isBroken)
    }

    @Test func `a copy of parameters does not change with the original`() throws {
        var parameters = PostgresParameters()
        parameters.append(1 as Int64)
        let copy = parameters
        parameters.append(2 as Int64)
        #expect(copy.count == 1)
        #expect(parameters.count == 2)
        let statement = PostgresStatement("SELECT $1::int8", parameterTypes: [.int8])
        #expect(try connection.query(statement, copy).int64(0, 0) == 1)
    }
}
