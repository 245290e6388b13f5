#pragma once
#include <malloc.h>

// Swift's Glibc module leaves malloc.h out.

static inline size_t allocator_used_bytes(void) {
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static inline void allocator_trim(void) { malloc_trim(0); }

// A hint that memory is read soon, for which Swift has no word; any address will do.
static inline void memory_prefetch(const void *address) { __builtin_prefetch(address); }
