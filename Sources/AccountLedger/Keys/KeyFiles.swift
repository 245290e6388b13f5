import DoorKit
import EmbeddedPostgres
import EventCoding
import Glibc
import PostgresLedger
import StrictJSON
import Transparency

/// The keys of `up`, in `LEDGER_HOME/keys`: made once, never anew.
///
/// Losing one loses data, and making another in its place would hide that until it is too late. So keys are made only
/// while the database holds no log; afterwards a missing file is an error.
struct KeyFiles: Sendable {
    /// The directory.
    let directory: String

    var master: String { "\(directory)/master.key" }
    var keyring: String { "\(directory)/keyring.json" }
    var root: String { "\(directory)/root.key" }
    var signing: String { "\(directory)/signing.key" }
    /// Keys that signed before `signing` did, a line each; there is none until one was replaced.
    var former: String { "\(directory)/former-signing.keys" }

    init(home: String) { self.init(directory: "\(home)/keys") }

    init(directory: String) { self.directory = directory }

    /// What the files hold.
    struct Contents: Sendable {
        let secrets: LedgerSecrets
        let root: String
        let signingKey: SigningKey
        let formerKeys: FormerKeys
    }

    /// Makes the files that are missing, unless a log exists already, and reads them all.
    ///
    /// `origin` is the log's name, which the signing key is made for.
    /// - Throws: `CommandFailure` with exit code 78 when a file is missing beside an existing log, or cannot be used.
    func prepare(hasLog: Bool, domain: String, origin: String) throws -> Contents {
        let missing = [master, keyring, root, signing].filter { !Self.exists($0) }
        if hasLog, !missing.isEmpty {
            throw CommandFailure(
                .configuration,
                "the database holds a log, but \(missing.joined(separator: " and ")) "
                    + "\(missing.count == 1 ? "is" : "are") missing; put the keys back from your copy, for without them "
                    + "the log can be neither read nor continued")
        }
        if !missing.isEmpty { try make(missing, domain: domain, origin: origin) }
        return try read(origin: origin)
    }

    /// What tools that read the database need; nil when there are no keys here.
    func readForTools() throws -> (keys: LedgerKeys, signingKey: String?, formerKeys: String?)? {
        guard Self.exists(master), Self.exists(keyring) else { return nil }
        let masterKey: MasterKey
        do { masterKey = try MasterKey(text: line(master)) } catch is EventCodingError { throw damaged(master) }
        let keys = LedgerKeys(
            keyring: try LedgerSecrets.keyring(keyring, key: "keyring"), master: masterKey)
        return (keys, Self.exists(signing) ? try line(signing) : nil, try formerText())
    }

    /// What the file of former keys holds; nil when there is none.
    func formerText() throws -> String? {
        guard Self.exists(former) else { return nil }
        do throws(FileFailure) { return String(decoding: try SmallFile.read(former), as: UTF8.self) } catch {
            throw CommandFailure(.configuration, error.description)
        }
    }

    /// Reads the root key alone, for the tools; nil when there is none.
    func readRoot() throws -> String? {
        guard Self.exists(root) else { return nil }
        return try readRootKey()
    }

    private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    private func make(_ missing: [String], domain: String, origin: String) throws {
        if mkdir(directory, 0o700) == 0 {
            do throws(DurableFileError) {
                try DurableFile.synchronizeDirectory(directory + "/..")
            } catch { throw failure(error) }
        } else if errno != EEXIST {
            throw CommandFailure(.configuration, "cannot make \(directory): \(String(cString: strerror(errno)))")
        }
        for path in missing {
            let content: [UInt8] =
                switch path {
                case master: Array((MasterKey.make().text + "\n").utf8)
                case keyring: Keyring.make().fileBytes
                case root: Array((DrawnRootKey.make(for: domain) + "\n").utf8)
                default: try Self.signingKey(origin)
                }
            do throws(DurableFileError) {
                try DurableFile.write(path: path, bytes: content, mode: 0o600, existing: .keep)
            } catch  where error.code == EEXIST {
                continue
            } catch { throw failure(error) }
        }
    }

    private func read(origin: String) throws -> Contents {
        let masterKey: MasterKey
        do { masterKey = try MasterKey(text: line(master)) } catch is EventCodingError {
            throw damaged(master)
        }
        guard let signingKey = LogSigningKey.read(try line(signing), origin: origin) else {
            throw CommandFailure(
                .configuration, "\(signing) does not hold the signing key of \(origin); put it back from your copy")
        }
        guard let formerKeys = FormerKeys.read(try formerText() ?? "", origin: origin) else {
            throw CommandFailure(.configuration, "\(former) holds something else than keys of \(origin)")
        }
        return Contents(
            secrets: LedgerSecrets(
                master: masterKey, keyring: try LedgerSecrets.keyring(keyring, key: "keyring"), keyringFile: keyring),
            root: try readRootKey(), signingKey: signingKey, formerKeys: formerKeys)
    }

    private func readRootKey() throws -> String {
        let text = try line(root)
        guard (try? RootKey(text)) != nil else { throw damaged(root) }
        return text
    }

    private func line(_ path: String) throws -> String {
        do throws(FileFailure) { return try SmallFile.line(path) } catch {
            throw CommandFailure(.configuration, error.description)
        }
    }

    private func damaged(_ path: String) -> CommandFailure {
        CommandFailure(.configuration, "\(path) does not hold a key of its kind; put it back from your copy")
    }

    private func failure(_ error: DurableFileError) -> CommandFailure {
        CommandFailure(.configuration, error.description)
    }

    private static func signingKey(_ origin: String) throws -> [UInt8] {
        guard let key = SigningKey.make(name: origin) else {
            throw CommandFailure(.configuration, "\(origin) cannot be the name of a key, as that of a log must be")
        }
        return Array((key.secretText + "\n").utf8)
    }
}
