import COpenSSL
import Glibc

/// A thread's context of the library, for one box after the other.
@safe struct CipherContext {
    private let pointer: OpaquePointer

    private init(_ pointer: OpaquePointer) { unsafe self.pointer = unsafe pointer }

    /// The thread's own; made at its first use and freed at the thread's end.
    ///
    /// It is not to be kept beyond a call: a task may go on in another thread.
    static var ofThread: CipherContext {
        if let known = unsafe pthread_getspecific(slot) { return unsafe CipherContext(OpaquePointer(known)) }
        guard let cipher = unsafe cipher, let made = unsafe EVP_CIPHER_CTX_new(),
            unsafe EVP_CipherInit_ex2(made, cipher, nil, nil, 1, nil) == 1,
            unsafe pthread_setspecific(slot, UnsafeRawPointer(made)) == 0
        else { preconditionFailure("no context for AES-256-GCM") }
        return unsafe CipherContext(made)
    }

    private static let slot: pthread_key_t = {
        var slot = pthread_key_t()
        guard unsafe pthread_key_create(&slot, { unsafe EVP_CIPHER_CTX_free(OpaquePointer($0)) }) == 0 else {
            preconditionFailure("no place for a thread's value")
        }
        return slot
    }()

    /// Lives as long as the process; nobody changes it.
    nonisolated(unsafe) private static let cipher = unsafe EVP_CIPHER_fetch(nil, "AES-256-GCM", nil)

    func begin(sealing: Bool, key: UnsafeRawBufferPointer, nonce: UnsafeRawBufferPointer) -> Bool {
        unsafe EVP_CipherInit_ex2(
            pointer, nil, key.assumingMemoryBound(to: UInt8.self).baseAddress,
            nonce.assumingMemoryBound(to: UInt8.self).baseAddress, sealing ? 1 : 0, nil) == 1
    }

    func authenticate(_ data: RawSpan) -> Bool {
        unsafe data.withUnsafeBytes { data in
            var length: Int32 = 0
            return unsafe data.isEmpty
                || EVP_CipherUpdate(
                    pointer, nil, &length, data.assumingMemoryBound(to: UInt8.self).baseAddress, Int32(data.count)) == 1
        }
    }

    func run(_ input: RawSpan, to output: UnsafeMutableRawBufferPointer) -> Bool {
        unsafe input.withUnsafeBytes { unsafe run($0, to: output) }
    }

    func run(_ input: UnsafeRawBufferPointer, to output: UnsafeMutableRawBufferPointer) -> Bool {
        var length: Int32 = 0
        return unsafe input.isEmpty
            || EVP_CipherUpdate(
                pointer, output.assumingMemoryBound(to: UInt8.self).baseAddress, &length,
                input.assumingMemoryBound(to: UInt8.self).baseAddress, Int32(input.count)) == 1
    }

    /// Ends a sealing.
    func takeTag(to tag: UnsafeMutableRawPointer?) -> Bool {
        var length: Int32 = 0
        var nothing: UInt8 = 0
        return unsafe EVP_CipherFinal_ex(pointer, &nothing, &length) == 1
            && EVP_CIPHER_CTX_ctrl(pointer, EVP_CTRL_AEAD_GET_TAG, Int32(AES256GCM.tagBytes), tag) == 1
    }

    /// Ends an opening: only now is it known whether the box is genuine.
    func check(_ tag: UnsafeRawBufferPointer) -> Bool {
        var length: Int32 = 0
        var nothing: UInt8 = 0
        return unsafe EVP_CIPHER_CTX_ctrl(
            pointer, EVP_CTRL_AEAD_SET_TAG, Int32(AES256GCM.tagBytes),
            UnsafeMutableRawPointer(mutating: tag.baseAddress)) == 1
            && EVP_CipherFinal_ex(pointer, &nothing, &length) == 1
    }
}
