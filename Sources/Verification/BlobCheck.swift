import AccountDomain
import Glibc
import PostgresClient
import PostgresLedger
import StrictJSON
import Transparency

/// Whether the blobs that events name are there, and are what they were.
struct BlobCheck {
    private let run: VerificationRun

    init(_ run: VerificationRun) { self.run = run }

    /// The blob that an event's data name: `"blob"` with the hash, `"blob_length"` with the length.
    static func name(in data: UnsafeRawBufferPointer, _ stream: StreamID, _ position: Int64) -> ChunkScan.BlobName? {
        // The member and a hash alone are longer than most data, so few events are looked at any closer.
        guard data.count >= 74, contains(data, "\"blob\":"),
            let object = (try? JSONReader.read(Array(data)))?.objectValue,
            let hash = object["blob"]?.stringValue.flatMap({ Hex.decode($0) }), hash.count == 32
        else { return nil }
        return ChunkScan.BlobName(
            position: position, stream: stream, hash: hash, length: object["blob_length"]?.integerValue ?? -1)
    }

    private static func contains(_ data: UnsafeRawBufferPointer, _ name: StaticString) -> Bool {
        name.withUTF8Buffer { name in
            guard let base = data.baseAddress, let wanted = name.baseAddress else { return false }
            var place = 0
            while data.count - place >= name.count,
                let found = memchr(base + place, Int32(wanted[0]), data.count - place - name.count + 1)
            {
                if memcmp(found, wanted, name.count) == 0 { return true }
                place = UnsafeRawPointer(found) - base + 1
            }
            return false
        }
    }

    /// Looks for the blobs by their rows; their bytes are hashed by ``hashAll(on:into:)``.
    func check(
        _ blobs: [ChunkScan.BlobName], on connection: PostgresConnection, into findings: inout [Finding]
    ) throws {
        var missing: [ChunkScan.BlobName] = []
        for start in stride(from: 0, to: blobs.count, by: 4_096) {
            let page = Array(blobs[start..<min(start + 4_096, blobs.count)])
            var parameters = PostgresParameters()
            parameters.append(run.log)
            parameters.append(array: page.map { ($0.stream.high, $0.stream.low) })
            parameters.append(array: page.map(\.hash))
            parameters.append(array: (0..<page.count).map { Int32($0) })
            let rows = try connection.query(Self.findBlobs, parameters)
            for row in 0..<rows.count {
                let blob = page[Int(try rows.int32(row, 0))]
                if rows.isNull(row, 1) {
                    missing.append(blob)
                } else if try Int64(rows.int32(row, 1)) != blob.length {
                    findings.append(
                        Finding(
                            .blob, position: blob.position, stream: blob.stream,
                            "its blob has another length than the event says"))
                }
            }
        }
        guard !missing.isEmpty else { return }
        let living = Set(try living(Array(Set(missing.map(\.stream))), on: connection))
        for blob in missing where living.contains(blob.stream) {
            findings.append(
                Finding(.blob, position: blob.position, stream: blob.stream, "its blob is missing"))
        }
    }

    /// Of some streams, those that were not erased.
    func living(_ streams: [StreamID], on connection: PostgresConnection) throws -> [StreamID] {
        var parameters = PostgresParameters()
        parameters.append(run.log)
        parameters.append(array: streams.map { ($0.high, $0.low) })
        let rows = try connection.query(run.readsKeys ? Self.findLiving : Self.findLivingUnkeyed, parameters)
        return try (0..<rows.count).map { try rows.id($0, 0) }
    }

    /// Hashes the bytes of every blob.
    func hashAll(on connection: PostgresConnection, into findings: inout [Finding]) throws {
        var changed: [(StreamID, [UInt8])] = []
        try connection.copyOut(Statement.copy(Statement.copyBlobs, ["log": "\(run.log)"])) { row in
            let stream = try row.uuid()
            let hash = try row.bytea()
            let computed = try row.withBytes { TreeHash.sha256($0) }
            if computed.bytes != hash { changed.append((StreamID(high: stream.high, low: stream.low), hash)) }
        }
        for (stream, hash) in changed.prefix(100) {
            var parameters = PostgresParameters()
            parameters.append(run.log)
            parameters.append(stream)
            parameters.append(Array((TreeHash(bytes: hash)?.description ?? "").utf8))
            let rows = try connection.query(Self.findBlobEvent, parameters)
            findings.append(
                Finding(
                    .blob, position: rows.count > 0 ? try rows.int64(0, 0) : nil, stream: stream,
                    "the bytes of its blob are not those that were stored"))
        }
    }

    private static let findBlobs = PostgresStatement(
        Statement.findBlobs, parameterTypes: [.int2, .uuidArray, .byteaArray, .int4Array], isReadOnly: true)
    private static let findLiving = PostgresStatement(
        Statement.findLiving, parameterTypes: [.int2, .uuidArray], isReadOnly: true)
    private static let findLivingUnkeyed = PostgresStatement(
        Statement.findLivingUnkeyed, parameterTypes: [.int2, .uuidArray], isReadOnly: true)
    private static let findBlobEvent = PostgresStatement(
        Statement.findBlobEvent, parameterTypes: [.int2, .uuid, .bytea], isReadOnly: true)
}
