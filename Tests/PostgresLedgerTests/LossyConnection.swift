import Foundation
import Glibc
import PostgresClient
import Synchronization
import TestSupport

/// A socket in front of the database server that carries what is said both ways, and loses once what it is told to lose.
final class LossyConnection: Sendable {
    /// What is lost next, and the client's connection with it.
    enum Loss: Sendable {
        /// What the client sends never reaches the server.
        case request
        /// The server's answer never reaches the client.
        case answer
        /// The client is cut off as soon as the server has its request; the server learns nothing of that.
        case patience
    }

    private let directory: String
    private let listener: CInt
    private let server: String
    private let next = Mutex<(loss: Loss?, count: Int)>((nil, 0))

    init() throws {
        let connection = try TestCluster.connect()
        defer { connection.close() }
        let place = try connection.query(
            PostgresStatement(
                "SELECT current_setting('unix_socket_directories') || '/.s.PGSQL.' || current_setting('port')"))
        server = try place.string(0, 0)
        directory = NSTemporaryDirectory() + "/lossy-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        listener = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        let isListening = Self.withAddress("\(directory)/.s.PGSQL.5432") { bind(listener, $0, $1) } == 0
        guard isListening, listen(listener, 8) == 0 else { throw CocoaError(.executableNotLoadable) }
        Thread.detachNewThread { [self] in accept() }
    }

    /// How often something was lost.
    var losses: Int { next.withLock { $0.count } }

    /// Loses something the next time the client says anything.
    func lose(_ loss: Loss) { next.withLock { $0.loss = loss } }

    /// The way to a database through here.
    func configuration(of database: TestDatabase, role: String) -> PostgresConfiguration {
        PostgresConfiguration(
            url: database.url(role: role) + " host=\(directory) port=5432", applicationName: "tests")
    }

    /// Takes no more connections.
    func end() {
        shutdown(listener, CInt(SHUT_RDWR))
        try? FileManager.default.removeItem(atPath: directory)
    }

    private func accept() {
        while true {
            let client = Glibc.accept(listener, nil, nil)
            guard client >= 0 else { break }
            let backend = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
            guard Self.withAddress(server, { connect(backend, $0, $1) }) == 0 else {
                close(client)
                close(backend)
                continue
            }
            Thread.detachNewThread { [self] in carry(client, backend) }
        }
        close(listener)
    }

    private func carry(_ client: CInt, _ backend: CInt) {
        var isClientGone = false
        var loss: Loss?
        var buffer = [UInt8](repeating: 0, count: 65_536)
        defer {
            if !isClientGone { close(client) }
            close(backend)
        }
        func cut() {
            close(client)
            isClientGone = true
            next.withLock { $0.count += 1 }
        }
        while true {
            var waits = [pollfd(fd: backend, events: Int16(POLLIN), revents: 0)]
            if !isClientGone { waits.append(pollfd(fd: client, events: Int16(POLLIN), revents: 0)) }
            guard poll(&waits, nfds_t(waits.count), -1) > 0 else { return }
            if waits.count > 1, waits[1].revents != 0 {
                let count = read(client, &buffer, buffer.count)
                guard count > 0 else { return }
                let found = next.withLock { next in
                    defer { next.loss = nil }
                    return next.loss
                }
                loss = found ?? loss
                if loss == .request { return cut() }
                guard send(buffer, count, to: backend) else { return }
                if loss == .patience { cut() }
            }
            if waits[0].revents != 0 {
                let count = read(backend, &buffer, buffer.count)
                guard count > 0 else { return }
                if loss == .answer {
                    // What ends the answer is "ready for query, idle": the commit is behind it.
                    if buffer[..<count].suffix(6) == [UInt8(ascii: "Z"), 0, 0, 0, 5, UInt8(ascii: "I")] {
                        return cut()
                    }
                } else if !isClientGone {
                    guard send(buffer, count, to: client) else { return }
                }
            }
        }
    }

    private func send(_ bytes: [UInt8], _ count: Int, to socket: CInt) -> Bool {
        var sent = 0
        while sent < count {
            let step = bytes[sent..<count].withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            guard step > 0 else { return false }
            sent += step
        }
        return true
    }

    private static func withAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        return withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
    }
}
