import DoorKit
import EmbeddedPostgres
import EventCoding
import Glibc
import PostgresLedger

extension KeySet {
    /// The secrets as the log needs them.
    ///
    /// - Throws: `CommandFailure` when they are none.
    func ledgerKeys() throws(CommandFailure) -> LedgerKeys {
        do throws(EventCodingError) {
            return LedgerKeys(keyring: try Keyring(file: keyring), master: try MasterKey(text: master))
        } catch {
            throw CommandFailure(.configuration, "the exported keys are not of the form of keys")
        }
    }

    /// Writes the files that `up` and the roles read, mode 600, into a directory.
    ///
    /// A file that stands there with the same key stays; one with another key is never touched.
    /// - Throws: `CommandFailure` with exit code 78 when there is another key.
    func install(in files: KeyFiles) throws(CommandFailure) {
        if mkdir(files.directory, 0o700) != 0, errno != EEXIST {
            throw CommandFailure(.configuration, "cannot make \(files.directory): \(String(cString: strerror(errno)))")
        }
        for (path, content) in contents(files) {
            do throws(DurableFileError) {
                try DurableFile.write(path: path, bytes: content, mode: 0o600, existing: .keep)
            } catch  where error.code == EEXIST {
                guard (try? SmallFile.read(path)) == content else { throw Self.otherKey(path) }
            } catch {
                throw CommandFailure(.configuration, error.description)
            }
        }
    }

    /// Refuses a directory that holds other keys, before anything is begun.
    func check(_ files: KeyFiles) throws(CommandFailure) {
        for (path, content) in contents(files) where access(path, F_OK) == 0 {
            guard (try? SmallFile.read(path)) == content else { throw Self.otherKey(path) }
        }
    }

    private func contents(_ files: KeyFiles) -> [(String, [UInt8])] {
        var contents = [(files.keyring, keyring), (files.master, Array("\(master)\n".utf8))]
        if let signing { contents.append((files.signing, Array("\(signing)\n".utf8))) }
        if let former { contents.append((files.former, Array(former.utf8))) }
        if let root { contents.append((files.root, Array("\(root)\n".utf8))) }
        return contents
    }

    private static func otherKey(_ path: String) -> CommandFailure {
        CommandFailure(.configuration, "\(path) holds another key; restore into a home of its own")
    }
}
