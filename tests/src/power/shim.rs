//! SQLite's own way to files with an ear in it: from `install` on every database of this process is
//! opened through it, and what is written, cut off, synced and deleted is told to `journal`.
//! Nothing else about files changes. It does not know what is made of what it tells.

#![allow(unsafe_code, reason = "SQLite's file system is a table of C functions")]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::path::{Path, PathBuf};
use std::sync::Once;

use rusqlite::ffi::{
    SQLITE_IOERR, SQLITE_OK, SQLITE_OPEN_MAIN_DB, SQLITE_OPEN_MAIN_JOURNAL, SQLITE_OPEN_WAL,
    SQLITE_SYNC_FULL, sqlite3_file, sqlite3_int64, sqlite3_io_methods, sqlite3_vfs,
    sqlite3_vfs_find, sqlite3_vfs_register,
};

use super::journal::{self, FileOperation};

/// The kinds of files that hold what must not be lost; all others are of no use after a power cut.
const KEPT: c_int = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL;
/// The part of a sync's flags that says how far it goes.
const SYNC_KIND: c_int = 0x0f;

/// An open file: SQLite sees `base`, and SQLite's own file lies right behind.
#[repr(C)]
struct Open {
    base: sqlite3_file,
    /// Where it is; null for files that nobody listens to.
    path: *mut PathBuf,
}

/// Puts the ear in, once for this process.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: without a name SQLite answers its default file system, which lives as long as the
        // process. The copy is never freed. The functions that stay as they are do not use their
        // first argument, or read no more of it than `mxPathname`, which the copy has too.
        let rc = unsafe {
            let real = sqlite3_vfs_find(std::ptr::null());
            assert!(!real.is_null(), "SQLite has no file system");
            let mut shim = *real;
            shim.szOsFile += size_of::<Open>() as c_int;
            shim.pNext = std::ptr::null_mut();
            shim.zName = c"heard".as_ptr();
            shim.pAppData = real.cast();
            shim.xOpen = Some(open);
            shim.xDelete = Some(delete);
            sqlite3_vfs_register(Box::leak(Box::new(shim)), 1)
        };
        assert_eq!(rc, SQLITE_OK, "SQLite takes no other file system");
    });
}

/// SQLite's own file system, which `install` put aside.
///
/// # Safety
/// `vfs` is the one that `install` registered.
unsafe fn real_vfs(vfs: *mut sqlite3_vfs) -> *mut sqlite3_vfs {
    // SAFETY: the caller's promise.
    unsafe { (*vfs).pAppData.cast() }
}

/// SQLite's own file behind one of ours.
///
/// # Safety
/// `file` is memory of `szOsFile` bytes, as SQLite hands it to `open` and to the methods of what
/// `open` opened.
unsafe fn real(file: *mut sqlite3_file) -> *mut sqlite3_file {
    // SAFETY: `install` made `szOsFile` larger by an `Open`, whose size is a multiple of its
    // alignment.
    unsafe { file.cast::<Open>().add(1).cast() }
}

/// # Safety
/// `name` is null or a C string.
unsafe fn path_of(name: *const c_char) -> Option<PathBuf> {
    // SAFETY: the caller's promise.
    let name = (!name.is_null()).then(|| unsafe { CStr::from_ptr(name) });
    name.and_then(|name| name.to_str().ok()).map(PathBuf::from)
}

unsafe extern "C" fn open(
    vfs: *mut sqlite3_vfs,
    name: *const c_char,
    file: *mut sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: SQLite calls this with the registered file system, a name that is null or a string,
    // and memory of `szOsFile` bytes; `base.pMethods` is null until the file is open, so that
    // SQLite calls no method before.
    unsafe {
        let shim = file.cast::<Open>();
        (*shim).base.pMethods = std::ptr::null();
        (*shim).path = std::ptr::null_mut();
        (*real(file)).pMethods = std::ptr::null();
        let vfs = real_vfs(vfs);
        let Some(opens) = (*vfs).xOpen else {
            return SQLITE_IOERR;
        };
        let rc = opens(vfs, name, real(file), flags, out);
        if rc != SQLITE_OK {
            return rc;
        }
        if let Some(path) = path_of(name).filter(|_| flags & KEPT != 0) {
            journal::tell(&path, FileOperation::Make);
            (*shim).path = Box::into_raw(Box::new(path));
        }
        (*shim).base.pMethods = &raw const METHODS;
        rc
    }
}

unsafe extern "C" fn delete(vfs: *mut sqlite3_vfs, name: *const c_char, sync: c_int) -> c_int {
    // SAFETY: SQLite calls this with the registered file system and a name.
    unsafe {
        let vfs = real_vfs(vfs);
        let Some(deletes) = (*vfs).xDelete else {
            return SQLITE_IOERR;
        };
        let rc = deletes(vfs, name, sync);
        if let Some(path) = path_of(name).filter(|_| rc == SQLITE_OK) {
            journal::tell(&path, FileOperation::Delete { synced: sync != 0 });
        }
        rc
    }
}

/// Tells what was done to a file, if it was done and somebody may listen.
///
/// # Safety
/// `file` was opened by `open`.
unsafe fn told(
    file: *mut sqlite3_file,
    rc: c_int,
    operation: impl FnOnce() -> FileOperation,
) -> c_int {
    // SAFETY: the caller's promise; `path` is null or what `open` put there, until `close` takes
    // it.
    let path: Option<&Path> = unsafe { (*file.cast::<Open>()).path.as_ref() }.map(PathBuf::as_path);
    if let (SQLITE_OK, Some(path)) = (rc, path) {
        journal::tell(path, operation());
    }
    rc
}

/// Methods that do what SQLite's own do, and then perhaps tell of it.
macro_rules! methods {
    ($($name:ident = $method:ident($($arg:ident: $of:ty),*) $(tells $operation:expr)?;)*) => {
        $(unsafe extern "C" fn $name(file: *mut sqlite3_file $(, $arg: $of)*) -> c_int {
            // SAFETY: SQLite calls this with a file that `open` opened and with what SQLite's own
            // method asks for.
            unsafe {
                let Some(method) = (*(*real(file)).pMethods).$method else { return SQLITE_IOERR };
                let rc = method(real(file) $(, $arg)*);
                $(let rc = told(file, rc, || $operation);)?
                rc
            }
        })*
    };
}

methods! {
    read = xRead(to: *mut c_void, bytes: c_int, at: sqlite3_int64);
    write = xWrite(from: *const c_void, bytes: c_int, at: sqlite3_int64) tells {
        let bytes = std::slice::from_raw_parts(from.cast::<u8>(), bytes.unsigned_abs() as usize);
        FileOperation::Write { at: at.unsigned_abs() as usize, bytes: bytes.to_vec() }
    };
    truncate = xTruncate(size: sqlite3_int64) tells {
        FileOperation::Size(size.unsigned_abs() as usize)
    };
    sync = xSync(flags: c_int) tells {
        FileOperation::Sync { full: flags & SYNC_KIND == SQLITE_SYNC_FULL }
    };
    size = xFileSize(to: *mut sqlite3_int64);
    lock = xLock(level: c_int);
    unlock = xUnlock(level: c_int);
    check_reserved = xCheckReservedLock(to: *mut c_int);
    control = xFileControl(what: c_int, argument: *mut c_void);
    sector = xSectorSize();
    traits = xDeviceCharacteristics();
    shm_map = xShmMap(region: c_int, bytes: c_int, extend: c_int, to: *mut *mut c_void);
    shm_lock = xShmLock(offset: c_int, count: c_int, flags: c_int);
    shm_unmap = xShmUnmap(delete: c_int);
}

unsafe extern "C" fn shm_barrier(file: *mut sqlite3_file) {
    // SAFETY: as for the methods above.
    unsafe {
        if let Some(method) = (*(*real(file)).pMethods).xShmBarrier {
            method(real(file));
        }
    }
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: as for the methods above; SQLite uses the file no more, and the path came out of a
    // box.
    unsafe {
        let path = std::mem::replace(&mut (*file.cast::<Open>()).path, std::ptr::null_mut());
        if !path.is_null() {
            drop(Box::from_raw(path));
        }
        (*(*real(file)).pMethods)
            .xClose
            .map_or(SQLITE_IOERR, |method| method(real(file)))
    }
}

static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved),
    xFileControl: Some(control),
    xSectorSize: Some(sector),
    xDeviceCharacteristics: Some(traits),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};
