public import AccountDomain
public import PostgresClient

extension PostgresParameters {
    /// Binds an identifier as uuid.
    public mutating func append(_ id: some UUIDShaped) { append(high: id.high, low: id.low) }

    /// Binds a moment as timestamptz.
    public mutating func append(_ moment: Moment) { append(timestampMicroseconds: moment.microseconds) }
}

extension PostgresRows {
    /// A uuid cell.
    public func id<ID: UUIDShaped>(_ row: Int, _ column: Int) throws(PostgresError) -> ID {
        let value = try uuid(row, column)
        return ID(high: value.high, low: value.low)
    }

    /// A timestamptz cell.
    public func moment(_ row: Int, _ column: Int) throws(PostgresError) -> Moment {
        Moment(microseconds: try timestampMicroseconds(row, column))
    }
}
