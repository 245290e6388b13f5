import Foundation
import Glibc

/// Where tests keep clusters and homes: in memory when there is plenty, for making files is most of what a cluster costs.
public enum Scratch {
    /// A directory that everybody may write to: `/dev/shm`, or the system's for temporary files.
    ///
    /// What `TMPDIR` names is taken before both.
    public static let directory: String = {
        if let given = ProcessInfo.processInfo.environment["TMPDIR"], !given.isEmpty { return given }
        var space = statvfs()
        let memory = "/dev/shm"
        guard access(memory, W_OK) == 0, statvfs(memory, &space) == 0 else { return "/tmp" }
        // Containers have 64 MB there, which one cluster would fill.
        return space.f_bavail * space.f_frsize >= 4 << 30 ? memory : "/tmp"
    }()
}
