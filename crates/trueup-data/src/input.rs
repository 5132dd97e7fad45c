//! What a reader is given: a file (decompressed, decoded on request) or a folder of files.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use bytes::Bytes;

use crate::error::{DataError, quote, shown};
use crate::options::Remarks;
use crate::source::{self, Decoded};

/// How many files a folder may hold, so that a wrong path does not walk a whole disk.
const MOST_FILES: usize = 1_000_000;
/// How many folders deep files are looked for.
const DEPTH: usize = 6;

/// One file or folder to read.
#[derive(Debug)]
pub(crate) struct Input {
    /// Its name in messages.
    pub name: String,
    bytes: Bytes,
    text: OnceCell<Decoded>,
    /// The folder itself, or the folder that the file stands in.
    folder: Option<Folder>,
    is_folder: bool,
}

impl Input {
    /// Reads `path`: a file whole (`-` is standard input; gzip and Zstandard are unpacked), a folder by its names.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        let name = shown(path);
        if path.as_os_str() != "-" && path.is_dir() {
            let folder = Folder::open(path)?;
            return Ok(Self {
                name,
                bytes: Bytes::new(),
                text: OnceCell::new(),
                folder: Some(folder),
                is_folder: true,
            });
        }
        let bytes = source::read_bytes(path)?.into();
        let folder = path.parent().filter(|_| path.as_os_str() != "-").map(|parent| {
            let root = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
            Folder { name: shown(root), root: Root::Disk(root.to_path_buf()) }
        });
        Ok(Self { name, bytes, text: OnceCell::new(), folder, is_folder: false })
    }

    /// A file in memory.
    pub fn memory(name: &str, bytes: Vec<u8>) -> Self {
        Self {
            name: crate::error::escape(name),
            bytes: bytes.into(),
            text: OnceCell::new(),
            folder: None,
            is_folder: false,
        }
    }

    /// A folder in memory, by relative names.
    pub fn memory_folder(name: &str, files: BTreeMap<String, Vec<u8>>) -> Self {
        let name = crate::error::escape(name);
        let folder = Folder { name: name.clone(), root: Root::Memory(files) };
        Self { name, bytes: Bytes::new(), text: OnceCell::new(), folder: Some(folder), is_folder: true }
    }

    /// The same file in memory, beside `files`.
    #[must_use]
    pub fn beside_memory(mut self, files: BTreeMap<String, Vec<u8>>) -> Self {
        self.folder = Some(Folder { name: "beside".to_owned(), root: Root::Memory(files) });
        self
    }

    /// The folder, when this is one.
    pub fn folder(&self) -> Option<&Folder> {
        self.folder.as_ref().filter(|_| self.is_folder)
    }

    /// The folder that the file stands in, for files that it names; `None` for standard input.
    pub fn beside(&self) -> Option<&Folder> {
        self.folder.as_ref().filter(|_| !self.is_folder)
    }

    /// The bytes, decompressed; empty for a folder.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes for readers that keep them; nothing is copied.
    pub fn shared(&self) -> Bytes {
        self.bytes.clone()
    }

    /// The text, without a byte order mark. UTF-8, else UTF-16 where its mark or its zeros say so, else Windows-1252
    /// where nothing speaks against it; what was decided is remarked by [`Self::remark_encoding`].
    pub fn text(&self) -> Result<&str, DataError> {
        let decoded = match self.text.get() {
            Some(decoded) => decoded,
            None => {
                let decoded = source::decode(&self.name, &self.bytes)?;
                self.text.get_or_init(|| decoded)
            }
        };
        Ok(decoded.text.as_deref().unwrap_or_else(|| source::plain(&self.bytes)))
    }

    /// The text when the bytes are text, for telling formats apart.
    pub fn text_if_any(&self) -> Option<&str> {
        if self.is_folder { None } else { self.text().ok() }
    }

    /// Says which encoding was taken, unless it is UTF-8.
    pub fn remark_encoding(&self, remarks: &mut Remarks) {
        if let Some(found) = self.text.get().and_then(|decoded| decoded.found.as_ref()) {
            remarks.guess(found.clone(), None);
        }
    }
}

/// Files by names relative to a root; the separator is `/`.
#[derive(Debug)]
pub(crate) struct Folder {
    /// Its name in messages.
    pub name: String,
    root: Root,
}

#[derive(Debug)]
enum Root {
    Disk(PathBuf),
    Memory(BTreeMap<String, Vec<u8>>),
}

impl Folder {
    /// A folder on the disk.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        fs::read_dir(path).map_err(|e| DataError::io(path, "read", e))?;
        Ok(Self { name: shown(path), root: Root::Disk(path.to_path_buf()) })
    }

    /// The relative names of all files in it and below, sorted; hidden ones left out.
    pub fn names(&self) -> Result<Vec<String>, DataError> {
        match &self.root {
            Root::Memory(files) => Ok(files.keys().cloned().collect()),
            Root::Disk(root) => {
                let mut names = Vec::new();
                walk(root, "", DEPTH, &mut names)?;
                names.sort_unstable();
                Ok(names)
            }
        }
    }

    /// Whether there is a file of that relative name.
    pub fn has(&self, relative: &str) -> bool {
        match &self.root {
            Root::Memory(files) => files.contains_key(relative),
            Root::Disk(root) => inside(relative) && root.join(relative).is_file(),
        }
    }

    /// Reads a file by its relative name; a name that leaves the folder is refused.
    pub fn read(&self, relative: &str) -> Result<Input, DataError> {
        let name = format!("{}/{}", self.name, quote(relative));
        if !inside(relative) {
            let valid = format!("a file in {}", self.name);
            let found = format!("the file name '{}', which leads out of the folder", quote(relative));
            return Err(DataError::Content { path: self.name.clone(), found, valid, hint: None });
        }
        match &self.root {
            Root::Memory(files) => match files.get(relative) {
                Some(bytes) => Ok(Input::memory(&name, bytes.clone())),
                None => Err(DataError::NotFound { path: name, hint: None }),
            },
            Root::Disk(root) => {
                let mut input = Input::open(&root.join(relative))?;
                input.name = name;
                Ok(input)
            }
        }
    }
}

/// Whether a relative name stays below its root.
fn inside(relative: &str) -> bool {
    let path = Path::new(relative);
    !relative.is_empty() && path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

fn walk(root: &Path, prefix: &str, depth: usize, names: &mut Vec<String>) -> Result<(), DataError> {
    let at = root.join(prefix);
    for entry in fs::read_dir(&at).map_err(|e| DataError::io(&at, "read", e))? {
        let entry = entry.map_err(|e| DataError::io(&at, "read", e))?;
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
            continue;
        };
        if name.starts_with('.') {
            continue;
        }
        let relative = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        // Follows links to files, not to folders, so that no circle is walked.
        let kind = entry.file_type().map_err(|e| DataError::io(&at, "read", e))?;
        if kind.is_dir() {
            if depth > 1 {
                walk(root, &relative, depth - 1, names)?;
            }
        } else {
            names.push(relative);
        }
        if names.len() > MOST_FILES {
            let found = format!("more than {MOST_FILES} files");
            let valid = "a folder of annotated data".to_owned();
            return Err(DataError::Content { path: shown(root), found, valid, hint: None });
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_lists_its_files_and_keeps_to_itself() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("b/c")).unwrap();
        for name in ["b/c/two.txt", "a.txt", ".hidden"] {
            fs::write(dir.path().join(name), name).unwrap();
        }
        let input = Input::open(dir.path()).unwrap();
        let folder = input.folder().unwrap();
        assert_eq!(folder.names().unwrap(), ["a.txt", "b/c/two.txt"]);
        assert_eq!(folder.read("b/c/two.txt").unwrap().text().unwrap(), "b/c/two.txt");
        for out in ["../a", "/etc/hosts", "b/../../a", ""] {
            assert!(folder.read(out).unwrap_err().to_string().contains("leads out of the folder"), "{out}");
            assert!(!folder.has(out));
        }
        assert!(folder.read("none").unwrap_err().to_string().contains("there is no such file"));
        let file = Input::open(&dir.path().join("a.txt")).unwrap();
        assert!(file.folder().is_none() && file.beside().unwrap().has("b/c/two.txt"));
    }
}
