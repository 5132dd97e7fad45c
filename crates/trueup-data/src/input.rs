//! What a reader is given: a file (decompressed, decoded on request) or a folder of files.

use std::cell::{Cell, OnceCell};
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use bytes::Bytes;

use crate::error::{DataError, quote, shown};
use crate::head::WINDOW;
use crate::many;
use crate::options::Remarks;
use crate::source::{self, Decoded};

/// Files of more bytes than this are read block by block where the format allows it.
const LARGE: u64 = 64 << 20;
/// How large a block is, in bytes.
const BLOCK: usize = 8 << 20;
/// So many times smaller are blocks after the first, which shows what the columns are: what they become fits the caches.
const LATER: usize = 4;
/// A byte order mark.
const MARK: &[u8] = "\u{feff}".as_bytes();
/// How many files a folder may hold, so that a wrong path does not walk a whole disk.
const MOST_FILES: usize = 1_000_000;
/// How many folders deep files are looked for.
const DEPTH: usize = 6;

/// A file that is read block by block where the format allows it.
#[derive(Debug)]
struct Large {
    path: PathBuf,
    /// Its first part.
    first: Vec<u8>,
    /// How large a block is, in bytes.
    block: usize,
}

/// One file or folder to read.
#[derive(Debug)]
pub(crate) struct Input {
    /// Its name in messages.
    pub name: String,
    /// All of it, unless it is large and nobody asked for all of it yet.
    bytes: OnceCell<Bytes>,
    /// A large file: where it is, and its first part.
    large: Option<Large>,
    text: OnceCell<Decoded>,
    /// The folder itself, or the folder that the file stands in.
    folder: Option<Folder>,
    is_folder: bool,
    /// The files, where a pattern names several.
    paths: Vec<PathBuf>,
    /// How many records it seems to hold, once a part of it was read.
    expected: Cell<usize>,
}

impl Input {
    /// Reads `path`: a file whole (`-` is standard input; gzip and Zstandard are unpacked), a folder by its names, a
    /// pattern by the names of its files.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        Self::open_by(path, LARGE, BLOCK)
    }

    /// As [`Self::open`]; files of more bytes than `large` are read in blocks of `block` bytes.
    pub fn open_by(path: &Path, large: u64, block: usize) -> Result<Self, DataError> {
        let name = shown(path);
        match many::expand(path)?.as_deref() {
            None => {}
            Some([one]) => return Self::open(one),
            Some(paths) => {
                let (bytes, text) = (OnceCell::from(Bytes::new()), OnceCell::new());
                let paths = paths.to_vec();
                return Ok(Self {
                    name,
                    bytes,
                    large: None,
                    text,
                    folder: None,
                    is_folder: false,
                    paths,
                    expected: Cell::default(),
                });
            }
        }
        if path.as_os_str() != "-" && path.is_dir() {
            let folder = Folder::open(path)?;
            let (bytes, text) = (OnceCell::from(Bytes::new()), OnceCell::new());
            return Ok(Self {
                name,
                bytes,
                large: None,
                text,
                folder: Some(folder),
                is_folder: true,
                paths: Vec::new(),
                expected: Cell::default(),
            });
        }
        let is_large = fs::metadata(path).is_ok_and(|kind| kind.is_file() && kind.len() > large);
        let (bytes, large) = if is_large && path.as_os_str() != "-" {
            let first = source::first_bytes(path, WINDOW * 2)?;
            (OnceCell::new(), Some(Large { path: path.to_path_buf(), first, block }))
        } else {
            (OnceCell::from(Bytes::from(source::read_bytes(path)?)), None)
        };
        let folder = path.parent().filter(|_| path.as_os_str() != "-").map(|parent| {
            let root = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
            Folder { name: shown(root), root: Root::Disk(root.to_path_buf()) }
        });
        Ok(Self {
            name,
            bytes,
            large,
            text: OnceCell::new(),
            folder,
            is_folder: false,
            paths: Vec::new(),
            expected: Cell::default(),
        })
    }

    /// A file in memory.
    pub fn memory(name: &str, bytes: Vec<u8>) -> Self {
        let (name, bytes) = (crate::error::escape(name), OnceCell::from(Bytes::from(bytes)));
        Self {
            name,
            bytes,
            large: None,
            text: OnceCell::new(),
            folder: None,
            is_folder: false,
            paths: Vec::new(),
            expected: Cell::default(),
        }
    }

    /// A folder in memory, by relative names.
    pub fn memory_folder(name: &str, files: BTreeMap<String, Vec<u8>>) -> Self {
        let name = crate::error::escape(name);
        let folder = Folder { name: name.clone(), root: Root::Memory(files) };
        let (bytes, text) = (OnceCell::from(Bytes::new()), OnceCell::new());
        Self {
            name,
            bytes,
            large: None,
            text,
            folder: Some(folder),
            is_folder: true,
            paths: Vec::new(),
            expected: Cell::default(),
        }
    }

    /// The same file in memory, beside `files`.
    #[must_use]
    pub fn beside_memory(mut self, files: BTreeMap<String, Vec<u8>>) -> Self {
        self.folder = Some(Folder { name: "beside".to_owned(), root: Root::Memory(files) });
        self
    }

    /// Whether it is a file, or several, that is read block by block where the format allows it.
    pub fn is_large(&self) -> bool {
        let size = |path: &PathBuf| fs::metadata(path).map_or(0, |file| file.len());
        self.large.is_some() || self.paths.iter().map(size).sum::<u64>() > LARGE
    }

    /// Takes note that a part of `bytes` bytes holds so many records.
    pub fn expect(&self, records: usize, bytes: usize) {
        let size = self.large.as_ref().and_then(|large| source::plain_size(&large.path));
        let parts = size.unwrap_or(0) as f64 / bytes.max(1) as f64;
        // A little more, since records are not all of one length.
        self.expected.set((records as f64 * parts.max(1.0) * 1.03) as usize);
    }

    /// Adds a record to a list, for which room is made at once where it is known how many come.
    pub fn gather<T>(&self, records: &mut Vec<T>, record: T) {
        if records.len() == records.capacity() {
            records.reserve(self.expected.get().saturating_sub(records.len()));
        }
        records.push(record);
    }

    /// The files of a pattern; none for any other input.
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// The folder, when this is one.
    pub fn folder(&self) -> Option<&Folder> {
        self.folder.as_ref().filter(|_| self.is_folder)
    }

    /// The folder that the file stands in, for files that it names; `None` for standard input.
    pub fn beside(&self) -> Option<&Folder> {
        self.folder.as_ref().filter(|_| !self.is_folder)
    }

    /// The bytes, decompressed; empty for a folder. A large file is read now.
    pub fn bytes(&self) -> Result<&[u8], DataError> {
        if let Some(bytes) = self.bytes.get() {
            return Ok(bytes);
        }
        let bytes = match &self.large {
            Some(large) => source::read_bytes(&large.path)?.into(),
            None => Bytes::new(),
        };
        Ok(self.bytes.get_or_init(|| bytes))
    }

    /// The first bytes, decompressed, at least a window of them.
    pub fn first_bytes(&self) -> &[u8] {
        match (self.bytes.get(), &self.large) {
            (Some(bytes), _) => bytes,
            (None, Some(large)) => &large.first,
            (None, None) => &[],
        }
    }

    /// The bytes for readers that keep them; nothing is copied.
    pub fn shared(&self) -> Result<Bytes, DataError> {
        self.bytes()?;
        Ok(self.bytes.get().cloned().unwrap_or_default())
    }

    /// The text, without a byte order mark. UTF-8, else UTF-16 where its mark or its zeros say so, else Windows-1252
    /// where nothing speaks against it; what was decided is remarked by [`Self::remark_encoding`].
    pub fn text(&self) -> Result<&str, DataError> {
        let decoded = if let Some(decoded) = self.text.get() {
            decoded
        } else {
            let decoded = source::decode(&self.name, self.bytes()?)?;
            self.text.get_or_init(|| decoded)
        };
        Ok(match &decoded.text {
            Some(text) => text,
            None => source::plain(self.bytes()?),
        })
    }

    /// The text in pieces: a large file in blocks that end where `cut` says that a record ends, any other in one piece.
    /// `cut` is given the bytes of a block and answers how many of them are whole records; 0 asks for more.
    pub fn pieces<'a>(&'a self, cut: impl Fn(&[u8]) -> usize + 'a) -> Result<Pieces<'a>, DataError> {
        match &self.large {
            Some(large) if self.bytes.get().is_none() => {
                Ok(Pieces::Blocks(Box::new(Blocks::new(source::open(&large.path)?, large.block, &self.name, cut))))
            }
            _ => Ok(Pieces::Whole(Some(self.text()?))),
        }
    }

    /// As [`Self::text`], where nothing, or white space alone, is a text as well.
    pub fn text_or_blank(&self) -> Result<&str, DataError> {
        match self.text() {
            Err(DataError::Empty { .. }) => Ok(source::plain(self.bytes()?)),
            other => other,
        }
    }

    /// The text when the bytes are text, for telling formats apart.
    pub fn text_if_any(&self) -> Option<&str> {
        if self.is_folder {
            return None;
        }
        match &self.large {
            // A cut may fall into a character.
            Some(Large { first, .. }) if self.text.get().is_none() => {
                let end = first.len() - first.iter().rev().take(3).take_while(|b| **b >= 0x80).count();
                std::str::from_utf8(&first[..end]).ok().map(|text| text.trim_start_matches('\u{feff}'))
            }
            _ => self.text().ok(),
        }
    }

    /// Says which encoding was taken, unless it is UTF-8.
    pub fn remark_encoding(&self, remarks: &mut Remarks) {
        if let Some(found) = self.text.get().and_then(|decoded| decoded.found.as_ref()) {
            remarks.guess(found.clone(), None);
        }
    }
}

/// The text of an input in pieces; see [`Input::pieces`].
pub(crate) enum Pieces<'a> {
    /// All of it at once.
    Whole(Option<&'a str>),
    /// Block by block.
    Blocks(Box<Blocks<'a>>),
}

impl Pieces<'_> {
    /// The next piece, and the number of the line that it begins with; `None` at the end.
    pub fn next(&mut self) -> Result<Option<(&str, u64)>, DataError> {
        match self {
            Self::Whole(text) => Ok(text.take().map(|text| (text, 1))),
            Self::Blocks(blocks) => blocks.next(),
        }
    }
}

/// How many bytes of a block are whole records.
type Cut<'a> = Box<dyn Fn(&[u8]) -> usize + 'a>;

/// Blocks of whole records of a large file.
pub(crate) struct Blocks<'a> {
    from: Box<dyn Read>,
    block: usize,
    name: String,
    cut: Cut<'a>,
    /// What was read and not yet given out, after what was given out last.
    bytes: Vec<u8>,
    given: usize,
    line: u64,
    over: bool,
    begun: bool,
}

impl<'a> Blocks<'a> {
    fn new(from: Box<dyn Read>, block: usize, name: &str, cut: impl Fn(&[u8]) -> usize + 'a) -> Self {
        let (bytes, cut) = (Vec::new(), Box::new(cut));
        Self { from, block, name: name.to_owned(), cut, bytes, given: 0, line: 1, over: false, begun: false }
    }

    fn next(&mut self) -> Result<Option<(&str, u64)>, DataError> {
        // The memory of the block before is used again: fresh memory costs more than what is done with it.
        self.bytes.drain(..self.given);
        self.given = 0;
        let mut wanted = if self.begun { self.block / LATER } else { self.block };
        loop {
            while !self.over && self.bytes.len() < wanted {
                let missing = wanted - self.bytes.len();
                self.bytes.reserve_exact(missing);
                let read = (&mut self.from).take(missing as u64).read_to_end(&mut self.bytes);
                self.over = read.map_err(|e| DataError::io(Path::new(&self.name), "read", e))? == 0;
            }
            if self.bytes.is_empty() {
                return Ok(None);
            }
            let whole = if self.over { self.bytes.len() } else { (self.cut)(&self.bytes) };
            if whole == 0 {
                // A record larger than the block.
                wanted *= 2;
                continue;
            }
            let mark = if !self.begun && self.bytes.starts_with(MARK) { MARK.len() } else { 0 };
            self.begun = true;
            self.given = whole;
            let (block, line) = (&self.bytes[mark..whole], self.line);
            self.line += memchr::memchr_iter(b'\n', block).count() as u64;
            let text = std::str::from_utf8(block)
                .map_err(|e| source::bad_utf8_at(&self.name, block, e.valid_up_to(), line))?;
            return Ok(Some((text, line)));
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

    /// The names of the files directly in it, sorted; hidden ones left out.
    pub fn here(&self) -> Result<Vec<String>, DataError> {
        match &self.root {
            Root::Memory(files) => Ok(files.keys().filter(|name| !name.contains('/')).cloned().collect()),
            Root::Disk(root) => {
                let mut names = Vec::new();
                walk(root, "", 1, &mut names)?;
                names.sort_unstable();
                Ok(names)
            }
        }
    }

    /// The names of all files below one of its folders, relative to that one, sorted; none where it is not there.
    pub fn below(&self, sub: &str) -> Result<Vec<String>, DataError> {
        match &self.root {
            Root::Memory(files) => {
                let own = |name: &String| name.strip_prefix(sub)?.strip_prefix('/').map(str::to_owned);
                Ok(files.keys().filter_map(own).collect())
            }
            Root::Disk(root) => {
                let mut names = Vec::new();
                if inside(sub) && root.join(sub).is_dir() {
                    walk(&root.join(sub), "", DEPTH, &mut names)?;
                    names.sort_unstable();
                }
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
        assert_eq!(folder.here().unwrap(), ["a.txt"]);
        assert_eq!(folder.below("b").unwrap(), ["c/two.txt"]);
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
