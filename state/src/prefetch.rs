//! Asking the processor to fetch memory before it is needed: the one module with unsafe code.

#![allow(unsafe_code, reason = "there is no safe way to say this; see the comment at the block")]

/// Asks for the cache line where `value` begins. A hint: on processors without one it does nothing.
#[inline(always)]
pub(crate) fn prefetch<T>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch reads nothing that the program could see, and does not fault at any
        // address; this one is a reference's, and so valid anyway. SSE is part of every x86-64.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(value).cast()) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}
