import AccountDomain
import DoorKit
import EventCoding
import Logging
import MailTransport
import PostgresClient
import StrictJSON
import Transparency

/// What may stand under a key: each rule says what is wrong with a text, nil when nothing is.
///
/// The reasons never quote the text, since some are secrets.
enum ValueRule {
    static func port(_ text: String) -> String? {
        number(text, in: 0...65_535) == nil ? "is not a port number from 0 to 65535" : nil
    }

    static func workers(_ text: String) -> String? {
        number(text, in: 1...64) == nil ? "is not a number from 1 to 64" : nil
    }

    static func seconds(_ text: String) -> String? {
        number(text, in: 0...3600) == nil ? "is not a number of seconds from 0 to 3600" : nil
    }

    static func streamLimit(_ text: String) -> String? {
        number(text, in: 10...Int(Int32.max)) == nil ? "is not a number from 10 to \(Int32.max)" : nil
    }

    static func versions(_ text: String) -> String? {
        text == "all" || number(text, in: 1...1_000_000) != nil ? nil : "is neither `all` nor a number from 1"
    }

    static func onOff(_ text: String) -> String? { ["on", "off"].contains(text) ? nil : "is neither `on` nor `off`" }

    static func size(_ text: String) -> String? {
        guard let bytes = bytes(text) else { return "is not a size such as 16777216 or 16 MiB" }
        return (1024...1 << 30).contains(bytes) ? nil : "is not between 1 KiB and 1 GiB"
    }

    static func memory(_ text: String) -> String? {
        guard let bytes = bytes(text) else { return "is not a size such as 300 MB or 1 GiB" }
        return (1 << 20...1 << 40).contains(bytes) ? nil : "is not between 1 MiB and 1 TiB"
    }

    static func logLevel(_ text: String) -> String? {
        Logger.Level(rawValue: text) == nil
            ? "is none of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))" : nil
    }

    static func host(_ text: String) -> String? {
        text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "/") }
            ? nil : "is not an address or host name"
    }

    static func domain(_ text: String) -> String? {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        let isFine =
            text.utf8.count <= 253
            && labels.allSatisfy { label in
                (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                    && label.utf8.allSatisfy { isLowerLetter($0) || isDigit($0) || $0 == UInt8(ascii: "-") }
            }
        return isFine ? nil : "is not a domain name in lower case"
    }

    static func origin(_ text: String) -> String? {
        let isFine =
            text.utf8.count <= 200 && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "+") }
        return isFine ? nil : "holds something else than printable ASCII without blanks and +, or is too long"
    }

    static func publicURL(_ text: String) -> String? {
        ServiceURL(text) == nil ? "is not a URL of the form http://host:port or https://host" : nil
    }

    static func mailServer(_ text: String) -> String? {
        do throws(SMTPServer.InvalidURL) {
            _ = try SMTPServer(url: text)
            return nil
        } catch { return error.description }
    }

    static func address(_ text: String) -> String? {
        (try? EmailAddress(text)) == nil ? "is not a mail address" : nil
    }

    static func proxies(_ text: String) -> String? {
        do throws(TrustedProxies.InvalidRange) {
            _ = try TrustedProxies(list(text))
            return nil
        } catch { return "\(error)" }
    }

    static func databaseURL(_ text: String) -> String? {
        do throws(PostgresError) {
            try PostgresConfiguration(url: text, applicationName: "account-ledger").validate()
            return nil
        } catch { return error.message }
    }

    static func rootKey(_ text: String) -> String? {
        do throws(RootKey.Invalid) {
            _ = try RootKey(text)
            return nil
        } catch { return "is no root key: \(error)" }
    }

    static func key(_ text: String) -> String? {
        Base64.decode(text)?.count == 32 ? nil : "is not the base64 of 32 bytes"
    }

    static func signingKey(_ text: String) -> String? {
        Base64.decode(text)?.count == 32 || (try? SigningKey(text)) != nil
            ? nil : "is neither a note's signing key nor the base64 of 32 bytes"
    }

    static func formerKeys(_ text: String) -> String? {
        let bad = FormerKeys.words(text).contains { signingKey($0) != nil && (try? VerifierKey($0)) == nil }
        return bad ? "holds something else than signing keys and verifier keys" : nil
    }

    static func witnesses(_ text: String) -> String? {
        text == "none" || Witness.list(text) != nil
            ? nil : "is not a list of at most \(Witness.most) witnesses: URL, blank, verifier key"
    }

    static func standbys(_ text: String) -> String? {
        standbyNames(text) == nil
            ? "is not a list of at most 16 different names of 1 to 63 letters, digits and . _ - : /" : nil
    }

    /// The names between commas, none for `none`; nil when something else stands there.
    ///
    /// PostgreSQL cuts application names at 63 bytes.
    static func standbyNames(_ text: String) -> [String]? {
        guard text != "none" else { return [] }
        let names = text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
        let areFine = names.allSatisfy { name in
            (1...63).contains(name.utf8.count)
                && name.utf8.allSatisfy { isLetter($0) || isDigit($0) || "._-:/".utf8.contains($0) }
        }
        return areFine && names.count <= 16 && Set(names).count == names.count ? names : nil
    }

    /// The texts between commas; none for `none`.
    static func list(_ text: String) -> [String] {
        guard text != "none" else { return [] }
        return text.split(separator: ",").map { String($0.drop { $0 == " " }.prefix { $0 != " " }) }
    }

    /// A number of bytes, with or without a unit of powers of 1024.
    static func bytes(_ text: String) -> Int? {
        let digits = text.prefix { $0.isNumber }
        guard let number = Int(digits), number >= 0, digits.count <= 12 else { return nil }
        let factor: Int
        switch text.dropFirst(digits.count).drop(while: { $0 == " " }) {
        case "": factor = 1
        case "kB": factor = 1_000
        case "MB": factor = 1_000_000
        case "GB": factor = 1_000_000_000
        case "K", "KiB": factor = 1 << 10
        case "M", "MiB": factor = 1 << 20
        case "G", "GiB": factor = 1 << 30
        default: return nil
        }
        return number * factor
    }

    private static func number(_ text: String, in range: ClosedRange<Int>) -> Int? {
        guard !text.isEmpty, text.utf8.count <= 10, text.utf8.allSatisfy(isDigit), let number = Int(text),
            range.contains(number)
        else { return nil }
        return number
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    private static func isLetter(_ byte: UInt8) -> Bool { isLowerLetter(byte | 0x20) }
    private static func isLowerLetter(_ byte: UInt8) -> Bool { (0x61...0x7a).contains(byte) }
}
