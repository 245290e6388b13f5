public import AccountDomain
import StrictJSON

/// A message ready to be sent: its envelope, and its bytes as RFC 5322 and MIME have them.
///
/// The same arguments give the same bytes, so that a mail sent twice is twice the same one.
public struct MailMessage: Sendable, Equatable {
    /// The sender.
    public let sender: EmailAddress
    /// The one recipient.
    public let recipient: EmailAddress
    /// Stands for the message everywhere, without its angle brackets.
    public let messageID: String
    /// Header and text, lines ended by CR LF.
    public let bytes: [UInt8]

    /// Puts a message together.
    ///
    /// - Parameters:
    ///   - sender: stands in `From` and in the envelope.
    ///   - recipient: stands in `To` and in the envelope.
    ///   - subject: one line; controls become blanks, characters beyond ASCII are encoded (RFC 2047).
    ///   - text: lines end with a line feed.
    ///   - date: when it was written.
    ///   - messageID: a message id without its brackets: letters, digits, dots, hyphens and an @.
    /// - Throws: ``MailFailure`` for an address or id that could be more than one.
    public init(
        from sender: EmailAddress, to recipient: EmailAddress, subject: String, text: String, date: Moment,
        messageID: String
    ) throws(MailFailure) {
        // An address of the log was an address once, by the rule of its door; that it cannot add a header is checked
        // where headers are made.
        for address in [sender, recipient]
        where (try? EmailAddress(address.text)) != address && (try? EmailAddress(mailbox: address.text)) != address {
            throw MailFailure(.permanent, reason: "an address is not one")
        }
        guard messageID.utf8.allSatisfy({ (0x21...0x7e).contains($0) && $0 != 0x3c && $0 != 0x3e }) else {
            throw MailFailure(.permanent, reason: "the message id is not one")
        }
        self.sender = sender
        self.recipient = recipient
        self.messageID = messageID
        let body = MailText(text)
        var lines = [
            "From: <\(sender.text)>", "To: <\(recipient.text)>", "Subject: \(EncodedWord.encode(subject))",
            "Date: \(MailDate.text(of: date))", "Message-ID: <\(messageID)>", "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: \(body.encoding)",
            // So that nobody's holiday notice answers (RFC 3834).
            "Auto-Submitted: auto-generated", "",
        ]
        lines.append(contentsOf: body.lines)
        bytes = Array(lines.joined(separator: "\r\n").utf8)
    }

    /// Whether an address is beyond ASCII, so that its server has to know SMTPUTF8 (RFC 6531).
    public var needsUTF8: Bool { !(sender.text + recipient.text).utf8.allSatisfy { $0 < 0x80 } }
}

extension EmailAddress {
    /// What stands behind the @.
    public var domain: String { text.lastIndex(of: "@").map { String(text[text.index(after: $0)...]) } ?? "" }
}

/// The text of a message: as it is when it is plain ASCII of short lines, else quoted-printable (RFC 2045, 6.7).
struct MailText {
    private static let longestLine = 76

    let encoding: String
    let lines: [String]

    init(_ text: String) {
        var lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { Array($0) }
        if lines.last != [] { lines.append([]) }
        let isPlain = lines.allSatisfy { line in
            line.count <= Self.longestLine && line.allSatisfy { (0x20...0x7e).contains($0) }
        }
        encoding = isPlain ? "7bit" : "quoted-printable"
        self.lines = lines.map { isPlain ? String(decoding: $0, as: UTF8.self) : Self.quoted($0) }
    }

    private static func quoted(_ line: [UInt8]) -> String {
        var text = ""
        var width = 0
        for (index, byte) in line.enumerated() {
            let isBlank = byte == 0x20 || byte == 0x09
            let isKept = (0x21...0x7e).contains(byte) && byte != UInt8(ascii: "=")
            let piece =
                isKept || (isBlank && index < line.count - 1)
                ? String(UnicodeScalar(byte)) : "=" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            if width + piece.utf8.count > longestLine - 1 {
                text += "=\r\n"
                width = 0
            }
            text += piece
            width += piece.utf8.count
        }
        return text
    }
}

/// Header texts beyond short ASCII, as encoded words (RFC 2047).
enum EncodedWord {
    private static let longestPlain = 66
    /// 75 characters of a word, less its frame, in base64.
    private static let bytesOfWord = 45

    static func encode(_ text: String) -> String {
        var clean = String.UnicodeScalarView()
        clean.append(contentsOf: text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 })
        let line = String(clean)
        let isPlain =
            line.utf8.count <= longestPlain && line.utf8.allSatisfy { (0x20...0x7e).contains($0) }
            && !line.contains("=?")
        guard !isPlain else { return line }
        var words: [[UInt8]] = []
        for scalar in line.unicodeScalars {
            let bytes = Array(String(scalar).utf8)
            if let last = words.last, last.count + bytes.count <= bytesOfWord {
                words[words.count - 1] += bytes
            } else {
                words.append(bytes)
            }
        }
        return words.map { "=?UTF-8?B?\(Base64.encode($0))?=" }.joined(separator: "\r\n ")
    }
}

/// Moments as mail headers tell them (RFC 5322, 3.3), in UTC.
enum MailDate {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    static func text(of moment: Moment) -> String {
        // RFC 3339 has the same parts in another order.
        let text = Array(moment.description.utf8)
        guard text.count == 27 else { return Self.text(of: Moment(microseconds: 0)) }
        func number(_ range: Range<Int>) -> Int { text[range].reduce(0) { $0 * 10 + Int($1) - 0x30 } }
        let microsecondsOfDay: Int64 = 86_400_000_000
        let rest = (moment.microseconds % microsecondsOfDay + microsecondsOfDay) % microsecondsOfDay
        let day = Int((moment.microseconds - rest) / microsecondsOfDay)
        let time = String(decoding: text[11..<19], as: UTF8.self)
        let date = "\(number(8..<10)) \(months[number(5..<7) - 1]) \(String(decoding: text[..<4], as: UTF8.self))"
        return "\(days[(day % 7 + 7) % 7]), \(date) \(time) +0000"
    }
}
