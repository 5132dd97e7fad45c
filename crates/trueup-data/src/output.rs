//! Where a writer's bytes go: one file, a folder of files, or memory. On the disk nothing has its name before all of it
//! is written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::error::{DataError, quote};
use crate::write::{OutputSet, Stream};

/// How many bytes are gathered before they go to the file.
const BLOCK: usize = 1 << 20;

/// The receiving end of a writer.
pub(crate) struct Output {
    target: Target,
    /// The main file's bytes that have not gone out yet.
    pending: Vec<u8>,
}

enum Target {
    /// One file, begun at the first block.
    File { path: PathBuf, set: OutputSet, stream: Option<Stream> },
    /// A folder.
    Folder { root: PathBuf, set: OutputSet },
    /// Files by relative name; the main file's name is empty.
    Memory { name: String, files: BTreeMap<String, Vec<u8>> },
    /// Anything that takes bytes, such as standard output.
    Pipe {
        name: String,
        to: Box<dyn std::io::Write>,
        /// Whether nothing goes out before all of it is there.
        hold: bool,
    },
}

impl Output {
    /// Into memory.
    #[cfg(test)]
    pub fn memory() -> Self {
        Self::memory_for("memory")
    }

    /// Into memory, for what has the name `name` in messages.
    pub fn memory_for(name: &str) -> Self {
        Self { target: Target::Memory { name: name.to_owned(), files: BTreeMap::new() }, pending: Vec::new() }
    }

    /// Into one file.
    pub fn file(path: &Path) -> Result<Self, DataError> {
        crate::write::check_file(path)?;
        let target = Target::File { path: path.to_path_buf(), set: OutputSet::new(), stream: None };
        Ok(Self { target, pending: Vec::new() })
    }

    /// Into a folder, made if it is not there.
    pub fn folder(root: &Path) -> Result<Self, DataError> {
        let mut set = OutputSet::new();
        set.create_dir(root)?;
        Ok(Self { target: Target::Folder { root: root.to_path_buf(), set }, pending: Vec::new() })
    }

    /// Into something that takes bytes as they come, or all at once at the end.
    pub fn pipe(name: &str, to: Box<dyn std::io::Write>, hold: bool) -> Self {
        Self { target: Target::Pipe { name: name.to_owned(), to, hold }, pending: Vec::new() }
    }

    /// What it is called in messages.
    pub fn name(&self) -> String {
        match &self.target {
            Target::File { path, .. } => crate::error::shown(path),
            Target::Folder { root, .. } => crate::error::shown(root),
            Target::Memory { name, .. } | Target::Pipe { name, .. } => name.clone(),
        }
    }

    /// Appends to the main file.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), DataError> {
        self.pending.extend_from_slice(bytes);
        self.flush_if_full()
    }

    /// The buffer of the main file, to append to; [`Self::flush_if_full`] after each record keeps it small.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.pending
    }

    /// Sends the buffer on when it is full.
    pub fn flush_if_full(&mut self) -> Result<(), DataError> {
        let held = matches!(self.target, Target::Pipe { hold: true, .. });
        if self.pending.len() >= BLOCK && !held { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), DataError> {
        match &mut self.target {
            // A folder has no main file.
            Target::Memory { files, .. } if self.pending.is_empty() && !files.is_empty() => {}
            Target::Memory { files, .. } => files.entry(String::new()).or_default().append(&mut self.pending),
            Target::File { path, set, stream } => {
                let stream = match stream {
                    Some(stream) => stream,
                    None => stream.insert(set.begin(path)?),
                };
                set.append(stream, &self.pending)?;
                self.pending.clear();
            }
            Target::Pipe { name, to, .. } => {
                to.write_all(&self.pending).map_err(|e| DataError::io(Path::new(name), "write", e))?;
                self.pending.clear();
            }
            Target::Folder { root, .. } => {
                return Err(DataError::Folder { path: crate::error::shown(root), hint: None });
            }
        }
        Ok(())
    }

    /// Writes a whole file of a folder; `relative` may hold `/`.
    pub fn put(&mut self, relative: &str, bytes: &[u8]) -> Result<(), DataError> {
        match &mut self.target {
            Target::Memory { files, .. } => {
                files.insert(relative.to_owned(), bytes.to_vec());
                Ok(())
            }
            Target::Folder { root, set } => {
                let path = root.join(relative);
                if let Some(parent) = path.parent() {
                    set.create_dir(parent)?;
                }
                set.add(&path, bytes)
            }
            Target::File { path, .. } => Err(needs_folder(&crate::error::shown(path), relative)),
            Target::Pipe { name, .. } => Err(needs_folder(name, relative)),
        }
    }

    /// Gives every file its name; in memory, hands them out.
    pub fn commit(mut self) -> Result<BTreeMap<String, Vec<u8>>, DataError> {
        let is_folder = match &self.target {
            Target::Folder { .. } => true,
            // A folder in memory has no main file.
            Target::Memory { files, .. } => self.pending.is_empty() && !files.is_empty(),
            Target::File { .. } | Target::Pipe { .. } => false,
        };
        if !is_folder {
            self.flush()?;
        }
        match self.target {
            Target::Memory { files, .. } => return Ok(files),
            Target::File { mut set, stream, .. } => {
                if let Some(stream) = stream {
                    set.finish(stream)?;
                }
                set.commit()?;
            }
            Target::Folder { set, .. } => set.commit()?,
            Target::Pipe { name, mut to, .. } => to.flush().map_err(|e| DataError::io(Path::new(&name), "write", e))?,
        }
        Ok(BTreeMap::new())
    }
}

fn needs_folder(name: &str, relative: &str) -> DataError {
    let found = format!("a single file where several are written ({}, ...)", quote(relative));
    let valid = "the name of a folder".to_owned();
    DataError::Content { path: name.to_owned(), found, valid, hint: None }
}
