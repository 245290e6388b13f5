import Foundation
import Testing

@Suite("Dockerfile")
struct DockerfileTests {
    private let file: Dockerfile

    init() throws { file = try Dockerfile() }

    @Test func `one stage builds, the other holds the program alone`() throws {
        #expect(file.stages.count == 2)
        #expect(file.stages.allSatisfy { !$0.image.hasSuffix(":latest") && $0.image.contains(":") })
        let copied = try file.image.instructions.filter { $0.name == "COPY" }
        #expect(copied.count == 1 && copied.allSatisfy { $0.words.first?.hasPrefix("--from=") == true })
    }

    @Test func `what it copies is there, and the context holds it`() throws {
        let held = try Repository.text(".dockerignore").split(separator: "\n")
        for (index, stage) in file.stages.enumerated() {
            for copy in stage.instructions where copy.name == "COPY" {
                var words = copy.words
                if let flag = words.first, flag.hasPrefix("--from=") {
                    let earlier = file.stages[..<index].compactMap(\.name)
                    #expect(earlier.contains(String(flag.dropFirst("--from=".count))))
                } else {
                    words.removeLast()
                    for source in words {
                        #expect(Repository.holds(source))
                        #expect(held.contains { $0 == "!\(source)" }, "\(source) is kept out by .dockerignore")
                    }
                }
            }
        }
    }

    @Test func `every directory that the package names is copied`() throws {
        let manifest = try Repository.text("Package.swift")
        let named = manifest.matches(of: /path: "([A-Za-z\/]+)/).map { String($0.output.1) }
        let copied = file.stages[0].instructions.filter { $0.name == "COPY" }.flatMap { $0.words.dropLast() }
        for path in named + ["Sources", "Tests", "Package.swift"] {
            #expect(copied.contains { path == $0 || path.hasPrefix("\($0)/") }, "\(path) is missing in the image")
        }
    }

    @Test func `the program is a product of the package, and what is started`() throws {
        let manifest = try Repository.text("Package.swift")
        let program = try #require(try file.image.last("ENTRYPOINT")?.words.first)
        #expect(manifest.contains(".executable(name: \"\(program)\""))
        let built = file.stages[0].instructions.filter { $0.name == "RUN" }.map(\.arguments).joined(separator: "\n")
        #expect(built.contains("--product \(program)"))
        let copy = try #require(try file.image.last("COPY")?.words)
        #expect(built.contains(copy[1]))
        #expect(copy[2] == "/usr/local/bin/\(program)")
    }

    @Test func `its commands are subcommands of the program`() async throws {
        let image = try file.image
        let program = try Repository.executable()
        let command = try #require(image.last("CMD")?.words)
        #expect(try file.healthcheck.first == image.last("ENTRYPOINT")?.words.first)
        try await PlainProcess.output([program] + command + ["--help"])
        try await PlainProcess.output([program] + file.healthcheck.dropFirst() + ["--help"])
    }

    @Test func `it does not run as root`() throws {
        let user = try #require(try file.image.last("USER")?.words.first)
        #expect(!["root", "0"].contains(user))
    }

    @Test func `its environment is configuration, and the port the one that is exposed and published`() async throws {
        let known = try await KnownKeys()
        let environment = try file.image.environment
        for name in environment.keys { #expect(known.names.contains(name)) }
        let port = try #require(environment["LEDGER_HTTP_PORT"])
        #expect(try file.image.last("EXPOSE")?.words == [port])
        let published = try ComposeFile().service(running: "serve").ports
        #expect(published.allSatisfy { $0.hasSuffix(":\(port)") } && !published.isEmpty)
    }

    @Test func `the checkpoint stays in a volume`() throws {
        let directory = try #require(try file.image.environment["LEDGER_CHECKPOINT_DIR"])
        #expect(try ComposeFile().service(running: "serve").volumes.contains { $0.hasSuffix(":\(directory)") })
        let made = try file.image.instructions.filter { $0.name == "RUN" }.contains { $0.arguments.contains(directory) }
        #expect(made)
    }
}
