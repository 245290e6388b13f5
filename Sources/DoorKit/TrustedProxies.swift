import Glibc

/// An IP address; IPv4 is held in its IPv6-mapped form, so that an address has one spelling.
public struct NetworkAddress: Sendable, Hashable, CustomStringConvertible {
    /// The first eight bytes.
    let high: UInt64
    /// The last eight bytes.
    let low: UInt64

    /// What connections without an IP address (unix sockets) count as.
    static let loopback = NetworkAddress(high: 0, low: 1)

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Parses the text form of an IPv4 or IPv6 address, nil for anything else.
    public init?(_ text: some StringProtocol) {
        var bytes = [UInt8](repeating: 0, count: 16)
        let text = String(text)
        if text.utf8.contains(UInt8(ascii: ":")) {
            guard inet_pton(AF_INET6, text, &bytes) == 1 else { return nil }
        } else {
            var four = [UInt8](repeating: 0, count: 4)
            guard inet_pton(AF_INET, text, &four) == 1 else { return nil }
            bytes.replaceSubrange(10..<16, with: [0xff, 0xff] + four)
        }
        self.high = bytes[..<8].reduce(0) { $0 << 8 | UInt64($1) }
        self.low = bytes[8...].reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Whether this is an IPv4 address.
    public var isIPv4: Bool { high == 0 && low >> 32 == 0xffff }

    /// The address as a limit on attempts counts it: an IPv6 client owns at least its /64.
    public var network: NetworkAddress { isIPv4 ? self : NetworkAddress(high: high, low: 0) }

    /// The text form.
    public var description: String {
        if isIPv4 { return (0..<4).map { "\(low >> UInt64(24 - 8 * $0) & 0xff)" }.joined(separator: ".") }
        var bytes = (0..<16).map { (place: Int) -> UInt8 in
            let half = place < 8 ? high : low
            return UInt8(truncatingIfNeeded: half >> UInt64(56 - 8 * (place & 7)))
        }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(AF_INET6, &bytes, &text, socklen_t(text.count)) != nil else { return "::" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// The peers whose `X-Forwarded-For` is believed; they are configured, never guessed.
public struct TrustedProxies: Sendable {
    private struct Range: Sendable {
        let address: NetworkAddress
        let highMask: UInt64
        let lowMask: UInt64

        func contains(_ other: NetworkAddress) -> Bool {
            (other.high ^ address.high) & highMask == 0 && (other.low ^ address.low) & lowMask == 0
        }
    }

    private let ranges: [Range]

    /// Trusts nobody.
    public static let none = TrustedProxies(ranges: [])

    private init(ranges: [Range]) { self.ranges = ranges }

    /// Parses addresses and CIDR ranges.
    ///
    /// - Throws: `InvalidRange` naming the one that is neither.
    public init(_ texts: [String]) throws(InvalidRange) {
        var ranges: [Range] = []
        for text in texts {
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count <= 2, let address = NetworkAddress(parts[0]) else { throw InvalidRange(text: text) }
            let size = address.isIPv4 ? 32 : 128
            guard let bits = parts.count == 2 ? Int(parts[1]) : size, (0...size).contains(bits) else {
                throw InvalidRange(text: text)
            }
            let prefix = bits + 128 - size
            ranges.append(
                Range(
                    address: address,
                    highMask: prefix == 0 ? 0 : ~0 << UInt64(max(0, 64 - prefix)),
                    lowMask: prefix <= 64 ? 0 : ~0 << UInt64(128 - prefix)))
        }
        self.ranges = ranges
    }

    /// Whether `address` is one of them.
    public func contains(_ address: NetworkAddress) -> Bool { ranges.contains { $0.contains(address) } }

    /// The client behind `peer`: the rightmost hop of `forwarded` that is not trusted itself.
    ///
    /// Nothing to the left of a hop that cannot be read is believed.
    public func client(peer: NetworkAddress, forwarded: [String]) -> NetworkAddress {
        guard contains(peer) else { return peer }
        var client = peer
        for hop in forwarded.flatMap({ $0.split(separator: ",") }).reversed() {
            guard let address = NetworkAddress(hop.drop { $0 == " " }.prefix { $0 != " " }) else { break }
            client = address
            guard contains(address) else { break }
        }
        return client
    }

    /// A text that is neither an address nor a CIDR range.
    public struct InvalidRange: Error, Sendable, CustomStringConvertible {
        /// The text.
        public let text: String

        /// One line for whoever configures the program.
        public var description: String { "not an IP address or CIDR range: \(text)" }
    }
}
