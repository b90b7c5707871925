//! What a disk holds: files as they were synced, names as they were synced, and what waits.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, File};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

const PAGE: usize = 4096;

/// The part of a write that a disk puts down whole.
const SECTOR: usize = 512;

/// A change of a file that waits to be synced.
#[derive(Clone)]
pub(crate) enum Change {
    Write(u64, Vec<u8>),
    Length(u64),
}

/// A change of names that waits to be synced; in the order of the journal.
#[derive(Clone)]
enum Naming {
    Add(PathBuf, Node),
    Remove(PathBuf),
    Move(PathBuf, PathBuf),
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Node {
    Folder,
    File(usize),
}

/// The bytes of a file; pages that were never written are zeros.
#[derive(Clone, Default)]
struct Bytes {
    pages: BTreeMap<u64, Box<[u8; PAGE]>>,
    len: u64,
}

#[derive(Clone, Default)]
struct Object {
    synced: Bytes,
    waiting: Vec<Change>,
}

pub(crate) struct Disk {
    objects: Vec<Object>,
    names: BTreeMap<PathBuf, Node>,
    waiting: Vec<Naming>,
    /// The files that the program sees: by their name, and by inode.
    seen: HashMap<PathBuf, usize>,
    inodes: HashMap<u64, usize>,
    /// Files without a name; their inode may come again as another file.
    nameless: HashSet<usize>,
}

impl Disk {
    /// What lies in the directory is synced.
    pub(crate) fn load(directory: &Path) -> Self {
        let mut disk = Self {
            objects: Vec::new(),
            names: BTreeMap::new(),
            waiting: Vec::new(),
            seen: HashMap::new(),
            inodes: HashMap::new(),
            nameless: HashSet::new(),
        };
        disk.load_folder(directory);
        disk
    }

    fn load_folder(&mut self, folder: &Path) {
        for entry in fs::read_dir(folder).expect("a folder that can be read") {
            let path = entry.expect("an entry").path();
            let metadata = path.symlink_metadata().expect("an entry that is there");
            if metadata.is_dir() {
                self.names.insert(path.clone(), Node::Folder);
                self.load_folder(&path);
            } else {
                let mut object = Object::default();
                object.synced.write(0, &fs::read(&path).expect("a file that can be read"));
                let id = self.add_object(object, &path, metadata.ino());
                self.names.insert(path, Node::File(id));
            }
        }
    }

    fn add_object(&mut self, object: Object, path: &Path, inode: u64) -> usize {
        let id = self.objects.len();
        self.objects.push(object);
        self.inodes.insert(inode, id);
        self.seen.insert(path.to_owned(), id);
        id
    }

    /// The file of that inode, when it is one of ours.
    pub(crate) fn file(&self, inode: u64) -> Option<usize> {
        self.inodes.get(&inode).copied()
    }

    /// A file was opened under that name, and perhaps made by it.
    pub(crate) fn open(&mut self, path: &Path, inode: u64, truncate: bool) {
        match self.file(inode).filter(|id| !self.nameless.contains(id)) {
            Some(id) if truncate => self.change(id, Change::Length(0)),
            Some(_) => {}
            None => {
                let id = self.add_object(Object::default(), path, inode);
                self.waiting.push(Naming::Add(path.to_owned(), Node::File(id)));
            }
        }
    }

    pub(crate) fn change(&mut self, id: usize, change: Change) {
        self.objects[id].waiting.push(change);
    }

    pub(crate) fn make_folder(&mut self, path: &Path) {
        self.waiting.push(Naming::Add(path.to_owned(), Node::Folder));
    }

    /// A second name.
    pub(crate) fn link(&mut self, from: &Path, to: &Path) {
        if let Some(id) = self.seen.get(from).copied() {
            self.seen.insert(to.to_owned(), id);
            self.waiting.push(Naming::Add(to.to_owned(), Node::File(id)));
        }
    }

    pub(crate) fn remove(&mut self, path: &Path) {
        self.forget(path);
        self.waiting.push(Naming::Remove(path.to_owned()));
    }

    pub(crate) fn rename(&mut self, from: &Path, to: &Path) {
        self.forget(to);
        let below = |path: &Path| path.starts_with(from);
        let moved: Vec<_> = self.seen.keys().filter(|path| below(path)).cloned().collect();
        for path in moved {
            let id = self.seen.remove(&path).expect("just seen");
            self.seen.insert(moved_path(&path, from, to), id);
        }
        self.waiting.push(Naming::Move(from.to_owned(), to.to_owned()));
    }

    fn forget(&mut self, path: &Path) {
        if let Some(id) = self.seen.remove(path)
            && !self.seen.values().any(|other| *other == id)
        {
            self.nameless.insert(id);
        }
    }

    pub(crate) fn sync_file(&mut self, id: usize) {
        let object = &mut self.objects[id];
        for change in std::mem::take(&mut object.waiting) {
            object.synced.apply(&change);
        }
    }

    /// A sync of that file failed: what waited is marked clean and never written.
    pub(crate) fn lose_file(&mut self, id: usize) {
        self.objects[id].waiting.clear();
    }

    /// Makes the names of a folder safe, and all changes of names before the last of them: a
    /// journal is written in order.
    pub(crate) fn sync_folder(&mut self, folder: &Path) {
        let last = self.waiting.iter().rposition(|naming| naming.touches(folder));
        let ready = last.map_or(0, |last| last + 1);
        for naming in self.waiting.drain(..ready) {
            naming.apply(&mut self.names);
        }
    }

    /// Writes to `image` what the disk holds when the power goes now. The seed says what of that
    /// which waits is there all the same: nothing, everything, the first changes with the last of
    /// them torn, or any sectors of any of them.
    pub(crate) fn write_image(&self, image: &Path, directory: &Path, seed: u64) {
        let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let mode = seed / 2 % 4;
        let mut names = self.names.clone();
        let kept = match mode {
            0 => 0,
            1 => self.waiting.len(),
            _ => random.below(self.waiting.len() + 1),
        };
        for naming in &self.waiting[..kept] {
            naming.apply(&mut names);
        }
        fs::create_dir_all(image).expect("a place for the image");
        for (path, node) in &names {
            let inside = path.strip_prefix(directory).expect("paths of the directory");
            let target = image.join(inside);
            match node {
                // A folder whose own parent is not there is not there either.
                Node::Folder => drop(fs::create_dir(&target)),
                Node::File(id) => {
                    let object = &self.objects[*id];
                    let mut bytes = object.synced.clone();
                    match mode {
                        0 => {}
                        1 => object.waiting.iter().for_each(|change| bytes.apply(change)),
                        2 => tear_last(&mut bytes, &object.waiting, &mut random),
                        _ => tear_all(&mut bytes, &object.waiting, &mut random),
                    }
                    if let Ok(file) = File::create(&target) {
                        bytes.write_to(&file);
                    }
                }
            }
        }
    }
}

/// The first changes, and a part of the next.
fn tear_last(bytes: &mut Bytes, waiting: &[Change], random: &mut Random) {
    let whole = random.below(waiting.len() + 1);
    waiting[..whole].iter().for_each(|change| bytes.apply(change));
    if let Some(Change::Write(at, written)) = waiting.get(whole) {
        bytes.write(*at, &written[..random.below(written.len() + 1)]);
    }
}

/// Any sectors of any of the changes, in any order of time.
fn tear_all(bytes: &mut Bytes, waiting: &[Change], random: &mut Random) {
    for change in waiting {
        match change {
            Change::Length(_) if random.below(2) == 0 => {}
            Change::Length(_) => bytes.apply(change),
            Change::Write(at, written) => {
                for (index, sector) in written.chunks(SECTOR).enumerate() {
                    if random.below(2) == 1 {
                        bytes.write(at + (index * SECTOR) as u64, sector);
                    }
                }
            }
        }
    }
}

impl Naming {
    fn touches(&self, folder: &Path) -> bool {
        let inside = |path: &PathBuf| path.parent() == Some(folder);
        match self {
            Self::Add(path, _) | Self::Remove(path) => inside(path),
            Self::Move(from, to) => inside(from) || inside(to),
        }
    }

    fn apply(&self, names: &mut BTreeMap<PathBuf, Node>) {
        match self {
            Self::Add(path, node) => drop(names.insert(path.clone(), *node)),
            Self::Remove(path) => drop(names.remove(path)),
            Self::Move(from, to) => {
                let below = names.keys().filter(|path| path.starts_with(from));
                for path in below.cloned().collect::<Vec<_>>() {
                    let node = names.remove(&path).expect("just seen");
                    names.insert(moved_path(&path, from, to), node);
                }
            }
        }
    }
}

fn moved_path(path: &Path, from: &Path, to: &Path) -> PathBuf {
    match path.strip_prefix(from) {
        Ok(rest) if !rest.as_os_str().is_empty() => to.join(rest),
        _ => to.to_owned(),
    }
}

impl Bytes {
    fn apply(&mut self, change: &Change) {
        match change {
            Change::Write(at, bytes) => self.write(*at, bytes),
            Change::Length(len) => self.set_len(*len),
        }
    }

    fn write(&mut self, at: u64, mut bytes: &[u8]) {
        let mut at = at;
        while !bytes.is_empty() {
            let (page, offset) = (at / PAGE as u64, (at % PAGE as u64) as usize);
            let (now, later) = bytes.split_at(bytes.len().min(PAGE - offset));
            // Preallocated files are long and empty: pages of zeros take no room.
            if self.pages.contains_key(&page) || now.iter().any(|byte| *byte != 0) {
                let page = self.pages.entry(page).or_insert_with(|| Box::new([0; PAGE]));
                page[offset..offset + now.len()].copy_from_slice(now);
            }
            at += now.len() as u64;
            bytes = later;
        }
        self.len = self.len.max(at);
    }

    fn set_len(&mut self, len: u64) {
        self.len = len;
        let last = len / PAGE as u64;
        drop(self.pages.split_off(&(last + 1)));
        if let Some(page) = self.pages.get_mut(&last) {
            page[(len % PAGE as u64) as usize..].fill(0);
        }
    }

    fn write_to(&self, file: &File) {
        file.set_len(self.len).expect("room for the image");
        for (page, bytes) in &self.pages {
            let at = page * PAGE as u64;
            let len = usize::try_from(self.len - at).unwrap_or(PAGE).min(PAGE);
            file.write_all_at(&bytes[..len], at).expect("room for the image");
        }
    }
}

/// Numbers from a seed (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end.max(1)
    }
}
