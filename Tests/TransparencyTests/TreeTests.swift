import Testing
import Transparency

@Suite struct TreeTests {
    /// The inputs and roots that the implementations of Certificate Transparency share.
    static let entries: [[UInt8]] = [
        [], [0x00], [0x10], [0x20, 0x21], [0x30, 0x31], [0x40, 0x41, 0x42, 0x43],
        [0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57], Array(0x60...0x6F),
    ]
    static let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ]

    @Test func `the known inputs give the known roots`() {
        var frontier = MerkleFrontier()
        #expect(frontier.root.description == Self.roots[0])
        for (entry, root) in zip(Self.entries, Self.roots.dropFirst()) {
            frontier.append(.leaf(entry))
            #expect(frontier.root.description == root)
        }
        #expect(TreeHash.leaf([0x10]).description == "0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7")
    }

    @Test func `a frontier tells the root of every small tree, and can be restored at each size`() throws {
        let tree = NaiveTree(size: 600)
        var frontier = MerkleFrontier()
        for size in 0...600 {
            if size > 0 { frontier.append(.leaf(tree.leaves[size - 1])) }
            guard size < 70 || size % 85 == 0 || (254...258).contains(size) || (511...514).contains(size) else {
                continue
            }
            #expect(frontier.root.bytes == tree.root(of: size))
            #expect(frontier.size == Int64(size))
            let restored = MerkleFrontier(size: Int64(size)) { tree.hash(of: $0) }
            #expect(restored == frontier)
            #expect(MerkleFrontier(size: Int64(size), peaks: frontier.peaks) == frontier)
            #expect(MerkleFrontier(size: Int64(size), peaks: frontier.peaks + [.empty]) == nil)
        }
    }

    @Test func `whole subtrees and single leaves give the same root`() {
        let tree = NaiveTree(size: 300)
        var frontier = MerkleFrontier()
        frontier.append(subtree: tree.hash(of: TreeNode(level: 8, index: 0)), level: 8)
        frontier.append(subtree: tree.hash(of: TreeNode(level: 5, index: 8)), level: 5)
        for leaf in 288..<300 { frontier.append(.leaf(tree.leaves[leaf])) }
        #expect(frontier.root.bytes == tree.root(of: 300))
    }

    @Test func `each inclusion proof of each small tree is the RFC's, and proves this leaf in this tree alone`() {
        let tree = NaiveTree(size: 40)
        for size in 1...40 {
            let root = tree.hash(of: 0..<size)
            for index in 0..<size {
                var asked: [TreeNode] = []
                let proof = InclusionProof(index: Int64(index), size: Int64(size)) {
                    asked.append($0)
                    return tree.hash(of: $0)
                }
                #expect(Set(asked) == Set(InclusionProof.nodes(index: Int64(index), size: Int64(size))))
                #expect(proof.hashes.map(\.bytes) == NaiveTree.path(index, tree.leaves[..<size]))
                let leaf = TreeHash.leaf(tree.leaves[index])
                #expect(proof.proves(leaf: leaf, in: root))
                #expect(!proof.proves(leaf: .leaf([7]), in: root))
                for other in 0..<size where other != index {
                    let moved = InclusionProof(index: Int64(other), size: Int64(size), hashes: proof.hashes)
                    #expect(!moved.proves(leaf: leaf, in: root))
                }
                let surplus = InclusionProof(index: proof.index, size: proof.size, hashes: proof.hashes + [.empty])
                #expect(surplus.root(ofLeaf: leaf) == nil)
                if size > 1 {
                    let short = InclusionProof(
                        index: proof.index, size: proof.size, hashes: Array(proof.hashes.dropLast()))
                    #expect(short.root(ofLeaf: leaf) == nil)
                }
            }
        }
        #expect(InclusionProof(index: 1, size: 1, hashes: []).root(ofLeaf: .empty) == nil)
        #expect(InclusionProof(index: -1, size: 1, hashes: []).root(ofLeaf: .empty) == nil)
    }

    @Test func `each consistency proof of each small tree is the RFC's, and proves these two trees alone`() {
        let tree = NaiveTree(size: 40)
        let roots = (0...40).map { tree.hash(of: 0..<$0) }
        for size in 0...40 {
            for from in 0...size {
                let proof = ConsistencyProof(from: Int64(from), size: Int64(size)) { tree.hash(of: $0) }
                if from > 0 {
                    #expect(proof.hashes.map(\.bytes) == NaiveTree.subproof(from, tree.leaves[..<size], true))
                }
                #expect(proof.proves(roots[from], extendedTo: roots[size]))
                #expect(!proof.proves(.leaf([1]), extendedTo: roots[size]))
                #expect(!proof.proves(roots[from], extendedTo: .leaf([1])) || from == 0)
                let surplus = ConsistencyProof(from: Int64(from), size: Int64(size), hashes: proof.hashes + [.empty])
                #expect(!surplus.proves(roots[from], extendedTo: roots[size]))
                if !proof.hashes.isEmpty {
                    let short = ConsistencyProof(
                        from: Int64(from), size: Int64(size), hashes: Array(proof.hashes.dropLast()))
                    #expect(!short.proves(roots[from], extendedTo: roots[size]))
                }
                if from > 0, from < size {
                    let shifted = ConsistencyProof(from: Int64(from) - 1, size: Int64(size), hashes: proof.hashes)
                    #expect(!shifted.proves(roots[from], extendedTo: roots[size]))
                }
            }
        }
        #expect(!ConsistencyProof(from: 3, size: 2, hashes: []).proves(.empty, extendedTo: .empty))
    }

    @Test func `a tile gives the hash of every node within it`() throws {
        let tree = NaiveTree(size: 700)
        let full = try #require(
            HashTile(level: 0, index: 1, hashes: (256..<512).map { .leaf(tree.leaves[$0]) }))
        #expect(full.root == tree.hash(of: TreeNode(level: 8, index: 1)))
        for level in 0...8 {
            let node = TreeNode(level: level, index: 1 << Int64(8 - level))
            #expect(full.hash(of: node) == tree.hash(of: node))
            #expect(level == 8 || HashTile.place(of: node) == (0, 1))
        }
        #expect(full.hash(of: TreeNode(level: 0, index: 255)) == nil)
        #expect(full.hash(of: TreeNode(level: 0, index: 512)) == nil)
        #expect(full.hash(of: TreeNode(level: 9, index: 0)) == nil)
        #expect(HashTile(level: 0, index: 1, bytes: full.bytes) == full)
        #expect(HashTile(level: 0, index: 1, bytes: Array(full.bytes.dropLast())) == nil)
        #expect(HashTile(level: 0, index: 1, bytes: []) == nil)
        let partial = try #require(HashTile(level: 1, index: 0, hashes: [.empty, full.root]))
        #expect(partial.hash(of: TreeNode(level: 8, index: 1)) == full.root)
        #expect(partial.hash(of: TreeNode(level: 8, index: 2)) == nil)
        #expect(HashTile.place(of: TreeNode(level: 8, index: 1)) == (1, 0))
    }

    @Test func `tiles have the widths of the specification's example`() {
        // "273 full level 0 tiles, one partial level 0 tile of width 112, …"
        #expect(HashTile.width(level: 0, index: 272, inTreeOf: 70_000) == 256)
        #expect(HashTile.width(level: 0, index: 273, inTreeOf: 70_000) == 112)
        #expect(HashTile.width(level: 0, index: 274, inTreeOf: 70_000) == 0)
        #expect(HashTile.width(level: 1, index: 0, inTreeOf: 70_000) == 256)
        #expect(HashTile.width(level: 1, index: 1, inTreeOf: 70_000) == 17)
        #expect(HashTile.width(level: 2, index: 0, inTreeOf: 70_000) == 1)
        #expect(HashTile.width(level: 3, index: 0, inTreeOf: 70_000) == 0)
        #expect(HashTile.width(level: 0, index: 0, inTreeOf: 256) == 256)
        #expect(HashTile.width(level: 0, index: 1, inTreeOf: 256) == 0)
        #expect(HashTile.width(level: 1, index: 0, inTreeOf: 256) == 1)
        #expect(HashTile.width(level: 0, index: 0, inTreeOf: 0) == 0)
    }
}

extension NaiveTree {
    func hash(of leaves: Range<Int>) -> TreeHash {
        guard let hash = TreeHash(bytes: Self.root(self.leaves[leaves])) else { fatalError("SHA-256 has 32 bytes") }
        return hash
    }

    func hash(of node: TreeNode) -> TreeHash { hash(of: Int(node.leaves.lowerBound)..<Int(node.leaves.upperBound)) }
}
