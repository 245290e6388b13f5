import StrictJSON
import Testing

@Suite struct `Random input` {
    @Test func `what is written is read back the same`() throws {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<2_000 {
            let value = random.value()
            var writer = JSONWriter()
            try writer.value(value)
            #expect(try JSONReader.read(writer.bytes) == value)
        }
    }

    @Test func `damaged texts are read or refused, and what is read is JSON`() throws {
        var random = SeededGenerator(seed: 2)
        var accepted = 0
        for _ in 0..<1_000 {
            var writer = JSONWriter()
            try writer.value(random.value(depth: 3))
            for _ in 0..<50 {
                let damaged = damage(writer.bytes, using: &random)
                guard let value = try? JSONReader.read(damaged) else { continue }
                accepted += 1
                var again = JSONWriter()
                try again.value(value)
                #expect(try JSONReader.read(again.bytes) == value)
            }
        }
        #expect(accepted > 0)
    }

    @Test func `noise is read or refused`() {
        var random = SeededGenerator(seed: 3)
        let alphabet = Array(#"{}[]",:\u0123456789abcdefn-+.eEtrulsD8 "#.utf8)
        for _ in 0..<20_000 {
            _ = try? JSONReader.read(random.bytes(upTo: 40))
            let text = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                alphabet[Int.random(in: alphabet.indices, using: &random)]
            }
            _ = try? JSONReader.read(text)
        }
    }

    private func damage(_ bytes: [UInt8], using random: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        guard let index = bytes.indices.randomElement(using: &random) else { return bytes }
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes[index] = .random(in: 0...255, using: &random)
        case 1: bytes.remove(at: index)
        case 2: bytes.insert(Array(#"{}[]",:\0"#.utf8)[Int.random(in: 0..<9, using: &random)], at: index)
        case 3: bytes.removeSubrange(index...)
        default: bytes.append(contentsOf: bytes[..<index])
        }
        return bytes
    }
}
