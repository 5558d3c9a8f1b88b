//! Asking the processor to fetch memory before it is needed: the one module with unsafe code.

#![allow(unsafe_code, reason = "there is no safe way to say this; see the comment at the block")]

/// What a processor fetches at a time.
pub(crate) const LINE: usize = 64;

/// So much of a value is asked for.
const MOST: usize = 4 * LINE;

/// Asks for the memory of `value` itself, up to a few cache lines. A hint: on processors without one it does nothing.
#[inline(always)]
pub fn prefetch<T>(value: &T) {
    let start = std::ptr::from_ref(value).cast::<u8>();
    let size = size_of::<T>().min(MOST);
    let mut offset = 0;
    while offset < size {
        fetch(start.wrapping_add(offset));
        offset += LINE;
    }
    // A value mostly begins within a line, and so may end in one more; entries of tables are aligned to 16 bytes.
    if size > 16 {
        fetch(start.wrapping_add(size - 1));
    }
}

/// Asks for one cache line.
#[inline(always)]
fn fetch(address: *const u8) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch reads nothing that the program could see, and does not fault at any
        // address. SSE is part of every x86-64.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}
