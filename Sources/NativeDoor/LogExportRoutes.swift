import Accounts
import DoorKit

extension NativeDoor {
    func registerLogExport(on routes: inout Routes) {
        routes.get("/v1/export", exportLog)
    }

    /// The whole log as lines, blobs and closing checkpoint included (docs/consumers.md); for root.
    private func exportLog(_ request: DoorRequest) async throws -> DoorResponse {
        try await read(request, query: ["after"]) { caller in
            guard caller.isRoot else { throw Failure.forbidden }
            guard let exports else { throw Failure.notFound }
            let after = try position(request)
            let permit = try streams.permit(for: caller.scope)
            let export = try await exports.begin(after: after)
            return DoorResponse(
                status: 200, contentType: "application/x-ndjson",
                body: .stream { writer in
                    do { try await Self.send(export, to: writer) } catch {
                        await export.end()
                        throw error
                    }
                    await export.end()
                    withExtendedLifetime(permit) {}
                })
        }
    }

    /// Makes the next piece while the last one is on its way.
    private static func send(_ export: any LogExport, to writer: StreamWriter) async throws {
        var piece = try await export.next()
        while let bytes = piece {
            async let following = export.next()
            try await writer.write(bytes)
            piece = try await following
        }
    }

    private func position(_ request: DoorRequest) throws(Problem) -> Int64 {
        guard let text = request.query["after"] else { return 0 }
        guard let position = Int64(text), position >= 0, String(position) == text else {
            throw Problem(.malformedRequest, "The query parameter after must be a position of the log.")
        }
        return position
    }
}
