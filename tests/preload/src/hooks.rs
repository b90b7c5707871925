//! The calls, by their C names. Each passes on what is none of our business.
#![allow(clippy::missing_safety_doc)]

use std::ffi::{CStr, OsStr, c_char, c_int, c_uint, c_void};
use std::fs::File;
use std::mem::ManuallyDrop;
use std::os::fd::FromRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::disk::Change;
use crate::{Faults, Kind, Verdict, hold};

const AT_FDCWD: c_int = -100;
const AT_REMOVEDIR: c_int = 0x200;
const O_CREAT: c_int = 0o100;
const O_TRUNC: c_int = 0o1000;
const SEEK_CUR: c_int = 1;
const PROT_WRITE: c_int = 2;
const MAP_SHARED: c_int = 1;

#[repr(C)]
pub struct IoVec {
    base: *const c_void,
    len: usize,
}

// SAFETY: these are the declarations of the C library.
unsafe extern "C" {
    fn dlsym(handle: *mut c_void, name: *const c_char) -> *mut c_void;
    fn __errno_location() -> *mut c_int;
    fn _exit(code: c_int) -> !;
    fn lseek64(fd: c_int, offset: i64, whence: c_int) -> i64;
}

/// The function that would be called without us.
macro_rules! real {
    ($name:expr; fn($($argument:ty),*) -> $answer:ty) => {{
        // SAFETY: the C library's function of that name has these arguments.
        unsafe {
            let next = std::ptr::without_provenance_mut(usize::MAX);
            let found = dlsym(next, $name.as_ptr());
            assert!(!found.is_null(), "the C library has every call that we take");
            type Real = unsafe extern "C" fn($($argument),*) -> $answer;
            std::mem::transmute::<*mut c_void, Real>(found)
        }
    }};
}

pub(crate) fn exit_now(code: c_int) -> ! {
    // SAFETY: it ends the process and touches nothing.
    unsafe { _exit(code) }
}

fn fail(errno: c_int) {
    // SAFETY: the location is this thread's own.
    unsafe { *__errno_location() = errno }
}

/// A call that changes a file in a way that this library does not follow.
fn not_modelled(call: &str) -> ! {
    // Inside a hook printing is passed on.
    eprintln!("faults: {call} on a watched file is not modelled");
    std::process::abort()
}

fn inode(fd: c_int) -> Option<u64> {
    if fd < 0 {
        return None;
    }
    // SAFETY: the descriptor is only asked, and not closed.
    let file = ManuallyDrop::new(unsafe { File::from_raw_fd(fd) });
    file.metadata().ok().map(|metadata| metadata.ino())
}

fn file_of(fd: c_int, faults: &Faults) -> Option<usize> {
    faults.disk.file(inode(fd)?)
}

fn path_of(fd: c_int) -> Option<PathBuf> {
    std::fs::read_link(format!("/proc/self/fd/{fd}")).ok()
}

/// The path that a call names, when it lies in the directory.
fn path_at(folder: c_int, path: *const c_char, faults: &Faults) -> Option<PathBuf> {
    // SAFETY: callers pass a string that ends with a zero.
    let path = Path::new(OsStr::from_bytes(unsafe { CStr::from_ptr(path) }.to_bytes()));
    let path = if path.is_absolute() {
        path.to_owned()
    } else if folder == AT_FDCWD {
        std::env::current_dir().ok()?.join(path)
    } else {
        path_of(folder)?.join(path)
    };
    let parent = path.parent()?.canonicalize().ok()?;
    parent.starts_with(&faults.directory).then(|| Some(parent.join(path.file_name()?)))?
}

/// A call that changes names or lengths: judged, passed on, and noted when it succeeded.
fn changing(
    of_ours: impl FnOnce(&mut Faults) -> bool,
    call: impl FnOnce() -> c_int,
    note: impl FnOnce(&mut Faults),
) -> c_int {
    let Some(mut held) = hold() else { return call() };
    let faults = held.faults();
    if !of_ours(faults) {
        drop(held);
        return call();
    }
    if let Verdict::Fail(errno) = faults.judge(Kind::Other) {
        fail(errno);
        return -1;
    }
    let answer = call();
    if answer == 0 {
        note(faults);
    }
    answer
}

fn opening(
    folder: c_int,
    path: *const c_char,
    flags: c_int,
    call: impl FnOnce() -> c_int,
) -> c_int {
    let Some(mut held) = hold() else { return call() };
    let faults = held.faults();
    let named = path_at(folder, path, faults);
    let (Some(named), true) = (named, flags & (O_CREAT | O_TRUNC) != 0) else {
        drop(held);
        return call();
    };
    if !named.exists()
        && let Verdict::Fail(errno) = faults.judge(Kind::Other)
    {
        fail(errno);
        return -1;
    }
    let fd = call();
    if let Some(inode) = inode(fd) {
        faults.disk.open(&named, inode, flags & O_TRUNC != 0);
    }
    fd
}

fn writing(fd: c_int, at: Option<i64>, bytes: &[u8], call: impl FnOnce(usize) -> isize) -> isize {
    let Some(mut held) = hold() else { return call(bytes.len()) };
    let faults = held.faults();
    let Some(id) = file_of(fd, faults) else {
        drop(held);
        return call(bytes.len());
    };
    let len = match faults.judge(Kind::Write) {
        Verdict::Go => bytes.len(),
        Verdict::Short => bytes.len().div_ceil(2),
        Verdict::Fail(errno) => {
            fail(errno);
            return -1;
        }
    };
    let written = call(len);
    if written > 0 {
        // SAFETY: it moves nothing.
        let behind = || unsafe { lseek64(fd, 0, SEEK_CUR) } - written as i64;
        let at = at.unwrap_or_else(behind);
        let bytes = bytes[..written as usize].to_vec();
        faults.disk.change(id, Change::Write(at as u64, bytes));
    }
    written
}

/// Syncs in the model only: the real disk has nothing to do with what is tested.
fn syncing(fd: c_int, call: impl FnOnce() -> c_int) -> c_int {
    let Some(mut held) = hold() else { return call() };
    let faults = held.faults();
    let file = file_of(fd, faults);
    let folder = path_of(fd).filter(|path| path.starts_with(&faults.directory) && path.is_dir());
    if file.is_none() && folder.is_none() {
        drop(held);
        return call();
    }
    let off = faults.count_sync();
    if off == Some(false) {
        faults.power_off();
    }
    if let Verdict::Fail(errno) = faults.judge(Kind::Sync) {
        // Names go on waiting: a journal that could not be written may be written later.
        file.into_iter().for_each(|id| faults.disk.lose_file(id));
        fail(errno);
        return -1;
    }
    if !faults.no_sync {
        file.into_iter().for_each(|id| faults.disk.sync_file(id));
        folder.iter().for_each(|folder| faults.disk.sync_folder(folder));
    }
    if off == Some(true) {
        faults.power_off();
    }
    0
}

/// # Safety of all that follow
///
/// They have the contract of the C functions of their names.
macro_rules! hook {
    ($name:ident($($argument:ident: $type:ty),*) -> $answer:ty, $real:ident => $body:expr) => {
        // SAFETY: the name is meant to stand for the C library's function of this contract.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($argument: $type),*) -> $answer {
            const NAME: &CStr =
                match CStr::from_bytes_with_nul(concat!(stringify!($name), "\0").as_bytes()) {
                    Ok(name) => name,
                    Err(_) => panic!("a name"),
                };
            let next = real!(NAME; fn($($type),*) -> $answer);
            // SAFETY: it is called with what the caller passed, whose contract is the same, or with
            // fewer bytes of it.
            let $real = |$($argument: $type),*| -> $answer { unsafe { next($($argument),*) } };
            $body
        }
    };
}

type Path0 = *const c_char;
type Bytes0 = *const c_void;

/// The bytes that a call is to write.
///
/// # Safety
///
/// `len` bytes can be read at `at`.
unsafe fn bytes<'a>(at: Bytes0, len: usize) -> &'a [u8] {
    // SAFETY: the caller promises that they can be read.
    if len == 0 { &[] } else { unsafe { std::slice::from_raw_parts(at.cast(), len) } }
}

macro_rules! opens {
    ($($name:ident)*) => { $(hook!($name(path: Path0, flags: c_int, mode: c_uint) -> c_int, real =>
        opening(AT_FDCWD, path, flags, || real(path, flags, mode)));)* };
}
opens!(open open64);

macro_rules! opens_at {
    ($($name:ident)*) => {
        $(hook!($name(at: c_int, path: Path0, flags: c_int, mode: c_uint) -> c_int, real =>
            opening(at, path, flags, || real(at, path, flags, mode)));)*
    };
}
opens_at!(openat openat64);

// SAFETY: whoever writes has the bytes.
hook!(write(fd: c_int, at: Bytes0, len: usize) -> isize, real =>
    writing(fd, None, unsafe { bytes(at, len) }, |len| real(fd, at, len)));

macro_rules! writes_at {
    ($($name:ident)*) => {
        // SAFETY: whoever writes has the bytes.
        $(hook!($name(fd: c_int, at: Bytes0, len: usize, offset: i64) -> isize, real =>
            writing(fd, Some(offset), unsafe { bytes(at, len) }, |len| {
                real(fd, at, len, offset)
            }));)*
    };
}
writes_at!(pwrite pwrite64);

hook!(writev(fd: c_int, parts: *const IoVec, count: c_int) -> isize, real => {
    // SAFETY: whoever writes has as many parts as it says.
    let parts_of = unsafe { std::slice::from_raw_parts(parts, count as usize) };
    // SAFETY: and the bytes of each.
    let all = parts_of.iter().flat_map(|part| unsafe { bytes(part.base, part.len) });
    let all: Vec<u8> = all.copied().collect();
    writing(fd, None, &all, |len| {
        if len == all.len() {
            real(fd, parts, count)
        } else {
            let write = real!(c"write"; fn(c_int, Bytes0, usize) -> isize);
            // SAFETY: `all` is alive and at least that long.
            unsafe { write(fd, all.as_ptr().cast(), len) }
        }
    })
});

macro_rules! syncs { ($($name:ident)*) => { $(hook!($name(fd: c_int) -> c_int, real =>
    syncing(fd, || real(fd)));)* }; }
syncs!(fsync fdatasync);

macro_rules! truncates {
    ($($name:ident)*) => { $(hook!($name(fd: c_int, len: i64) -> c_int, real => {
        let ours = |faults: &mut Faults| file_of(fd, faults).is_some();
        changing(ours, || real(fd, len), |faults| {
            let id = file_of(fd, faults).expect("found before");
            faults.disk.change(id, Change::Length(len as u64));
        })
    });)* };
}
truncates!(ftruncate ftruncate64);

fn moving(
    from: (c_int, Path0),
    to: (c_int, Path0),
    call: impl FnOnce() -> c_int,
    note: impl FnOnce(&mut Faults, &Path, &Path),
) -> c_int {
    let paths = std::cell::OnceCell::new();
    let ours = |faults: &mut Faults| {
        let found = (path_at(from.0, from.1, faults), path_at(to.0, to.1, faults));
        let found = match found {
            (Some(from), Some(to)) => Some((from, to)),
            (None, None) => None,
            // A file that leaves the directory or comes into it.
            _ => not_modelled("a move over the directory's edge"),
        };
        paths.get_or_init(|| found).is_some()
    };
    changing(ours, call, |faults| {
        let (from, to) = paths.get().and_then(Option::as_ref).expect("found before");
        note(faults, from, to);
    })
}

fn renaming(from: (c_int, Path0), to: (c_int, Path0), call: impl FnOnce() -> c_int) -> c_int {
    moving(from, to, call, |faults, from, to| faults.disk.rename(from, to))
}

hook!(rename(from: Path0, to: Path0) -> c_int, real =>
    renaming((AT_FDCWD, from), (AT_FDCWD, to), || real(from, to)));
hook!(renameat(at: c_int, from: Path0, at2: c_int, to: Path0) -> c_int, real =>
    renaming((at, from), (at2, to), || real(at, from, at2, to)));
hook!(renameat2(at: c_int, from: Path0, at2: c_int, to: Path0, flags: c_uint) -> c_int, real =>
    renaming((at, from), (at2, to), || real(at, from, at2, to, flags)));
hook!(link(from: Path0, to: Path0) -> c_int, real =>
    moving((AT_FDCWD, from), (AT_FDCWD, to), || real(from, to),
        |faults, from, to| faults.disk.link(from, to)));
hook!(linkat(at: c_int, from: Path0, at2: c_int, to: Path0, flags: c_int) -> c_int, real =>
    moving((at, from), (at2, to), || real(at, from, at2, to, flags),
        |faults, from, to| faults.disk.link(from, to)));

fn naming(
    folder: c_int,
    path: Path0,
    call: impl FnOnce() -> c_int,
    note: impl FnOnce(&mut Faults, &Path),
) -> c_int {
    let found = std::cell::OnceCell::new();
    let ours = |faults: &mut Faults| found.get_or_init(|| path_at(folder, path, faults)).is_some();
    changing(ours, call, |faults| {
        note(faults, found.get().and_then(Option::as_ref).expect("found before"));
    })
}

hook!(unlink(path: Path0) -> c_int, real =>
    naming(AT_FDCWD, path, || real(path), |faults, path| faults.disk.remove(path)));
hook!(rmdir(path: Path0) -> c_int, real =>
    naming(AT_FDCWD, path, || real(path), |faults, path| faults.disk.remove(path)));
hook!(unlinkat(at: c_int, path: Path0, flags: c_int) -> c_int, real => {
    // Folders and files are removed alike.
    let _ = flags & AT_REMOVEDIR;
    naming(at, path, || real(at, path, flags), |faults, path| faults.disk.remove(path))
});

fn making(folder: c_int, path: Path0, call: impl FnOnce() -> c_int) -> c_int {
    if let Some(mut held) = hold()
        && let Some(path) = path_at(folder, path, held.faults())
        && path.file_name() == Some(OsStr::new("power-off"))
    {
        held.faults().power_off();
    }
    naming(folder, path, call, |faults, path| faults.disk.make_folder(path))
}

hook!(mkdir(path: Path0, mode: c_uint) -> c_int, real =>
    making(AT_FDCWD, path, || real(path, mode)));
hook!(mkdirat(at: c_int, path: Path0, mode: c_uint) -> c_int, real =>
    making(at, path, || real(at, path, mode)));

/// Ends the program when a call would change a watched file behind our back.
fn refuse(fd: c_int, call: &str) {
    if let Some(mut held) = hold()
        && file_of(fd, held.faults()).is_some()
    {
        not_modelled(call);
    }
}

macro_rules! refused {
    ($($name:ident($fd:ident; $($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        $(hook!($name($($argument: $type),*) -> $answer, real => {
            refuse($fd, stringify!($name));
            real($($argument),*)
        });)*
    };
}
refused! {
    fallocate(fd; fd: c_int, mode: c_int, offset: i64, len: i64) -> c_int;
    fallocate64(fd; fd: c_int, mode: c_int, offset: i64, len: i64) -> c_int;
    posix_fallocate(fd; fd: c_int, offset: i64, len: i64) -> c_int;
    posix_fallocate64(fd; fd: c_int, offset: i64, len: i64) -> c_int;
    pwritev(fd; fd: c_int, parts: *const IoVec, count: c_int, offset: i64) -> isize;
    pwritev64(fd; fd: c_int, parts: *const IoVec, count: c_int, offset: i64) -> isize;
    sync_file_range(fd; fd: c_int, offset: i64, len: i64, flags: c_uint) -> c_int;
    syncfs(fd; fd: c_int) -> c_int;
    copy_file_range(to; from: c_int, at: *mut i64, to: c_int, at2: *mut i64, len: usize,
        flags: c_uint) -> isize;
    sendfile(to; to: c_int, from: c_int, at: *mut i64, len: usize) -> isize;
    sendfile64(to; to: c_int, from: c_int, at: *mut i64, len: usize) -> isize;
}

macro_rules! maps {
    ($($name:ident)*) => { $(hook!($name(at: *mut c_void, len: usize, access: c_int, flags: c_int,
        fd: c_int, offset: i64) -> *mut c_void, real => {
        if access & PROT_WRITE != 0 && flags & MAP_SHARED != 0 && fd >= 0 {
            refuse(fd, "mmap");
        }
        real(at, len, access, flags, fd, offset)
    });)* };
}
maps!(mmap mmap64);
