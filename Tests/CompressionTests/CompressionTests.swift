import Compression
import Testing

@Suite struct `Compression` {
    private static func sample(_ count: Int) -> [UInt8] {
        // A mix of what compresses well and what does not.
        var state: UInt32 = 1
        return (0..<count).map { index in
            state = state &* 1_664_525 &+ 1_013_904_223
            return index % 3 == 0 ? UInt8(truncatingIfNeeded: state >> 24) : UInt8(truncatingIfNeeded: index / 100)
        }
    }

    @Test(arguments: [0, 1, 100, 65_535, 65_536, 65_537, 1_000_000])
    func `what was compressed comes back`(count: Int) throws {
        let bytes = Self.sample(count)
        let gzip = try Deflate.gzip(bytes)
        #expect(gzip.starts(with: [0x1F, 0x8B, 0x08]))
        #expect(try Deflate.gzip(bytes) == gzip)
        #expect(try Inflate.gunzip(gzip, maximumBytes: count) == bytes)
        #expect(try Inflate.detecting(gzip, maximumBytes: count) == bytes)
        let zlib = try Deflate.compress(bytes, as: .zlib)
        #expect(zlib.first == 0x78)
        #expect(try Inflate.zlib(zlib, maximumBytes: count) == bytes)
        #expect(try Inflate.detecting(zlib, maximumBytes: count) == bytes)
    }

    @Test func `what another program compressed is read`() throws {
        // printf 'account ledger\n' | gzip -n9
        let bytes: [UInt8] = [
            0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x4B, 0x4C, 0x4E, 0xCE, 0x2F, 0xCD,
            0x2B, 0x51, 0xC8, 0x49, 0x4D, 0x49, 0x4F, 0x2D, 0xE2, 0x02, 0x00, 0xE4, 0x15, 0x9B, 0x4C, 0x0F,
            0x00, 0x00, 0x00,
        ]
        #expect(try Inflate.gunzip(bytes, maximumBytes: 100) == Array("account ledger\n".utf8))
    }

    @Test func `content of exactly the limit is taken, one byte more is not`() throws {
        let gzip = try Deflate.gzip(Self.sample(100_000))
        #expect(try Inflate.gunzip(gzip, maximumBytes: 100_000).count == 100_000)
        #expect(throws: CompressionError.tooLarge) { try Inflate.gunzip(gzip, maximumBytes: 99_999) }
        #expect(throws: CompressionError.tooLarge) { try Inflate.gunzip(gzip, maximumBytes: 0) }
    }

    @Test func `a bomb is refused`() throws {
        let bomb = try Deflate.gzip([UInt8](repeating: 0, count: 64 << 20))
        #expect(bomb.count < 100_000)
        #expect(throws: CompressionError.tooLarge) { try Inflate.gunzip(bomb, maximumBytes: 1 << 20) }
    }

    @Test func `trailing bytes and further members are refused`() throws {
        let gzip = try Deflate.gzip(Array("content".utf8))
        #expect(throws: CompressionError.trailingBytes) { try Inflate.gunzip(gzip + [0], maximumBytes: 100) }
        #expect(throws: CompressionError.trailingBytes) { try Inflate.gunzip(gzip + gzip, maximumBytes: 100) }
    }

    @Test func `every truncation is refused`() throws {
        let gzip = try Deflate.gzip(Self.sample(2_000))
        for count in gzip.indices {
            #expect(throws: CompressionError.truncated) {
                try Inflate.gunzip(Array(gzip[..<count]), maximumBytes: 10_000)
            }
        }
    }

    @Test func `damage is refused or leaves the content whole`() throws {
        let bytes = Self.sample(2_000)
        let gzip = try Deflate.gzip(bytes)
        for index in gzip.indices {
            var damaged = gzip
            damaged[index] ^= 0x40
            // Time and system in the header are not checked by anyone.
            if let content = try? Inflate.gunzip(damaged, maximumBytes: 10_000) { #expect(content == bytes) }
        }
        #expect(throws: CompressionError.corrupt) { try Inflate.gunzip(Array("no gzip".utf8), maximumBytes: 10) }
        #expect(throws: CompressionError.corrupt) {
            try Inflate.gunzip(Deflate.compress(bytes, as: .zlib), maximumBytes: 10_000)
        }
    }
}
