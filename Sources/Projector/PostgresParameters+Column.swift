import AccountDomain
import PostgresClient
import ProjectionKit

extension Column {
    /// The type of the array.
    var type: PostgresType {
        switch self {
        case .ids, .optionalIDs: .uuidArray
        case .int2: .int2Array
        case .int4: .int4Array
        case .int8: .int8Array
        case .flags: .boolArray
        case .texts: .textArray
        case .bytes, .optionalBytes: .byteaArray
        case .moments, .optionalMoments: .timestamptzArray
        }
    }
}

extension PostgresParameters {
    /// Binds a column as an array.
    mutating func append(_ column: Column) {
        switch column {
        case .ids(let values): append(array: values.map { ($0.high, $0.low) })
        case .optionalIDs(let values): append(array: values.map { $0.map { ($0.high, $0.low) } })
        case .int2(let values): append(array: values)
        case .int4(let values): append(array: values)
        case .int8(let values): append(array: values)
        case .flags(let values): append(array: values)
        case .texts(let values): append(array: values)
        case .bytes(let values): append(array: values)
        case .optionalBytes(let values): append(array: values)
        case .moments(let values): append(timestampMicrosecondsArray: values.map(\.microseconds))
        case .optionalMoments(let values): append(timestampMicrosecondsArray: values.map { $0?.microseconds })
        }
    }
}
