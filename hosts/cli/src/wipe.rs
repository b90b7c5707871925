//! An allocator that wipes what is freed, so that no text of a log outlives its use in memory.
//!
//! Buffers that grow are the reason: their old place is freed by the allocator itself, where no
//! `Drop` can overwrite it. So growing is allocating, copying and wiping here.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout};

/// Passes on to another allocator, and wipes before it frees.
pub(crate) struct Wiping<A>(pub(crate) A);

// SAFETY: memory comes from and goes back to the inner allocator, with the layout it was asked for.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Wiping<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's contract is the inner allocator's.
        unsafe { self.0.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the same.
        unsafe { self.0.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: the caller owns `layout.size()` bytes at `place`, and gives them up.
        unsafe {
            place.write_bytes(0, layout.size());
            // Without it the writes are dead to the compiler, as free follows.
            std::hint::black_box(place);
            self.0.dealloc(place, layout);
        }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller promises a size that fits a layout of this alignment, and gives up the
        // old bytes once there are new ones.
        unsafe {
            let new = self.0.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !new.is_null() {
                new.copy_from_nonoverlapping(place, layout.size().min(size));
                self.dealloc(place, layout);
            }
            new
        }
    }
}

#[cfg(test)]
mod tests {
    use std::alloc::System;
    use std::cell::Cell;

    use super::*;

    /// Looks at what it is to free.
    struct Watching(Cell<Option<Vec<u8>>>);

    // SAFETY: as the system's allocator, which it is.
    unsafe impl GlobalAlloc for Watching {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            unsafe { System.alloc(layout) }
        }

        unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
            let freed = unsafe { std::slice::from_raw_parts(place, layout.size()) }.to_vec();
            self.0.set(Some(freed));
            unsafe { System.dealloc(place, layout) }
        }
    }

    #[test]
    fn what_is_freed_or_moved_is_wiped() {
        let allocator = Wiping(Watching(Cell::new(None)));
        let layout = |size| Layout::from_size_align(size, 8).unwrap();
        // SAFETY: every place is used with the layout it has, and not after it is given up.
        unsafe {
            let mut place = allocator.alloc(layout(64));
            place.write_bytes(7, 64);
            let mut size = 64;
            for next in [4096, 32] {
                place = allocator.realloc(place, layout(size), next);
                assert_eq!(allocator.0.0.take(), Some(vec![0; size]), "from {size} to {next}");
                assert_eq!(std::slice::from_raw_parts(place, 32), [7; 32]);
                size = next;
            }
            allocator.dealloc(place, layout(size));
            assert_eq!(allocator.0.0.take(), Some(vec![0; size]));
        }
    }
}
