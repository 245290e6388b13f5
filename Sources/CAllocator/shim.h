#pragma once
#include <malloc.h>

// Swift's Glibc module leaves malloc.h out.

static inline size_t allocator_used_bytes(void) {
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static inline void allocator_trim(void) { malloc_trim(0); }
