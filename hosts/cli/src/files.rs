//! The files that a command reads and writes.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::output::{Failure, shown};

/// The inputs of a command: its files, or stdin when it names none.
pub(crate) fn inputs(files: &[PathBuf]) -> Vec<PathBuf> {
    if files.is_empty() { vec![PathBuf::from("-")] } else { files.to_vec() }
}

/// Whether `path` stands for stdin.
pub(crate) fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// The last part of its path; `stdin` for that.
pub(crate) fn base_name(path: &Path) -> String {
    match path.file_name() {
        Some(name) if !is_stdin(path) => name.to_string_lossy().into_owned(),
        _ => "stdin".to_owned(),
    }
}

/// Opens an input; `-` is stdin.
pub(crate) fn open(path: &Path) -> Result<Box<dyn Read + Send>, Failure> {
    if is_stdin(path) {
        return Ok(Box::new(io::stdin()));
    }
    let failed = |error| Failure::reading(shown(path), &error);
    let file = File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.is_dir() {
        return Err(Failure::because(format!("{} is a folder; name the files in it", shown(path))));
    }
    Ok(Box::new(file))
}

/// A whole small file, such as a policy; `-` is stdin.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = open(path)?.read_to_end(&mut bytes);
    read.map_err(|error| Failure::reading(shown(path), &error))?;
    Ok(bytes)
}

/// Bytes of all inputs together, as far as they are files.
pub(crate) fn total_bytes(inputs: &[PathBuf]) -> u64 {
    let length = |path: &PathBuf| path.metadata().map_or(0, |metadata| metadata.len());
    inputs.iter().filter(|path| !is_stdin(path)).map(length).sum()
}

/// Refuses a command that would write to a file it reads, or to one file twice, by whatever names:
/// to be asked before any of them is emptied.
pub(crate) fn keep_apart(written: &[&Path], read: &[&Path]) -> Result<(), Failure> {
    for (index, path) in written.iter().enumerate() {
        let Some(file) = identity(path) else { continue };
        let same = |other: &&&Path| identity(other).as_ref() == Some(&file);
        if let Some(other) = written[..index].iter().chain(read).find(same) {
            let (path, other) = (shown(path), shown(other));
            return Err(Failure::because(format!(
                "{path} would be written to, and is the same file as {other}; write to another one"
            )));
        }
    }
    Ok(())
}

/// Which file it is, however it is called; `None` when there is none, or it is a pipe or the like.
#[cfg(unix)]
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::fd::AsFd;
    use std::os::unix::fs::MetadataExt;

    let metadata = if is_stdin(path) {
        File::from(io::stdin().as_fd().try_clone_to_owned().ok()?).metadata()
    } else {
        path.metadata()
    };
    metadata.ok().filter(|it| it.is_file()).map(|it| (it.dev(), it.ino()))
}

/// Which file it is, as far as its path tells; `None` when there is none.
#[cfg(not(unix))]
fn identity(path: &Path) -> Option<PathBuf> {
    path.canonicalize().ok().filter(|place| place.is_file())
}

/// Where output goes, with the name that messages use.
pub(crate) struct Output {
    name: String,
    to: Box<dyn Write>,
}

impl Output {
    /// Stdout.
    pub(crate) fn stdout() -> Self {
        Self { name: "stdout".to_owned(), to: Box::new(io::stdout().lock()) }
    }

    /// The file at `path`, made or emptied; ask [`keep_apart`] before.
    pub(crate) fn create(path: &Path) -> Result<Self, Failure> {
        let name = shown(path);
        let file = File::create(path).map_err(|error| Failure::writing(&name, &error))?;
        Ok(Self { name, to: Box::new(file) })
    }

    /// Writes all of `bytes` and hands them on at once.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let written = self.to.write_all(bytes).and_then(|()| self.to.flush());
        written.map_err(|error| Failure::writing(&self.name, &error))
    }
}
