import Crypto
import PasswordHashing
import StrictJSON

/// The secrets of a deployment, as `keys export` takes them along.
struct KeySet: Equatable {
    /// The keyring file, byte for byte.
    var keyring: [UInt8]
    /// The master key in its text form.
    var master: String
    /// The text of the key that signs checkpoints; nil when there is none.
    var signing: String?
    /// The texts of the keys that signed before it; nil when there are none.
    var former: String?
    /// Root's key string; nil when there is none.
    var root: String?
}

/// Why a file of sealed keys was not opened.
enum SealedKeysFailure: Error, Equatable, CustomStringConvertible {
    case notKeys
    case unknownVersion(Int64)
    case wrongPassphrase
    case tooDear

    var description: String {
        switch self {
        case .notKeys: "it is no file of sealed keys, or a damaged one"
        case .unknownVersion(let version): "it is written in form \(version), which this program does not know"
        case .wrongPassphrase: "the passphrase is wrong, or the file was changed"
        case .tooDear: "its passphrase would take too much memory or time to check"
        }
    }
}

/// Keys in a file that only a passphrase opens: AES-256-GCM under a key that argon2id makes of the passphrase.
///
/// All that is not sealed (form, cost, salt) is authenticated along with the rest.
enum SealedKeys {
    private static let version: Int64 = 1
    /// 64 MiB, four passes: about a fifth of a second.
    private static let cost = Argon2id.Parameters(memoryKiB: 65_536, iterations: 4, parallelism: 1)

    /// Seals keys.
    static func seal(_ keys: KeySet, passphrase: String) throws -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        let salt = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        var file = head(cost, salt)
        let key = try key(passphrase, salt, cost)
        let box = try AES.GCM.seal(try content(keys), using: key, authenticating: try bytes(file))
        guard let combined = box.combined else { throw SealedKeysFailure.notKeys }
        file.append("box", .string(Base64.encode([UInt8](combined))))
        return try bytes(file) + [0x0A]
    }

    /// Opens what ``seal(_:passphrase:)`` made.
    ///
    /// - Throws: ``SealedKeysFailure``.
    static func open(_ file: [UInt8], passphrase: String) throws -> KeySet {
        guard let json = try? JSONReader.read(file.last == 0x0A ? Array(file.dropLast()) : file).objectValue,
            json["format"]?.stringValue == "account-ledger keys", let version = json["version"]?.integerValue
        else { throw SealedKeysFailure.notKeys }
        guard version == Self.version else { throw SealedKeysFailure.unknownVersion(version) }
        guard let kdf = json["kdf"]?.objectValue, let memory = kdf["memory_kib"]?.integerValue,
            let passes = kdf["iterations"]?.integerValue, let lanes = kdf["parallelism"]?.integerValue,
            let salt = kdf["salt"]?.stringValue.flatMap({ Base64.decode($0) }),
            let box = json["box"]?.stringValue.flatMap({ Base64.decode($0) }),
            let sealed = try? AES.GCM.SealedBox(combined: box)
        else { throw SealedKeysFailure.notKeys }
        let cost = Argon2id.Parameters(memoryKiB: Int(memory), iterations: Int(passes), parallelism: Int(lanes))
        let key = try key(passphrase, salt, cost)
        guard let plain = try? AES.GCM.open(sealed, using: key, authenticating: try bytes(head(cost, salt))) else {
            throw SealedKeysFailure.wrongPassphrase
        }
        return try read([UInt8](plain))
    }

    private static func head(_ cost: Argon2id.Parameters, _ salt: [UInt8]) -> JSONObject {
        [
            "format": "account-ledger keys", "version": .integer(version), "cipher": "aes-256-gcm",
            "kdf": [
                "name": "argon2id", "memory_kib": .integer(Int64(cost.memoryKiB)),
                "iterations": .integer(Int64(cost.iterations)), "parallelism": .integer(Int64(cost.parallelism)),
                "salt": .string(Base64.encode(salt)),
            ],
        ]
    }

    private static func key(_ passphrase: String, _ salt: [UInt8], _ cost: Argon2id.Parameters) throws -> SymmetricKey {
        do throws(PasswordHashingError) {
            return SymmetricKey(
                data: try Argon2id.key(passphrase: Array(passphrase.utf8), salt: salt, parameters: cost))
        } catch { throw SealedKeysFailure.tooDear }
    }

    private static func bytes(_ object: JSONObject) throws -> [UInt8] {
        var writer = JSONWriter()
        try writer.value(.object(object))
        return writer.bytes
    }

    private static func content(_ keys: KeySet) throws -> [UInt8] {
        var object: JSONObject = [
            "keyring": .string(Base64.encode(keys.keyring)), "master_key": .string(keys.master),
        ]
        if let signing = keys.signing { object.append("signing_key", .string(signing)) }
        if let former = keys.former { object.append("former_signing_keys", .string(former)) }
        if let root = keys.root { object.append("root_key", .string(root)) }
        return try bytes(object)
    }

    private static func read(_ content: [UInt8]) throws -> KeySet {
        guard let object = try? JSONReader.read(content).objectValue,
            let keyring = object["keyring"]?.stringValue.flatMap({ Base64.decode($0) }),
            let master = object["master_key"]?.stringValue
        else { throw SealedKeysFailure.notKeys }
        return KeySet(
            keyring: keyring, master: master, signing: object["signing_key"]?.stringValue,
            former: object["former_signing_keys"]?.stringValue, root: object["root_key"]?.stringValue)
    }
}
