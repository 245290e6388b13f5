import Crypto

/// RFC 6962's definitions written down as they stand, over arrays: slow, and sharing nothing with what is tested.
struct NaiveTree {
    let leaves: [[UInt8]]

    init(size: Int) { leaves = (0..<size).map { Array("entry \($0)".utf8) } }

    static func sha256(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }

    static func largestPowerOfTwo(below length: Int) -> Int {
        var power = 1
        while power * 2 < length { power *= 2 }
        return power
    }

    /// MTH(D[n]).
    static func root(_ leaves: ArraySlice<[UInt8]>) -> [UInt8] {
        if leaves.isEmpty { return sha256([]) }
        if leaves.count == 1 { return sha256([0] + leaves[leaves.startIndex]) }
        let middle = leaves.startIndex + largestPowerOfTwo(below: leaves.count)
        return sha256([1] + root(leaves[leaves.startIndex..<middle]) + root(leaves[middle..<leaves.endIndex]))
    }

    /// PATH(m, D[n]).
    static func path(_ index: Int, _ leaves: ArraySlice<[UInt8]>) -> [[UInt8]] {
        if leaves.count <= 1 { return [] }
        let power = largestPowerOfTwo(below: leaves.count)
        let left = leaves[leaves.startIndex..<leaves.startIndex + power]
        let right = leaves[leaves.startIndex + power..<leaves.endIndex]
        return index < power ? path(index, left) + [root(right)] : path(index - power, right) + [root(left)]
    }

    /// SUBPROOF(m, D[n], b).
    static func subproof(_ older: Int, _ leaves: ArraySlice<[UInt8]>, _ whole: Bool) -> [[UInt8]] {
        if older == leaves.count { return whole ? [] : [root(leaves)] }
        let power = largestPowerOfTwo(below: leaves.count)
        let left = leaves[leaves.startIndex..<leaves.startIndex + power]
        let right = leaves[leaves.startIndex + power..<leaves.endIndex]
        return older <= power
            ? subproof(older, left, whole) + [root(right)] : subproof(older - power, right, false) + [root(left)]
    }

    func root(of size: Int) -> [UInt8] { Self.root(leaves[..<size]) }
}
