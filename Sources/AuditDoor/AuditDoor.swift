import Accounts
public import DoorKit
public import Transparency

/// The transparency log, `/log`: checkpoint, hash tiles and entry bundles with the paths of C2SP tlog-tiles.
///
/// Checkpoints and hash tiles are for everybody, for they tell nothing of what they prove; entries are root's.
public struct AuditDoor: Door {
    private let log: any SealedLog
    private let authenticator: Authenticator
    private let verifier: VerifierKey?

    /// Makes the door.
    ///
    /// - Parameters:
    ///   - log: What is sealed.
    ///   - authenticator: Tells who asks for entries.
    ///   - verifier: The public half of the key that signs; nil when this gateway does not know it.
    public init(log: any SealedLog, authenticator: Authenticator, verifier: VerifierKey?) {
        self.log = log
        self.authenticator = authenticator
        self.verifier = verifier
    }

    /// Unknown paths below it are answered as problems.
    public var prefixes: [String] { ["/log/"] }

    /// Registers every route of the door.
    public func register(on routes: inout Routes) {
        routes.get("/log/checkpoint", readCheckpoint)
        routes.get("/log/verifier-key", readVerifierKey)
        routes.get("/log/tile/{path*}", readTile)
    }

    /// Problems as they are, failures by the table they share with the native door.
    public func answer(to error: any Error, for request: DoorRequest) -> DoorResponse? {
        switch error {
        case let problem as Problem: problem.response()
        case let failure as Failure: AuditProblem.make(failure)?.response()
        default: nil
        }
    }

    // MARK: - Routes

    private func readCheckpoint(_ request: DoorRequest) async throws -> DoorResponse {
        try request.query.refuseUnknown()
        guard let checkpoint = try await log.newestCheckpoint() else { throw Problem.notFound }
        // Mutable: beyond a few seconds nobody may keep it.
        return Self.note(checkpoint.note, cacheControl: "public, max-age=1")
    }

    private func readVerifierKey(_ request: DoorRequest) async throws -> DoorResponse {
        try request.query.refuseUnknown()
        guard let verifier else { throw Problem.notFound }
        return Self.note("\(verifier)\n", cacheControl: "public, max-age=60")
    }

    private func readTile(_ request: DoorRequest) async throws -> DoorResponse {
        try request.query.refuseUnknown()
        // As it was sent: an address has one spelling, which needs no escapes.
        guard let path = TilePath(String(request.path.dropFirst("/log/".count))) else { throw Problem.notFound }
        switch path.content {
        case .hashes(let level):
            guard let bytes = try await log.tile(level: level, index: path.index, width: path.width) else {
                throw Problem.notFound
            }
            return Self.immutable(bytes, for: "public")
        case .entries:
            let caller = try await authenticator.caller(of: request)
            guard caller.principal != .anonymous else { throw Failure.unauthorized }
            guard caller.isRoot else { throw Failure.forbidden }
            guard let bytes = try await log.entries(index: path.index, width: path.width) else {
                throw Problem.notFound
            }
            return Self.immutable(bytes, for: "private")
        }
    }

    private static func note(_ text: String, cacheControl: String) -> DoorResponse {
        var response = DoorResponse.text(text)
        response.cacheControl = cacheControl
        return response
    }

    /// What is sealed never changes, so a year is as good as for ever.
    private static func immutable(_ bytes: [UInt8], for readers: String) -> DoorResponse {
        DoorResponse(
            status: 200, contentType: "application/octet-stream",
            cacheControl: "\(readers), max-age=31536000, immutable", body: .bytes(bytes))
    }
}
