import Glibc
import Testing

@testable import EmbeddedPostgres

@Suite("Durable files") struct DurableFileTests {
    @Test func `a file is written with its mode and read back`() throws {
        let home = try TemporaryHome()
        let path = "\(home.path)/key"
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
        try DurableFile.write(path: path, bytes: bytes, mode: 0o640)
        #expect(try DurableFile.read(path: path) == bytes)
        #expect(FilePath.status(of: path).map { $0.st_mode & 0o777 } == 0o640)
        try DurableFile.write(path: path, bytes: [1])
        #expect(try DurableFile.read(path: path) == [1])
        #expect(FilePath.status(of: path).map { $0.st_mode & 0o777 } == 0o600)
    }

    @Test func `what is to be kept is not replaced and nothing else is left behind`() throws {
        let home = try TemporaryHome()
        let path = "\(home.path)/key"
        try DurableFile.write(path: path, bytes: [1], existing: .keep)
        let error = #expect(throws: DurableFileError.self) {
            try DurableFile.write(path: path, bytes: [2], existing: .keep)
        }
        #expect(error?.code == EEXIST)
        #expect(try DurableFile.read(path: path) == [1])
        #expect(try Command(["/bin/ls", "-A", home.path]).run().output == "key\n")
    }

    @Test func `links, long files and missing ones are refused`() throws {
        let home = try TemporaryHome()
        try DurableFile.write(path: "\(home.path)/key", bytes: [1, 2, 3])
        symlink("\(home.path)/key", "\(home.path)/link")
        #expect(throws: DurableFileError.self) { try DurableFile.read(path: "\(home.path)/link") }
        #expect(throws: DurableFileError.self) { try DurableFile.read(path: "\(home.path)/key", limit: 2) }
        let error = #expect(throws: DurableFileError.self) { try DurableFile.read(path: "\(home.path)/none") }
        #expect(error?.description == "cannot open \(home.path)/none: No such file or directory")
    }
}
