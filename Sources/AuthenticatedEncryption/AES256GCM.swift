import COpenSSL

/// AES-256-GCM (NIST SP 800-38D) with nonces of 96 bits and tags of 128, over OpenSSL.
///
/// A box is nonce ‖ ciphertext ‖ tag. Whoever replays a log opens nearly every box under another key, so each thread
/// keeps one context and changes its key, which costs a fraction of making a context.
public enum AES256GCM {
    /// Length of a key in bytes.
    public static let keyBytes = 32
    /// Length of a nonce in bytes.
    public static let nonceBytes = 12
    /// Length of a tag in bytes.
    public static let tagBytes = 16

    /// Seals bytes.
    ///
    /// - Parameters:
    ///   - plain: What is sealed; less than 2 GiB.
    ///   - head: What stands in front of the ciphertext. It ends with the nonce, never used twice under one key.
    ///   - key: ``keyBytes`` bytes.
    ///   - associatedData: What the box is bound to besides.
    /// - Returns: head ‖ ciphertext ‖ tag.
    public static func seal(
        _ plain: RawSpan, after head: RawSpan, key: RawSpan, authenticating associatedData: RawSpan
    ) -> [UInt8] {
        precondition(key.byteCount == keyBytes && head.byteCount >= nonceBytes, "a key or nonce of another size")
        let size = head.byteCount + plain.byteCount + tagBytes
        return unsafe [UInt8](unsafeUninitializedCapacity: size) { box, count in
            let context = CipherContext.ofThread
            let bytes = UnsafeMutableRawBufferPointer(box)
            unsafe head.withUnsafeBytes { unsafe bytes.copyMemory(from: $0) }
            let sealed = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[head.byteCount..<size])
            let done = unsafe key.withUnsafeBytes { key in
                let nonce = unsafe UnsafeRawBufferPointer(
                    rebasing: bytes[(head.byteCount - nonceBytes)..<head.byteCount])
                return unsafe context.begin(sealing: true, key: key, nonce: nonce)
                    && context.authenticate(associatedData) && context.run(plain, to: sealed)
                    && context.takeTag(to: sealed.baseAddress.map { unsafe $0 + plain.byteCount })
            }
            // It can only fail for sizes, which are checked above, and for want of memory.
            precondition(done, "AES-256-GCM refused to seal")
            count = size
        }
    }

    /// Opens a box.
    ///
    /// - Parameters:
    ///   - box: nonce ‖ ciphertext ‖ tag.
    ///   - key: ``keyBytes`` bytes.
    ///   - associatedData: What the box was bound to.
    /// - Returns: What was sealed; nil when key, box or associated data are others.
    public static func open(_ box: RawSpan, key: RawSpan, authenticating associatedData: RawSpan) -> [UInt8]? {
        guard let size = plainBytes(of: box) else { return nil }
        var isGenuine = false
        let plain = unsafe [UInt8](unsafeUninitializedCapacity: size) { plain, count in
            isGenuine = unsafe open(
                box, key: key, authenticating: associatedData, into: UnsafeMutableRawBufferPointer(plain))
            count = isGenuine ? size : 0
        }
        return isGenuine ? plain : nil
    }

    /// Opens a box into memory that is there already.
    ///
    /// - Parameters:
    ///   - box: nonce ‖ ciphertext ‖ tag.
    ///   - key: ``keyBytes`` bytes.
    ///   - associatedData: What the box was bound to.
    ///   - plain: Takes what was sealed: ``plainBytes(of:)`` bytes. Unless the box is genuine, they mean nothing.
    /// - Returns: Whether key, box and associated data are those of the sealing.
    public static func open(
        _ box: RawSpan, key: RawSpan, authenticating associatedData: RawSpan, into plain: UnsafeMutableRawBufferPointer
    ) -> Bool {
        precondition(key.byteCount == keyBytes, "a key of another size")
        guard let size = plainBytes(of: box) else { return false }
        precondition(plain.count == size, "room of another size")
        let context = CipherContext.ofThread
        return unsafe key.withUnsafeBytes { key in
            unsafe box.withUnsafeBytes { box in
                let nonce = unsafe UnsafeRawBufferPointer(rebasing: box[..<nonceBytes])
                let tag = unsafe UnsafeRawBufferPointer(rebasing: box[(nonceBytes + size)...])
                return unsafe context.begin(sealing: false, key: key, nonce: nonce)
                    && context.authenticate(associatedData)
                    && context.run(UnsafeRawBufferPointer(rebasing: box[nonceBytes..<(nonceBytes + size)]), to: plain)
                    && context.check(tag)
            }
        }
    }

    /// How many bytes a box holds; nil when it is too short to be one.
    public static func plainBytes(of box: RawSpan) -> Int? {
        let size = box.byteCount - nonceBytes - tagBytes
        return size >= 0 ? size : nil
    }
}
