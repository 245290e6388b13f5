import Foundation
import StrictJSON
import TestSupport
import Testing
import Transparency

/// The checkpoint outside the database, in a directory that several processes may share.
@Suite struct KeptCheckpointTests {
    private func size(_ directory: String) -> Int64 {
        guard let text = try? String(contentsOfFile: "\(directory)/checkpoint", encoding: .utf8),
            let note = try? SignedNote(text), let checkpoint = try? Checkpoint(note.text)
        else { return 0 }
        return checkpoint.size
    }

    @Test
    func
        `gateways that share the directory never put an older checkpoint there, and one that is killed holds nobody up`()
        throws
    {
        let deployment = try Deployment()
        let kept = "\(deployment.directory.path)/kept"
        let settings = [
            "LEDGER_SIGNING_KEY": Base64.encode([UInt8](repeating: 6, count: 32)), "LEDGER_CHECKPOINT_DIR": kept,
        ]
        let stays = try deployment.serve(settings)
        let root = stays.root
        var before: Int64 = 0
        for _ in 0..<3 {
            let other = try deployment.serve(settings)
            let writer = atOnceInBackground { for _ in 0..<150 { _ = try root.account() } }
            while !writer.hasEnded {
                let now = size(kept)
                #expect(now >= before)
                before = now
                if now > 100 { other.process.kill9() }
            }
            try writer.wait()
            other.process.kill9()
        }
        let head = try root.head()
        #expect(eventually { size(kept) == head })
        #expect(try root.call("GET", "/health/ready")["alarms"] == [])
        #expect(stays.process.stop() == 0)
    }

    @Test func `a lock that is held for long is an alarm, and stops neither sealing nor the end`() throws {
        let service = try Service()
        let kept = "\(service.home.path)/home/checkpoint"
        let root = service.root
        _ = try root.account()
        #expect(eventually { size(kept) > 0 })
        let holder = Process()
        holder.executableURL = URL(fileURLWithPath: "/usr/bin/flock")
        holder.arguments = ["--exclusive", "--no-fork", kept, "/bin/sleep", "600"]
        try holder.run()
        defer {
            kill(holder.processIdentifier, SIGKILL)
            holder.waitUntilExit()
        }
        let words = "cannot lock \(kept): another process holds its lock"
        func alarms() throws -> String {
            let alarms = try root.call("GET", "/health/ready")["alarms"].arrayValue ?? []
            return alarms.compactMap(\.stringValue).joined(separator: "\n")
        }
        #expect(
            try eventually {
                _ = try root.account()
                return try alarms().contains(words)
            })
        let held = size(kept)
        // The log is sealed and told all the same.
        let head = try root.head()
        #expect(try eventually { try root.call("GET", "/v1/head")["checkpoint"]["size"].integerValue ?? 0 >= head })
        #expect(size(kept) == held && held < head)
        kill(holder.processIdentifier, SIGKILL)
        #expect(try eventually { try size(kept) >= head && alarms().isEmpty })
        #expect(service.process.errors.components(separatedBy: "the newest checkpoint cannot be kept").count == 2)
        #expect(service.process.stop() == 0)
    }
}
