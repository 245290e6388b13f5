import COpenSSL

/// A big number of the library in memory that is never swapped out, wiped at its end.
@safe final class BigNumber {
    /// Where it is.
    let pointer: OpaquePointer

    /// Creates a zero.
    init() throws(PKIError) {
        guard let pointer = unsafe BN_secure_new() else { throw .library("BN_secure_new") }
        unsafe self.pointer = unsafe pointer
    }

    deinit {
        unsafe BN_clear_free(pointer)
    }
}
