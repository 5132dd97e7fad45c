//! Files are written whole or not at all.
//!
//! Everything goes to a temporary file beside its target, reaches the disk, and then takes the target's name in one
//! step. A failure or an interruption leaves what stood there before as it was.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::NamedTempFile;

use crate::error::{DataError, shown};

/// Temporary files and new folders of this process that have not yet become results.
static UNFINISHED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

fn unfinished() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    // The set stays usable after a panic in another thread: every change to it is one call.
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes every temporary file, and every empty folder made for results, that is not finished; for a handler of
/// interruptions, just before the process ends. While the answer is held, nothing new is begun, and nothing unfinished
/// gets its name.
pub fn remove_unfinished() -> Held {
    let mut paths = unfinished();
    // Backwards, so that files go before the folders they are in.
    for path in paths.iter().rev() {
        // Too late to do anything about what cannot be removed.
        let _ = if path.is_dir() { fs::remove_dir(path) } else { fs::remove_file(path) };
    }
    paths.clear();
    Held { _paths: paths }
}

/// Holds back whoever would begin or finish a file.
#[must_use = "let it go only when files may be begun again"]
pub struct Held {
    _paths: MutexGuard<'static, BTreeSet<PathBuf>>,
}

/// Whether a file can be written at `path`, as far as can be seen without writing: its folder is there, and what stands
/// there may be replaced.
///
/// # Errors
///
/// When it cannot; the same that writing would answer.
pub fn check_file(path: &Path) -> Result<(), DataError> {
    if let Ok(kind) = fs::metadata(path) {
        if kind.is_dir() {
            return Err(DataError::Folder { path: shown(path), hint: Some("name a file in it".to_owned()) });
        }
        if kind.is_file() && kind.permissions().readonly() {
            return Err(DataError::Denied { path: shown(path), action: "write" });
        }
        return Ok(());
    }
    let folder = folder_of(path);
    if folder.is_dir() {
        return Ok(());
    }
    if folder.exists() {
        return Err(not_a_folder(folder));
    }
    let found = format!("the folder {} does not exist", shown(folder));
    let valid = "a file in a folder that does".to_owned();
    Err(DataError::Content { path: shown(path), found, valid, hint: Some("make it first".to_owned()) })
}

/// Whether `path` is a folder or can become one, as far as can be seen without making it.
///
/// # Errors
///
/// When it, or what it would be made in, is something else.
pub fn check_folder(path: &Path) -> Result<(), DataError> {
    match path.ancestors().find(|f| !f.as_os_str().is_empty() && f.exists()) {
        Some(other) if !other.is_dir() => Err(not_a_folder(other)),
        _ => Ok(()),
    }
}

fn not_a_folder(path: &Path) -> DataError {
    let found = "a file where a folder is needed".to_owned();
    let valid = "a folder, or a name that is not taken".to_owned();
    DataError::Content { path: shown(path), found, valid, hint: None }
}

/// Whether something stands at `path`.
pub fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Whether `path` is `place`, or lies in it where that is a folder, by whatever way they are reached. What is not there
/// yet is looked for where it would be.
pub fn lies_in(path: &Path, place: &Path) -> bool {
    let Ok(place) = place.canonicalize() else {
        return false;
    };
    let here = |path: &Path| if path == Path::new("") { Path::new(".").canonicalize() } else { path.canonicalize() };
    path.ancestors().find_map(|above| here(above).ok().map(|found| (above, found))).is_some_and(|(above, found)| {
        let rest = path.strip_prefix(above).unwrap_or(Path::new(""));
        found.join(rest).starts_with(&place)
    })
}

/// The files in a folder and those below it, by their path in it with `/`, sorted; none when it is not there.
pub(crate) fn files_below(folder: &Path) -> Result<Vec<String>, DataError> {
    let mut names = Vec::new();
    let mut pending = vec![String::new()];
    while let Some(prefix) = pending.pop() {
        let place = folder.join(&prefix);
        let entries = match fs::read_dir(&place) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(DataError::io(&place, "read", error)),
        };
        for entry in entries {
            let entry = entry.map_err(|error| DataError::io(&place, "read", error))?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                pending.push(name + "/");
            } else {
                names.push(name);
            }
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// The folder that holds `path`.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The error of a system call that writes.
fn failed(path: &Path, source: std::io::Error) -> DataError {
    if source.kind() == std::io::ErrorKind::NotFound {
        // The folder is there; it is of a file system that the kernel makes up.
        let found = format!("{} takes no new files", shown(folder_of(path)));
        return DataError::Content { path: shown(path), found, valid: "a folder on a disk".to_owned(), hint: None };
    }
    DataError::io(path, "write", source)
}

/// Writes `bytes` to `path`, replacing what stood there only when all of it is on the disk.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), DataError> {
    let mut outputs = OutputSet::new();
    outputs.add(path, bytes)?;
    outputs.commit()
}

/// Several files that appear together: all are written beside their targets first, then renamed. Dropped without
/// [`Self::commit`], it leaves nothing behind.
#[derive(Debug, Default)]
pub struct OutputSet {
    pending: Vec<(PathBuf, NamedTempFile)>,
    made: Vec<PathBuf>,
}

impl OutputSet {
    /// Nothing to write yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes `folder` and the folders above it that do not exist; they go again unless the set is committed.
    pub fn create_dir(&mut self, folder: &Path) -> Result<(), DataError> {
        check_folder(folder)?;
        let mut missing: Vec<&Path> =
            folder.ancestors().take_while(|f| !f.as_os_str().is_empty() && !f.exists()).collect();
        missing.reverse();
        for folder in missing {
            let mut unfinished = unfinished();
            fs::create_dir(folder).map_err(|e| failed(folder, e))?;
            unfinished.insert(folder.to_path_buf());
            self.made.push(folder.to_path_buf());
        }
        Ok(())
    }

    /// Writes `bytes` to a temporary file beside `path` and onto the disk. A device or pipe, which cannot be replaced,
    /// is written at once.
    pub fn add(&mut self, path: &Path, bytes: &[u8]) -> Result<(), DataError> {
        let mut stream = self.begin(path)?;
        self.append(&mut stream, bytes)?;
        self.finish(stream)
    }

    /// Begins a file that is written in pieces.
    pub fn begin(&mut self, path: &Path) -> Result<Stream, DataError> {
        check_file(path)?;
        let failed = |e: std::io::Error| failed(path, e);
        // A link stays a link: what it points to is replaced.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        let before = fs::metadata(&target).ok();
        if before.as_ref().is_some_and(|kind| !kind.is_file()) {
            let device = File::options().write(true).open(&target).map_err(failed)?;
            return Ok(Stream { path: path.to_path_buf(), to: To::Device(device) });
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix(".trueup-").suffix(".tmp");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // The umask applies, as to any new file.
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let temp = {
            let mut unfinished = unfinished();
            let temp = builder.tempfile_in(folder_of(&target)).map_err(failed)?;
            unfinished.insert(temp.path().to_path_buf());
            temp
        };
        if let Some(Err(error)) = before.map(|kind| temp.as_file().set_permissions(kind.permissions())) {
            unfinished().remove(temp.path());
            return Err(failed(error));
        }
        Ok(Stream { path: path.to_path_buf(), to: To::File { target, temp } })
    }

    /// Writes the next piece of a file.
    pub fn append(&mut self, stream: &mut Stream, bytes: &[u8]) -> Result<(), DataError> {
        let written = match &mut stream.to {
            To::Device(device) => device.write_all(bytes),
            To::File { temp, .. } => temp.as_file_mut().write_all(bytes),
        };
        written.map_err(|error| stream.fail(error))
    }

    /// Brings a file onto the disk; it gets its name with the others.
    pub fn finish(&mut self, stream: Stream) -> Result<(), DataError> {
        let result = match &stream.to {
            To::Device(_) => return Ok(()),
            To::File { temp, .. } => temp.as_file().sync_all(),
        };
        if let Err(error) = result {
            return Err(stream.fail(error));
        }
        if let To::File { target, temp } = stream.to {
            self.pending.push((target, temp));
        }
        Ok(())
    }

    /// Gives every file its name.
    pub fn commit(mut self) -> Result<(), DataError> {
        for (target, temp) in self.pending.drain(..) {
            let from = temp.path().to_path_buf();
            {
                let mut unfinished = unfinished();
                let result = temp.persist(&target);
                unfinished.remove(&from);
                result.map_err(|e| failed(&target, e.error))?;
            }
            // The new name reaches the disk with its folder; where folders cannot be synchronised, nothing is lost
            // but the moment.
            let _ = File::open(folder_of(&target)).and_then(|f| f.sync_all());
        }
        for folder in self.made.drain(..) {
            unfinished().remove(&folder);
        }
        Ok(())
    }
}

/// A file that is being written in pieces; see [`OutputSet::begin`].
#[derive(Debug)]
pub struct Stream {
    path: PathBuf,
    to: To,
}

#[derive(Debug)]
enum To {
    /// What cannot be replaced is written at once.
    Device(File),
    File {
        target: PathBuf,
        temp: NamedTempFile,
    },
}

impl Stream {
    fn fail(&self, error: std::io::Error) -> DataError {
        if let To::File { temp, .. } = &self.to {
            unfinished().remove(temp.path());
        }
        failed(&self.path, error)
    }
}

impl Drop for OutputSet {
    fn drop(&mut self) {
        for (_, temp) in self.pending.drain(..) {
            unfinished().remove(temp.path());
            // Removes the file.
            drop(temp);
        }
        for folder in self.made.drain(..).rev() {
            unfinished().remove(&folder);
            // A folder that something else has put a file into stays.
            let _ = fs::remove_dir(&folder);
        }
    }
}

/// Whether a spreadsheet would run a cell as a formula; numbers are none.
pub fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']) && cell.parse::<f64>().is_err()
}

/// A cell that a spreadsheet would run as a formula, with an apostrophe in front; numbers stay numbers. A cell that looks
/// as if it had been escaped gets one apostrophe more, so that escaping can be undone.
pub fn escape_formula(cell: &str) -> std::borrow::Cow<'_, str> {
    if is_formula(cell.trim_start_matches('\'')) { format!("'{cell}").into() } else { cell.into() }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_set_appears_together_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let (kept, new) = (dir.path().join("kept"), dir.path().join("deep/new/a.json"));
        fs::write(&kept, "before").unwrap();
        let mut set = OutputSet::new();
        set.create_dir(new.parent().unwrap()).unwrap();
        set.add(&kept, b"after").unwrap();
        set.add(&new, b"{}").unwrap();
        assert!(set.add(&dir.path().join("none/b"), b"").is_err());
        drop(set);
        assert_eq!(names(dir.path()), ["kept"]);
        assert_eq!(fs::read(&kept).unwrap(), b"before");
        let mut set = OutputSet::new();
        set.create_dir(new.parent().unwrap()).unwrap();
        set.add(&kept, b"after").unwrap();
        set.add(&new, b"{}").unwrap();
        set.commit().unwrap();
        assert_eq!(fs::read(&kept).unwrap(), b"after");
        assert_eq!(names(new.parent().unwrap()), ["a.json"]);
    }

    #[test]
    fn a_target_that_cannot_be_written_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let folder = write_file(dir.path(), b"x").unwrap_err().to_string();
        assert!(folder.contains("this is a folder"), "{folder}");
        let missing = write_file(&dir.path().join("no/a"), b"x").unwrap_err().to_string();
        assert!(
            missing.contains("does not exist; valid: a file in a folder that does; hint: make it first"),
            "{missing}"
        );
        let path = dir.path().join("locked");
        fs::write(&path, "before").unwrap();
        let mut mode = fs::metadata(&path).unwrap().permissions();
        mode.set_readonly(true);
        fs::set_permissions(&path, mode).unwrap();
        assert!(write_file(&path, b"x").unwrap_err().to_string().contains("no permission to write"));
        assert_eq!(fs::read(&path).unwrap(), b"before");
    }

    #[cfg(unix)]
    #[test]
    fn modes_links_and_devices_are_respected() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let dir = tempfile::tempdir().unwrap();
        let (path, link) = (dir.path().join("a"), dir.path().join("link"));
        fs::write(&path, "x").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&path, &link).unwrap();
        write_file(&link, b"new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        write_file(Path::new("/dev/null"), b"gone").unwrap();
        if Path::new("/dev/full").exists() {
            let full = write_file(Path::new("/dev/full"), b"x").unwrap_err().to_string();
            assert!(full.contains("no space left"), "{full}");
        }
    }

    #[test]
    fn formulas_are_escaped_and_numbers_are_not() {
        for (cell, escaped) in
            [("=1+1", "'=1+1"), ("@x", "'@x"), ("-0.5", "-0.5"), ("- a", "'- a"), ("a=b", "a=b"), ("", "")]
        {
            assert_eq!(escape_formula(cell), escaped);
        }
    }
}
