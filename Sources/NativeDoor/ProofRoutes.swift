import AccountDomain
import Accounts
import DoorKit
import EventCoding
import StrictJSON
import Transparency

extension NativeDoor {
    func registerProofs(on routes: inout Routes) {
        routes.get("/v1/events/{position}/proof", readEventProof)
        routes.get("/v1/head/consistency", readConsistency)
    }

    private func readEventProof(_ request: DoorRequest) async throws -> DoorResponse {
        try await read(request, query: ["size"]) { caller in
            let asked = try request.query.integer("size", in: 1...(1 << 53 - 1))
            let position = try await event(request, caller).stored.position
            try await ensureUnmoved(caller)
            guard let sealed, let newest = try await newestCheckpoint(covering: max(position, asked ?? 0)) else {
                throw Self.notSealed
            }
            let size = asked ?? newest.size
            guard size <= newest.size else { throw Self.beyondSeal }
            guard position <= size else {
                throw asked == nil
                    ? Self.notSealed : Problem(.malformedRequest, "A tree of this size does not hold the event.")
            }
            guard let proven = try await sealed.inclusion(of: position - 1, inTreeOf: size) else {
                throw Failure.fault("a sealed event has no proof")
            }
            let checkpoint = try await note(ofSize: size, newest: newest)
            guard Self.wantsText(try request.header("Accept")) else { return Self.answer(proven, checkpoint) }
            guard let checkpoint, let note = try? SignedNote(checkpoint.note) else {
                throw Problem(.conflict, "No checkpoint was signed at this size.")
            }
            return .text(String(describing: TlogProof(proven.proof, note: note)))
        }
    }

    private func readConsistency(_ request: DoorRequest) async throws -> DoorResponse {
        try await read(request, query: ["from", "to"]) { caller in
            let sizes: ClosedRange<Int64> = 0...(1 << 53 - 1)
            guard let from = try request.query.integer("from", in: sizes) else {
                throw Problem(.malformedRequest, "The query parameter from must be given.")
            }
            let asked = try request.query.integer("to", in: sizes)
            try await ensureUnmoved(caller)
            guard let sealed, let newest = try await newestCheckpoint(covering: max(from, asked ?? 0)) else {
                throw Self.notSealed
            }
            let to = asked ?? newest.size
            guard to <= newest.size, from <= newest.size else { throw Self.beyondSeal }
            guard from <= to else {
                throw Problem(.malformedRequest, "The query parameter from must not be larger than to.")
            }
            guard let proven = try await sealed.consistency(from: from, to: to) else {
                throw Failure.fault("two sealed trees have no proof")
            }
            let checkpoint = try await note(ofSize: to, newest: newest)
            var json = JSONWriter()
            json.beginObject()
            json.member("from", Int(from))
            json.member("to", Int(to))
            json.member("from_root", proven.older.base64)
            json.member("to_root", proven.newer.base64)
            json.hashes(proven.proof.hashes)
            json.checkpoint(checkpoint)
            json.endObject()
            return .json(json.bytes)
        }
    }

    /// The newest checkpoint, waited for when it is about to come: what was appended just now is sealed within a second.
    ///
    /// - Returns: one that is still too small when none came in time, or when the log does not reach so far.
    private func newestCheckpoint(covering size: Int64) async throws -> SealedCheckpoint? {
        let deadline = ContinuousClock.now + .seconds(2)
        var newest = try await sealed?.newestCheckpoint()
        guard newest?.size ?? 0 < size, try await history.head().position >= size else { return newest }
        while newest?.size ?? 0 < size, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(50))
            newest = try await sealed?.newestCheckpoint()
        }
        return newest
    }

    private func note(ofSize size: Int64, newest: SealedCheckpoint) async throws -> SealedCheckpoint? {
        newest.size == size ? newest : try await sealed?.checkpoint(ofSize: size)
    }

    private static func answer(_ proven: ProvenLeaf, _ checkpoint: SealedCheckpoint?) -> DoorResponse {
        var json = JSONWriter()
        json.beginObject()
        json.member("leaf_index", Int(proven.proof.index))
        json.member("tree_size", Int(proven.proof.size))
        json.member("leaf_hash", proven.leafHash.base64)
        json.member("root", (proven.proof.root(ofLeaf: proven.leafHash) ?? .empty).base64)
        json.hashes(proven.proof.hashes)
        json.checkpoint(checkpoint)
        json.endObject()
        return .json(json.bytes)
    }

    /// Whether the client asks for plain text before JSON.
    private static func wantsText(_ accept: String?) -> Bool {
        for range in (accept ?? "").split(separator: ",") {
            switch range.prefix(while: { $0 != ";" }).filter({ $0 != " " && $0 != "\t" }).lowercased() {
            case "text/plain": return true
            case "application/json", "*/*": return false
            default: continue
            }
        }
        return false
    }

    private static var notSealed: Problem {
        Problem(
            .conflict, "This is not sealed yet; ask again in a second.", headers: [.init("Retry-After", "1")])
    }

    private static var beyondSeal: Problem {
        Problem(.malformedRequest, "The signed tree is smaller than the size asked for.")
    }
}

extension JSONWriter {
    fileprivate mutating func hashes(_ hashes: [TreeHash]) {
        key("hashes")
        beginArray()
        for hash in hashes { string(hash.base64) }
        endArray()
    }

    fileprivate mutating func checkpoint(_ checkpoint: SealedCheckpoint?) {
        key("checkpoint")
        if let checkpoint { string(checkpoint.note) } else { null() }
    }
}
