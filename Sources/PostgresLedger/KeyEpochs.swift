public import AccountDomain
public import EventCoding
public import PostgresClient

/// The epochs of the wrapping keys: how many streams stand under each, and how their keys get under another.
///
/// Blocks, and belongs on a thread of its own.
public struct KeyEpochs: Sendable {
    /// One epoch as the database has it.
    public struct Epoch: Sendable, Equatable {
        /// Its number.
        public let number: Int32
        /// What the keyring's check value must be.
        public let checkValue: [UInt8]
        /// When it was made known to the database.
        public let openedAt: Moment
        /// When it was retired.
        public let retiredAt: Moment?
        /// How many living keys are wrapped under it.
        public let living: Int64
        /// How many keys that were under it are destroyed.
        public let destroyed: Int64
    }

    /// What came of a rewrapping.
    public struct Outcome: Sendable, Equatable {
        /// How many keys were put under the present epoch.
        public var rewrapped: Int64 = 0
        /// How many did not unwrap with the keyring, and stayed as they are.
        public var unreadable: Int64 = 0
        /// How many living keys still stand under other epochs.
        public var left: Int64 = 0
    }

    private let log: Int16
    private static let batch: Int32 = 500

    /// The epochs as one log uses them.
    public init(log: Int16 = 0) { self.log = log }

    /// Every epoch, counted.
    ///
    /// - Throws: `PostgresError`.
    public func counted(on connection: PostgresConnection) throws -> [Epoch] {
        let rows = try connection.query(Self.countEpochs, place)
        return try (0..<rows.count).map { row in
            Epoch(
                number: try rows.int32(row, 0), checkValue: try rows.bytes(row, 1), openedAt: try rows.moment(row, 2),
                retiredAt: rows.isNull(row, 3) ? nil : try rows.moment(row, 3), living: try rows.int64(row, 4),
                destroyed: try rows.int64(row, 5))
        }
    }

    /// Every epoch, for a keyring to learn.
    ///
    /// - Throws: `PostgresError`.
    public static func known(on connection: PostgresConnection) throws -> [LoadedKeyring.KnownEpoch] {
        let rows = try connection.query(findEpochs)
        return try (0..<rows.count).map { row in
            LoadedKeyring.KnownEpoch(
                number: try rows.int32(row, 0), checkValue: try rows.bytes(row, 1), isRetired: try rows.bool(row, 2))
        }
    }

    /// How many erased streams are still to be purged.
    ///
    /// - Throws: `PostgresError`.
    public func unpurged(on connection: PostgresConnection) throws -> Int64 {
        try connection.query(Self.countUnpurged, place).int64(0, 0)
    }

    /// Sees to it that one rotation goes on at a time, for as long as the session lasts.
    ///
    /// - Returns: false when there is another.
    /// - Throws: `PostgresError`.
    public func lockRotation(on connection: PostgresConnection) throws -> Bool {
        try connection.query(Self.lockRotation, place).bool(0, 0)
    }

    /// Makes an epoch known to the database, from when on keys may be wrapped under it.
    ///
    /// - Throws: `PostgresError`.
    public func register(_ number: Int32, of keyring: Keyring, on connection: PostgresConnection) throws {
        guard let value = keyring.checkValue(of: number) else { throw LogMismatch.missingEpoch(number) }
        var parameters = PostgresParameters()
        parameters.append(number)
        parameters.append(value)
        try connection.query(Self.insertEpoch, parameters)
    }

    /// How many living keys stand under other epochs than one.
    ///
    /// - Throws: `PostgresError`.
    public func living(outside epoch: Int32, on connection: PostgresConnection) throws -> Int64 {
        var parameters = place
        parameters.append(epoch)
        return try connection.query(Self.countWrapped, parameters).int64(0, 0)
    }

    /// Puts every living key under the keyring's present epoch, batch by batch, each in a transaction of its own.
    ///
    /// It goes through the streams again for keys that were in use or changed, as long as that helps; what a gateway
    /// wraps under an older epoch meanwhile is found by the next pass. Begun anew after a kill, it passes over what was
    /// done.
    ///
    /// - Parameters:
    ///   - keyring: holds the present epoch and all that keys stand under.
    ///   - connection: a session that may call `ledger.rewrap`.
    ///   - progress: told after each batch how many keys were rewrapped so far; false stops.
    /// - Returns: what came of it.
    /// - Throws: `PostgresError`.
    public func rewrap(
        under keyring: Keyring, on connection: PostgresConnection, progress: (Int64) throws -> Bool
    ) throws -> Outcome {
        var outcome = Outcome()
        for _ in 0..<5 {
            let before = outcome.rewrapped
            outcome.unreadable = 0
            guard try pass(keyring, connection, &outcome, progress) else { break }
            outcome.left = try living(outside: keyring.current, on: connection)
            if outcome.left <= outcome.unreadable || outcome.rewrapped == before { return outcome }
        }
        outcome.left = try living(outside: keyring.current, on: connection)
        return outcome
    }

    /// Ends an epoch under which no living key is left.
    ///
    /// Only then may its key be destroyed.
    ///
    /// - Throws: `PostgresError`, with SQLSTATE LG006 while keys are left or when there is no such epoch.
    public func retire(_ epoch: Int32, on connection: PostgresConnection) throws {
        var parameters = PostgresParameters()
        parameters.append(epoch)
        for attempt in 1... {
            do throws(PostgresError) {
                try connection.query(Self.retireEpoch, parameters)
                return
            } catch {
                // Appends hold the lock it needs, each for a moment.
                guard error.isRetriable, attempt < 20 else { throw error }
            }
        }
    }

    /// One way through all streams; false when it was stopped.
    private func pass(
        _ keyring: Keyring, _ connection: PostgresConnection, _ outcome: inout Outcome,
        _ progress: (Int64) throws -> Bool
    ) throws -> Bool {
        var after = StreamID(high: 0, low: 0)
        while true {
            var parameters = place
            parameters.append(keyring.current)
            parameters.append(after)
            parameters.append(Self.batch)
            let rows = try connection.query(Self.findWrapped, parameters)
            guard rows.count > 0 else { return true }
            var streams: [StreamID] = []
            var old: [[UInt8]] = []
            var new: [[UInt8]] = []
            for row in 0..<rows.count {
                let stream: StreamID = try rows.id(row, 0)
                let wrapped = try rows.bytes(row, 2)
                after = stream
                guard let key = try? keyring.unwrap(wrapped, epoch: rows.int32(row, 1), log: log, stream: stream) else {
                    outcome.unreadable += 1
                    continue
                }
                streams.append(stream)
                old.append(wrapped)
                new.append(keyring.wrap(key, log: log, stream: stream).wrapped)
            }
            outcome.rewrapped += try store(streams, old, new, keyring.current, connection)
            guard try progress(outcome.rewrapped) else { return false }
        }
    }

    private func store(
        _ streams: [StreamID], _ old: [[UInt8]], _ new: [[UInt8]], _ epoch: Int32, _ connection: PostgresConnection
    ) throws -> Int64 {
        guard !streams.isEmpty else { return 0 }
        var parameters = place
        parameters.append(epoch)
        parameters.append(array: streams.map { (high: $0.high, low: $0.low) })
        parameters.append(array: old)
        parameters.append(array: new)
        return Int64(try connection.query(Self.rewrapKeys, parameters).int32(0, 0))
    }

    private var place: PostgresParameters {
        var parameters = PostgresParameters()
        parameters.append(log)
        return parameters
    }

    private static let countEpochs = PostgresStatement(
        Statement.countEpochs, parameterTypes: [.int2], isReadOnly: true)
    private static let findEpochs = PostgresStatement(Statement.findEpochs, isReadOnly: true)
    private static let countUnpurged = PostgresStatement(
        Statement.countUnpurged, parameterTypes: [.int2], isReadOnly: true)
    private static let lockRotation = PostgresStatement(Statement.lockRotation, parameterTypes: [.int2])
    private static let insertEpoch = PostgresStatement(Statement.insertEpoch, parameterTypes: [.int4, .bytea])
    private static let countWrapped = PostgresStatement(
        Statement.countWrapped, parameterTypes: [.int2, .int4], isReadOnly: true)
    private static let findWrapped = PostgresStatement(
        Statement.findWrapped, parameterTypes: [.int2, .int4, .uuid, .int4], isReadOnly: true)
    private static let rewrapKeys = PostgresStatement(
        Statement.rewrap, parameterTypes: [.int2, .int4, .uuidArray, .byteaArray, .byteaArray])
    private static let retireEpoch = PostgresStatement(Statement.retireEpoch, parameterTypes: [.int4])
}
