import AccountDomain
import Testing

@Suite("Moment") struct MomentTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"),
            (1_795_266_000_000_000, "2026-11-21T13:00:00.000000Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
            (-2_203_891_200_000_000, "1900-03-01T00:00:00.000000Z"),
            (-2_203_891_200_000_001, "1900-02-28T23:59:59.999999Z"),
            (-62_167_219_200_000_000, "0000-01-01T00:00:00.000000Z"),
            (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
            (1_000_000_000_123_456, "2001-09-09T01:46:40.123456Z"),
            (4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z"),
        ] as [(Int64, String)])
    func `a moment is written and read in one form`(microseconds: Int64, text: String) {
        let moment = Moment(microseconds: microseconds)
        #expect(moment.description == text)
        #expect(Moment(rfc3339: text) == moment)
        var bytes = Array("at ".utf8)
        moment.appendText(to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == "at " + text)
    }

    @Test(
        arguments: [
            ("1970-01-01T01:00:00+01:00", 0), ("1969-12-31T23:30:00-00:30", 0), ("1970-01-01T00:00:00-00:00", 0),
            ("1970-01-01t00:00:00z", 0), ("1970-01-01 00:00:00Z", 0), ("1970-01-01T00:00:00.1Z", 100_000),
            ("1970-01-01T00:00:00.123456789Z", 123_456), ("1970-01-01T00:00:00.000001Z", 1),
            ("1969-12-31T23:59:59.999999999Z", -1), ("2024-02-29T00:00:00Z", 1_709_164_800_000_000),
            ("1970-01-01T23:59:00+23:59", 0),
        ] as [(String, Int64)])
    func `offsets and fractions are read`(text: String, microseconds: Int64) {
        #expect(Moment(rfc3339: text)?.microseconds == microseconds)
    }

    @Test(arguments: [
        "", "Z", "1970", "1970-01-01", "1970-01-01T00:00:00", "1970-01-01T00:00Z", "1970-01-01T00:00:00.Z",
        "1970-01-01T00:00:00.1234567890Z", "1970-01-01T00:00:00+0100", "1970-01-01T00:00:00+24:00",
        "1970-01-01T00:00:00+00:60", "1970-01-01T24:00:00Z", "1970-01-01T00:60:00Z", "2016-12-31T23:59:60Z",
        "1970-00-01T00:00:00Z", "1970-13-01T00:00:00Z", "1970-01-00T00:00:00Z", "1970-01-32T00:00:00Z",
        "1970-04-31T00:00:00Z", "2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2100-02-29T00:00:00Z",
        "2000-02-30T00:00:00Z", "0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "1970-01-01T00:00:00ZZ",
        " 1970-01-01T00:00:00Z", "+1970-01-01T00:00:00Z", "19700101T000000Z", "1970-01-01T00:00:00,5Z",
        "1970-01-01T-1:00:00Z", "１970-01-01T00:00:00Z", "1970-01-01T00:00:00\u{0}Z",
    ])
    func `what is no moment is not read`(text: String) {
        #expect(Moment(rfc3339: text) == nil)
    }

    @Test func `every day from 1900 to 2400 follows the one before`() throws {
        var (year, month, day) = (1900, 1, 1)
        var moment = try #require(Moment(rfc3339: "1900-01-01T00:00:00Z"))
        while year <= 2400 {
            let text = "\(year)-\(month < 10 ? "0" : "")\(month)-\(day < 10 ? "0" : "")\(day)T00:00:00.000000Z"
            guard moment.description == text, Moment(rfc3339: text) == moment else {
                Issue.record("\(text) and \(moment) are not the same")
                return
            }
            let isLeap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0)
            let length = month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
            day += 1
            if day > length { (month, day) = (month + 1, 1) }
            if month > 12 { (year, month) = (year + 1, 1) }
            moment = moment.adding(seconds: 86_400)
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `any moment of the years 0 to 9999 comes back`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<5_000 {
            let moment = Moment(
                microseconds: .random(in: -62_167_219_200_000_000...253_402_300_799_999_999, using: &generator))
            let text = moment.description
            guard text.utf8.count == 27, Moment(rfc3339: text) == moment else {
                Issue.record("\(moment.microseconds) became \(text)")
                return
            }
        }
    }

    @Test func `the ends of time are written with a sign and stop arithmetic`() {
        #expect(Moment(microseconds: .max).description == "+294247-01-10T04:00:54.775807Z")
        #expect(Moment(microseconds: .min).description == "-290308-12-21T19:59:05.224192Z")
        #expect(Moment(microseconds: .max).adding(seconds: 1) == Moment(microseconds: .max))
        #expect(Moment(microseconds: 0).adding(seconds: .min) == Moment(microseconds: .min))
        #expect(Moment(microseconds: 5).adding(seconds: -2) == Moment(microseconds: -1_999_995))
        #expect(Moment(microseconds: -1) < Moment(microseconds: 0))
    }
}
