import Glibc
import Testing

@testable import EmbeddedPostgres

@Suite("Embedded PostgreSQL", .serialized, .timeLimit(.minutes(2))) struct EmbeddedPostgresTests {
    @Test func `a cluster is made once, started, stopped and found again`() throws {
        let home = try TemporaryHome()
        let first = try home.start()
        #expect(first.isNew)
        #expect(try first.ask("CREATE TABLE t AS SELECT 42 AS x; SELECT x FROM t").hasSuffix("42"))
        first.stop()
        first.stop()
        #expect(kill(first.processID, 0) != 0)
        #expect(!FilePath.isDirectory(first.socketDirectory))

        let second = try home.start()
        defer { second.stop() }
        #expect(!second.isNew)
        #expect(try second.ask("SELECT x FROM t") == "42")
    }

    @Test func `the server is durable, closed to the network and silent about values`() throws {
        let home = try TemporaryHome()
        let server = try EmbeddedPostgres.start(home.configuration(["work_mem": "5MB", "fsync": "on"]))
        defer { server.stop() }
        let expected = [
            "fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "data_checksums": "on",
            "listen_addresses": "", "server_encoding": "UTF8", "lc_collate": "C.UTF-8", "TimeZone": "UTC",
            "log_parameter_max_length": "0", "log_parameter_max_length_on_error": "0", "log_error_verbosity": "terse",
            "work_mem": "5MB", "jit": "off",
        ]
        for (name, value) in expected { #expect(try server.ask("SHOW \(name)") == value, "\(name)") }
        let directory = try #require(FilePath.status(of: server.socketDirectory))
        #expect(directory.st_mode & 0o777 == 0o700)
        let data = try #require(FilePath.status(of: server.dataDirectory))
        #expect(data.st_mode & 0o777 == 0o700)
        #expect(throws: EmbeddedPostgresError.self) { try server.ask("SELECT 1/(length('typed')-5)") }
        #expect(!String(decoding: try DurableFile.read(path: server.logFile), as: UTF8.self).contains("typed"))
    }

    @Test func `the server runs in a session of its own, as a user who is not root`() throws {
        let home = try TemporaryHome()
        let server = try home.start()
        defer { server.stop() }
        #expect(getsid(server.processID) == server.processID)
        #expect(getsid(server.processID) != getsid(0))
        let owner = try #require(FilePath.status(of: "/proc/\(server.processID)"))
        #expect(owner.st_uid != 0)
    }

    @Test func `a second start on the same home is refused, naming the process`() throws {
        let home = try TemporaryHome()
        let server = try home.start()
        defer { server.stop() }
        let error = #expect(throws: EmbeddedPostgresError.self) { try home.start() }
        #expect(error?.kind == .alreadyRunning(processID: getpid()))
        #expect(error?.description.contains("process \(getpid()) is already running on \(home.path)") == true)
        #expect(try server.ask("SELECT 1") == "1")
    }

    @Test func `a copied home does not get at the cluster of a running one`() throws {
        let home = try TemporaryHome(isOpen: false)
        let copy = try TemporaryHome(isOpen: false)
        let server = try home.start()
        defer { server.stop() }
        try DurableFile.write(path: "\(copy.path)/cluster", bytes: Array("\(server.dataDirectory.dropLast(5))\n".utf8))
        let error = #expect(throws: EmbeddedPostgresError.self) { try copy.start() }
        #expect(error?.kind == .alreadyRunning(processID: getpid()))
        unlink("\(copy.path)/cluster")
    }

    @Test func `a killed server is reported and starts again with all that was committed`() async throws {
        let home = try TemporaryHome()
        let server = try home.start()
        defer { server.stop() }
        _ = try server.ask("CREATE TABLE t AS SELECT 7 AS x")
        let address = server.connectionURL(user: "postgres", database: "postgres")
        let killed = server.processID
        kill(killed, SIGKILL)
        #expect(await server.waitForExit() == 128 + SIGKILL)
        try server.restart()
        #expect(server.processID != killed)
        #expect(server.connectionURL(user: "postgres", database: "postgres") == address)
        #expect(try server.ask("SELECT x FROM t") == "7")
    }

    @Test func `children of a killed server do not hold up the next start`() throws {
        let home = try TemporaryHome()
        let first = try home.start()
        // Stopped children cannot notice that their server is gone.
        let children = try first.ask("SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'")
        let checkpointer = try #require(pid_t(children))
        kill(checkpointer, SIGSTOP)
        kill(first.processID, SIGKILL)
        first.abandon()
        let second = try home.start()
        defer { second.stop() }
        #expect(try second.ask("SELECT 1") == "1")
        // Nobody may have collected it yet; its command line is gone with it.
        let commandLine = try? DurableFile.read(path: "/proc/\(checkpointer)/cmdline")
        #expect(commandLine?.isEmpty != false)
    }

    @Test func `a server that outlived its process is ended and replaced`() async throws {
        let home = try TemporaryHome()
        let first = try home.start()
        _ = try first.ask("CREATE TABLE t AS SELECT 9 AS x")
        first.abandon()
        let second = try home.start()
        defer { second.stop() }
        #expect(await first.waitForExit() == 0)
        #expect(second.processID != first.processID)
        #expect(try second.ask("SELECT x FROM t") == "9")
    }

    @Test func `a stale process file with the number of a stranger does not hold up the start`() throws {
        let home = try TemporaryHome()
        let first = try home.start()
        first.stop()
        // A living process of the server's own user is what PostgreSQL would take for a second server.
        let account = try ServerAccount.resolve(nil)
        let output = open("/dev/null", O_WRONLY | O_CLOEXEC)
        let stranger = try Command(account.prefix + ["/bin/sleep", "120"]).start(output: output)
        close(output)
        defer {
            kill(stranger, SIGKILL)
            waitpid(stranger, nil, 0)
        }
        let path = "\(first.dataDirectory)/postmaster.pid"
        let content = "\(stranger)\n\(first.dataDirectory)\n1700000000\n5432\n\(first.socketDirectory)\n\n\nready   \n"
        try DurableFile.write(path: path, bytes: Array(content.utf8))
        chown(path, account.userID, account.groupID)
        let second = try home.start()
        defer { second.stop() }
        #expect(try second.ask("SELECT 1") == "1")
        #expect(kill(stranger, 0) == 0)
    }

    @Test func `a stop makes waiting and restarting end`() async throws {
        let home = try TemporaryHome()
        let server = try home.start()
        async let status = server.waitForExit()
        server.stop()
        #expect(await status == 0)
        let error = #expect(throws: EmbeddedPostgresError.self) { try server.restart() }
        #expect(error?.kind == .stopped)
    }

    @Test func `waiting for the exit ends with the task that waits`() async throws {
        let home = try TemporaryHome()
        let server = try home.start()
        defer { server.stop() }
        let status = await withTaskGroup(of: Int32?.self) { group in
            group.addTask { await server.waitForExit() }
            group.cancelAll()
            return await group.next() ?? 1
        }
        #expect(status == nil)
    }

    @Test func `a home with a long path gets its socket in a short one`() throws {
        let home = try TemporaryHome()
        let long = "\(home.path)/\(String(repeating: "long-", count: 30))"
        let server = try EmbeddedPostgres.start(EmbeddedPostgresConfiguration(home: long))
        defer { server.stop() }
        #expect(SocketDirectory.fits(server.socketDirectory))
        #expect(try server.ask("SELECT 1") == "1")
    }

    @Test func `a home the server's user cannot reach keeps its cluster elsewhere and remembers it`() throws {
        let home = try TemporaryHome(isOpen: false)
        let first = try home.start()
        first.stop()
        chmod(home.path, 0o711)
        let second = try home.start()
        defer { second.stop() }
        #expect(!second.isNew)
        #expect(second.dataDirectory == first.dataDirectory)
        #expect(second.dataDirectory.hasPrefix(geteuid() == 0 ? ClusterPlace.shared : home.path))
    }

    @Test func `a cluster that is gone is never replaced by an empty one`() throws {
        let home = try TemporaryHome()
        let server = try home.start()
        server.stop()
        rename(server.dataDirectory, "\(server.dataDirectory)-away")
        let error = #expect(throws: EmbeddedPostgresError.self) { try home.start() }
        #expect(error?.kind == .lostCluster)
    }

    @Test func `an unfinished cluster is thrown away and made again`() throws {
        let home = try TemporaryHome()
        try FilePath.makeDirectory("\(home.path)/postgres/new-abcdef", mode: 0o700, parents: true)
        let server = try home.start()
        defer { server.stop() }
        #expect(server.isNew)
        #expect(!FilePath.isDirectory("\(home.path)/postgres/new-abcdef"))
    }

    @Test func `a server that cannot start says why in one line`() throws {
        let home = try TemporaryHome()
        let error = #expect(throws: EmbeddedPostgresError.self) {
            try EmbeddedPostgres.start(home.configuration(["shared_buffers": "many"]))
        }
        #expect(error?.kind == .failedToStart)
        #expect(error?.description.contains("\n") == false)
        let server = try home.start()
        server.stop()
    }
}
