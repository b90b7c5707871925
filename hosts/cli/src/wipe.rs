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
        // SAFETY: as for `alloc`: the caller's contract is the inner allocator's.
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
            // SAFETY: the caller's contract is the system's.
            unsafe { System.alloc(layout) }
        }

        unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
            // SAFETY: the caller owns that many bytes, and whoever wipes has written all of them.
            let freed = unsafe { std::slice::from_raw_parts(place, layout.size()) }.to_vec();
            self.0.set(Some(freed));
            // SAFETY: the place came from the system's allocator with that layout.
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

    /// The safe twin: what a buffer that is moved holds afterwards, and what its old place holds.
    fn moved(old: &mut [u8], size: usize) -> Vec<u8> {
        let kept = old.len().min(size);
        let new = old[..kept].to_vec();
        old.fill(0);
        new
    }

    #[test]
    fn any_sizes_in_any_order_are_what_the_safe_twin_makes_of_them() {
        let allocator = Wiping(Watching(Cell::new(None)));
        let mut random = 0x9E37_79B9_7F4A_7C15_u64;
        for align in [1, 2, 8, 64] {
            let layout = |size| Layout::from_size_align(size, align).unwrap();
            let mut twin = vec![0; 1 + align];
            // SAFETY: the layout is not empty.
            let mut place = unsafe { allocator.alloc_zeroed(layout(twin.len())) };
            for round in 0..40_u8 {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                let size = random as usize % 300 + 1;
                // SAFETY: all of the place's bytes are its own, and no other reference is alive.
                let bytes = unsafe { std::slice::from_raw_parts_mut(place, twin.len()) };
                bytes.fill(round + 1);
                twin.fill(round + 1);
                let old = layout(twin.len());
                // SAFETY: the place has that layout, and is not used again.
                place = unsafe { allocator.realloc(place, old, size) };
                let new = moved(&mut twin, size);
                assert_eq!(allocator.0.0.take(), Some(twin), "seed {random:#x}");
                // SAFETY: of the new bytes as many are written as there were, or as there is room.
                let kept = unsafe { std::slice::from_raw_parts(place, new.len()) };
                assert_eq!(kept, new, "seed {random:#x}");
                // SAFETY: the rest of the place is its own as well.
                unsafe { place.add(new.len()).write_bytes(0, size - new.len()) };
                twin = new;
                twin.resize(size, 0);
            }
            // SAFETY: the place has that layout, and is not used again.
            unsafe { allocator.dealloc(place, layout(twin.len())) };
            assert_eq!(allocator.0.0.take(), Some(vec![0; twin.len()]));
        }
    }
}
