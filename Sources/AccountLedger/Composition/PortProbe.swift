import Glibc

/// Looks whether the gateway could listen, before anything is made for it.
///
/// Only the listening itself decides; this spares a first start that cannot succeed its cluster and its keys.
enum PortProbe {
    /// Binds to the address and lets go of it at once.
    ///
    /// - Throws: `CommandFailure` when somebody else listens there. Whatever else is wrong is told by the server.
    static func check(host: String, port: Int) throws(CommandFailure) {
        guard port != 0 else { return }
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, "\(port)", &hints, &list) == 0, let address = list?.pointee else { return }
        defer { freeaddrinfo(list) }
        let type = address.ai_socktype | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(address.ai_family, type, address.ai_protocol)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var isReused: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &isReused, socklen_t(MemoryLayout<Int32>.size))
        if bind(descriptor, address.ai_addr, address.ai_addrlen) != 0, errno == EADDRINUSE {
            throw CommandFailure(
                .configuration, "cannot listen on \(host):\(port): \(String(cString: strerror(EADDRINUSE)))")
        }
    }
}
