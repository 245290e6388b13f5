import Glibc

/// Where tests keep clusters and homes: in memory when there is plenty, for making files is most of what a cluster costs.
public enum Scratch {
    /// A directory that everybody may write to: `/dev/shm` or `/tmp`.
    ///
    /// Not what `TMPDIR` names: the server's user must get there, and the path of a socket in it is short.
    public static let directory: String = {
        var space = statvfs()
        let memory = "/dev/shm"
        guard access(memory, W_OK) == 0, statvfs(memory, &space) == 0 else { return "/tmp" }
        // Containers have 64 MB there, which one cluster would fill.
        return space.f_bavail * space.f_frsize >= 4 << 30 ? memory : "/tmp"
    }()
}
