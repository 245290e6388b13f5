import COpenSSL

/// The library's stream over memory of its own.
@safe struct MemoryBIO: ~Copyable {
    // Sound: freed once, when the only owner ends.
    let pointer: OpaquePointer

    /// Creates a stream that holds `bytes`.
    init(_ bytes: [UInt8] = []) throws(PKIError) {
        guard bytes.count <= Int(Int32.max) else { throw .malformed }
        guard let pointer = unsafe BIO_new(BIO_s_mem()) else { throw .library("BIO_new") }
        let written = unsafe bytes.withUnsafeBytes { unsafe BIO_write(pointer, $0.baseAddress, Int32($0.count)) }
        // Of nothing, the library reports an error instead of zero.
        guard bytes.isEmpty || Int(written) == bytes.count else {
            unsafe BIO_free_all(pointer)
            throw .library("BIO_write")
        }
        unsafe self.pointer = unsafe pointer
    }

    deinit {
        unsafe BIO_free_all(pointer)
    }

    /// How many bytes were not read yet.
    var count: Int { unsafe BIO_ctrl_pending(pointer) }

    /// Reads all that is left.
    func readAll() throws(PKIError) -> [UInt8] {
        let count = count
        var read: Int32 = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            read = unsafe BIO_read(pointer, buffer.baseAddress, Int32(count))
            initialized = max(0, Int(read))
        }
        guard Int(read) == count else { throw .library("BIO_read") }
        return bytes
    }
}
