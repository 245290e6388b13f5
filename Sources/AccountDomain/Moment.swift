/// A point in time: microseconds since 1970, UTC.
///
/// Days are counted in the proleptic Gregorian calendar, without leap seconds.
public struct Moment: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Microseconds since 1970-01-01T00:00:00Z.
    public let microseconds: Int64

    /// The moment so many microseconds after 1970.
    public init(microseconds: Int64) { self.microseconds = microseconds }

    /// Earlier before later.
    public static func < (left: Moment, right: Moment) -> Bool { left.microseconds < right.microseconds }

    /// The moment so many seconds later; the ends of time stop it.
    public func adding(seconds: Int64) -> Moment {
        let (delta, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let (sum, overflows) = microseconds.addingReportingOverflow(delta)
        if overflow || overflows { return Moment(microseconds: seconds < 0 ? .min : .max) }
        return Moment(microseconds: sum)
    }

    /// RFC 3339, UTC, six fraction digits.
    ///
    /// Years outside 0…9999, which RFC 3339 cannot write, carry a sign, as in ISO 8601.
    public var description: String {
        var bytes: [UInt8] = []
        appendText(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the RFC 3339 form.
    public func appendText(to bytes: inout [UInt8]) {
        let (days, rest) = Self.divide(microseconds, 86_400_000_000)
        let (year, month, day) = Self.date(fromDays: days)
        let seconds = rest / 1_000_000
        // A year has six digits at most: an Int64 of microseconds ends in the year 294247.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 30) { text in
            var end = 0
            func put(_ byte: Unicode.Scalar) {
                text.initializeElement(at: end, to: UInt8(ascii: byte))
                end += 1
            }
            func put(_ value: Int64, _ width: Int) {
                var rest = value
                for place in stride(from: end + width - 1, through: end, by: -1) {
                    text.initializeElement(at: place, to: UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
                    rest /= 10
                }
                end += width
            }
            if year < 0 { put("-") } else if year > 9999 { put("+") }
            put(abs(year), abs(year) > 9999 ? 6 : 4)
            put("-")
            put(month, 2)
            put("-")
            put(day, 2)
            put("T")
            put(seconds / 3600, 2)
            put(":")
            put(seconds / 60 % 60, 2)
            put(":")
            put(seconds % 60, 2)
            put(".")
            put(rest % 1_000_000, 6)
            put("Z")
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[..<end]))
        }
    }

    /// Reads RFC 3339 with any offset and up to nine fraction digits, of which six count.
    ///
    /// Nil for days that no calendar has, for leap seconds, and for what an offset carries out of the years 0…9999.
    public init?(rfc3339 text: String) {
        var reader = Digits(Array(text.utf8))
        guard let year = reader.number(4), reader.take("-"), let month = reader.number(2), reader.take("-"),
            let day = reader.number(2), reader.takeAny("Tt "), let hour = reader.number(2), reader.take(":"),
            let minute = reader.number(2), reader.take(":"), let second = reader.number(2),
            (1...12).contains(month), day >= 1, day <= Self.daysIn(month, of: year), hour < 24, minute < 60, second < 60
        else { return nil }
        var fraction: Int64 = 0
        if reader.take(".") {
            guard let micros = reader.fraction() else { return nil }
            fraction = micros
        }
        var offset: Int64 = 0
        if !reader.takeAny("Zz") {
            let sign: Int64
            if reader.take("+") { sign = 1 } else if reader.take("-") { sign = -1 } else { return nil }
            guard let hours = reader.number(2), reader.take(":"), let minutes = reader.number(2), hours < 24,
                minutes < 60
            else { return nil }
            offset = sign * (hours * 3600 + minutes * 60)
        }
        guard reader.isAtEnd else { return nil }
        let days = Self.days(year, month, day)
        let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset
        guard (Self.firstSecond...Self.lastSecond).contains(seconds) else { return nil }
        self.init(microseconds: seconds * 1_000_000 + fraction)
    }

    /// 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z: what RFC 3339 can write.
    private static let firstSecond: Int64 = -62_167_219_200
    private static let lastSecond: Int64 = 253_402_300_799

    // Days since 1970 in the proleptic Gregorian calendar, by eras of 400 years that begin in March.

    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = divide(shifted, 400)
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func date(fromDays days: Int64) -> (Int64, Int64, Int64) {
        let (era, dayOfEra) = divide(days + 719_468, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    private static func daysIn(_ month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func divide(_ value: Int64, _ by: Int64) -> (Int64, Int64) {
        var (quotient, rest) = value.quotientAndRemainder(dividingBy: by)
        if rest < 0 {
            quotient -= 1
            rest += by
        }
        return (quotient, rest)
    }
}

/// Reads fixed numbers of digits.
private struct Digits {
    private let bytes: [UInt8]
    private var place = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { place == bytes.count }

    mutating func number(_ width: Int) -> Int64? {
        guard place + width <= bytes.count else { return nil }
        var value: Int64 = 0
        for byte in bytes[place..<place + width] {
            guard (48...57).contains(byte) else { return nil }
            value = value * 10 + Int64(byte - 48)
        }
        place += width
        return value
    }

    mutating func fraction() -> Int64? {
        var value: Int64 = 0
        var digits = 0
        while place < bytes.count, (48...57).contains(bytes[place]) {
            if digits < 6 { value = value * 10 + Int64(bytes[place] - 48) }
            digits += 1
            place += 1
        }
        guard (1...9).contains(digits) else { return nil }
        while digits < 6 {
            value *= 10
            digits += 1
        }
        return value
    }

    mutating func take(_ character: Character) -> Bool { takeAny(String(character)) }

    mutating func takeAny(_ characters: String) -> Bool {
        guard place < bytes.count, characters.utf8.contains(bytes[place]) else { return false }
        place += 1
        return true
    }
}
