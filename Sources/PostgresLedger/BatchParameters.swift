import AccountDomain
import Accounts
import PostgresClient

/// The arrays of one call of `ledger.append_batch`, in the order of its parameters (docs/log.md).
enum BatchParameters {
    static let types: [PostgresType] = [
        .int2, .timestamptz, .uuidArray, .int4Array, .uuidArray, .int4Array, .int8Array, .int4Array, .byteaArray,
        .boolArray, .int4Array, .int4Array, .textArray, .byteaArray, .byteaArray, .byteaArray, .byteaArray, .int4Array,
        .boolArray, .int2Array, .byteaArray, .int4Array, .uuidArray, .int4Array, .int4Array, .uuidArray, .int4Array,
        .bool,
    ]

    static func make(_ commands: [PreparedCommand], log: Int16, now: Moment, notifies: Bool) -> PostgresParameters {
        var arrays = Arrays(commands)
        for (index, command) in commands.enumerated() { arrays.append(command, number: Int32(index + 1)) }
        var parameters = PostgresParameters()
        parameters.append(log)
        parameters.append(now)
        parameters.append(array: arrays.ids)
        parameters.append(array: arrays.partCommand)
        parameters.append(array: arrays.partStream)
        parameters.append(array: arrays.partExpected)
        parameters.append(array: arrays.partSeen)
        parameters.append(array: arrays.partEpoch)
        parameters.append(array: arrays.partWrapped)
        parameters.append(array: arrays.partDestroys)
        parameters.append(array: arrays.eventPart)
        parameters.append(array: arrays.eventVersion)
        parameters.append(array: arrays.eventType)
        parameters.append(array: arrays.eventMeta)
        parameters.append(array: arrays.eventData)
        parameters.append(array: arrays.eventSecret)
        parameters.append(array: arrays.eventSecretHash)
        parameters.append(array: arrays.claimPart)
        parameters.append(array: arrays.claimTaken)
        parameters.append(array: arrays.claimNamespace)
        parameters.append(array: arrays.claimKey)
        parameters.append(array: arrays.placesCommand)
        parameters.append(array: arrays.placesOwner)
        parameters.append(array: arrays.placesDelta)
        parameters.append(array: arrays.limitCommand)
        parameters.append(array: arrays.limitOwner)
        parameters.append(array: arrays.limitMaximum)
        parameters.append(notifies)
        return parameters
    }

    private struct Arrays {
        var ids: [(UInt64, UInt64)] = []
        var partCommand: [Int32] = []
        var partStream: [(UInt64, UInt64)] = []
        var partExpected: [Int32] = []
        var partSeen: [Int64] = []
        var partEpoch: [Int32?] = []
        var partWrapped: [[UInt8]?] = []
        var partDestroys: [Bool] = []
        var eventPart: [Int32] = []
        var eventVersion: [Int32] = []
        var eventType: [String] = []
        var eventMeta: [[UInt8]] = []
        var eventData: [[UInt8]] = []
        var eventSecret: [[UInt8]?] = []
        var eventSecretHash: [[UInt8]?] = []
        var claimPart: [Int32] = []
        var claimTaken: [Bool] = []
        var claimNamespace: [Int16] = []
        var claimKey: [[UInt8]] = []
        var placesCommand: [Int32] = []
        var placesOwner: [(UInt64, UInt64)] = []
        var placesDelta: [Int32] = []
        var limitCommand: [Int32] = []
        var limitOwner: [(UInt64, UInt64)] = []
        var limitMaximum: [Int32?] = []

        init(_ commands: [PreparedCommand]) {
            let parts = commands.reduce(0) { $0 + $1.parts.count }
            let events = commands.reduce(0) { $0 + $1.eventCount }
            ids.reserveCapacity(commands.count)
            partCommand.reserveCapacity(parts)
            partStream.reserveCapacity(parts)
            partExpected.reserveCapacity(parts)
            partSeen.reserveCapacity(parts)
            partEpoch.reserveCapacity(parts)
            partWrapped.reserveCapacity(parts)
            partDestroys.reserveCapacity(parts)
            eventPart.reserveCapacity(events)
            eventVersion.reserveCapacity(events)
            eventType.reserveCapacity(events)
            eventMeta.reserveCapacity(events)
            eventData.reserveCapacity(events)
            eventSecret.reserveCapacity(events)
            eventSecretHash.reserveCapacity(events)
        }

        mutating func append(_ command: PreparedCommand, number: Int32) {
            ids.append((command.command.id.high, command.command.id.low))
            let firstPart = Int32(partCommand.count)
            for part in command.parts {
                partCommand.append(number)
                partStream.append((part.stream.high, part.stream.low))
                partExpected.append(part.entry.version)
                partSeen.append(part.seen)
                partEpoch.append(part.wrappedKey?.epoch)
                partWrapped.append(part.wrappedKey?.wrapped)
                partDestroys.append(part.destroysKey)
                let partNumber = Int32(partCommand.count)
                for event in part.events {
                    eventPart.append(partNumber)
                    eventVersion.append(event.version)
                    eventType.append(event.type)
                    eventMeta.append(event.meta)
                    eventData.append(event.data)
                    eventSecret.append(event.secret)
                    eventSecretHash.append(event.secretHash)
                }
            }
            for claim in command.claims {
                claimPart.append(firstPart + Int32(claim.part) + 1)
                claimTaken.append(claim.isTaken)
                claimNamespace.append(claim.namespace.rawValue)
                claimKey.append(claim.key)
            }
            for places in command.places {
                placesCommand.append(number)
                placesOwner.append((places.owner.high, places.owner.low))
                placesDelta.append(places.delta)
            }
            for limit in command.limits {
                limitCommand.append(number)
                limitOwner.append((limit.owner.high, limit.owner.low))
                limitMaximum.append(limit.maximum)
            }
        }
    }
}
