import AccountDomain
import PostgresClient
import PostgresLedger

extension PostgresParameters {
    mutating func append(optional value: String?) { if let value { append(value) } else { appendNull(.text) } }
    mutating func append(optional value: Bool?) { if let value { append(value) } else { appendNull(.bool) } }
    mutating func append(optional value: [UInt8]?) { if let value { append(value) } else { appendNull(.bytea) } }
    mutating func append(optional value: Moment?) { if let value { append(value) } else { appendNull(.timestamptz) } }
    mutating func append(optional value: StreamID?) { if let value { append(value) } else { appendNull(.uuid) } }
}
