package import AccountDomain
package import Accounts
package import EventCoding
package import PostgresClient

/// What the read models of the same process use of the log.
extension PostgresLog {
    /// Which log: the first key of every table.
    package var number: Int16 { configuration.log }

    /// The connection for reads, on which concurrent statements are pipelined.
    package var reader: PostgresPipeline { readPipeline }

    /// The data key of a stream from its wrapped form.
    package func unwrap(_ wrapped: [UInt8], epoch: Int32, of stream: StreamID) throws(EventCodingError) -> StreamKey {
        try streamKeys.key(of: stream, wrapped: wrapped) { () throws(EventCodingError) in
            try keyring.holding(epoch).unwrap(wrapped, epoch: epoch, log: number, stream: stream)
        }
    }

    /// The data key of a stream, when it was unwrapped lately.
    package func keyAtHand(of stream: StreamID) -> StreamKey? { streamKeys.atHand(stream) }

    /// The key of a look-up that is not unique.
    package func lookupKey(kind: Int16, _ value: String) -> [UInt8] {
        keys.master.lookupKey(kind: kind, scope: "", value)
    }

    /// The events of a stream in a range of versions, opened.
    package func recordedEvents(of stream: StreamID, versions: ClosedRange<Int32>) async throws -> [RecordedEvent] {
        try await loader.events(of: stream, versions: versions)
    }

    /// Returns once the log is longer than `position`, or after the time-out.
    package func waitForEvents(after position: Int64, timeout: Duration) async {
        await tail.wait(after: position, timeout: timeout)
    }
}
