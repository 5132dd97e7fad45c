//! Bytes become text: from a file or standard input, compressed or not, or a message that says what it is instead.

use std::fs;
use std::io::Read;
use std::path::Path;

use crate::error::{DataError, quote, shown};

/// How far into a file NUL bytes are looked for, as version control tools do to tell text from the rest.
const BINARY_WINDOW: usize = 8_000;

/// A text and where it came from.
#[derive(Debug)]
pub(crate) struct Source {
    /// The name for messages.
    pub name: String,
    /// The whole text, without a byte order mark.
    pub text: String,
}

/// First bytes, what they mean, what to do.
const MAGIC: &[(&[u8], &str, Option<&str>)] = &[
    (b"PAR1", "a Parquet file", Some("export it as CSV or JSON lines")),
    (b"ARROW1", "an Arrow file", Some("export it as CSV or JSON lines")),
    (b"\x93NUMPY", "a NumPy array", Some("export it as CSV")),
    (b"PK\x03\x04", "a ZIP archive and no spreadsheet (a Word file is one too)", Some("unpack it, or save it as text")),
    (b"\xd0\xcf\x11\xe0", "an old Office file and no spreadsheet", Some("save it as text")),
    (b"%PDF-", "a PDF file", None),
    (b"{\\rtf", "a rich text (RTF) file", Some("save it as plain text")),
    (b"SQLite format 3", "an SQLite database", Some("export a table as CSV")),
    (b"\x7fELF", "an ELF program", None),
    (b"\x89PNG", "a PNG image", None),
    (b"\xff\xd8\xff", "a JPEG image", None),
    (b"GIF8", "a GIF image", None),
    (b"\x78\x9c", "zlib-compressed data (a spaCy DocBin is)", Some("export it as JSON lines")),
    (b"\x78\xda", "zlib-compressed data (a spaCy DocBin is)", Some("export it as JSON lines")),
    (b"BZh", "a bzip2 archive", Some("unpack it; .gz and .zst are read as they are")),
    (b"\xfd7zXZ\0", "an xz archive", Some("unpack it; .gz and .zst are read as they are")),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", Some("unpack it; .gz and .zst are read as they are")),
];

/// Text, and how it was written when that is not UTF-8.
#[derive(Debug)]
pub(crate) struct Decoded {
    /// The text without a byte order mark; `None` when the bytes are it, but for such a mark.
    pub text: Option<String>,
    /// What was decided about the encoding; `None` for UTF-8.
    pub found: Option<String>,
}

/// Reads `path` (`-` is standard input) whole and decompresses gzip and Zstandard by their magic bytes.
pub(crate) fn read_bytes(path: &Path) -> Result<Vec<u8>, DataError> {
    let name = shown(path);
    let mut bytes = Vec::new();
    if path.as_os_str() == "-" {
        std::io::stdin().lock().read_to_end(&mut bytes).map_err(|e| DataError::io(path, "read", e))?;
    } else {
        let kind = fs::metadata(path).map_err(|e| not_found(path, e))?;
        if kind.is_dir() {
            return Err(DataError::Folder { path: name, hint: files_in(path) });
        }
        bytes = fs::read(path).map_err(|e| DataError::io(path, "read", e))?;
    }
    decompress(path, bytes)
}

/// Reads `path` whole as text.
#[cfg(test)]
pub(crate) fn read(path: &Path) -> Result<Source, DataError> {
    from_bytes(shown(path), read_bytes(path)?)
}

/// Decodes `bytes` as text.
#[cfg(test)]
#[allow(clippy::needless_pass_by_value)] // As a reader gets them.
pub(crate) fn from_bytes(name: String, bytes: Vec<u8>) -> Result<Source, DataError> {
    let text = match decode(&name, &bytes)?.text {
        Some(text) => text,
        None => plain(&bytes).to_owned(),
    };
    Ok(Source { name, text })
}

/// How large a file is; `None` when it is compressed, or is none.
pub(crate) fn plain_size(path: &Path) -> Option<u64> {
    let mut magic = [0; 4];
    let file = &mut fs::File::open(path).ok()?;
    file.read_exact(&mut magic).ok()?;
    let packed = magic.starts_with(b"\x1f\x8b") || magic.starts_with(b"\x28\xb5\x2f\xfd");
    file.metadata().ok().filter(|_| !packed).map(|kind| kind.len())
}

/// Bytes that [`decode`] found to be UTF-8, without a byte order mark.
pub(crate) fn plain(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes)).unwrap_or_default()
}

/// UTF-8; UTF-16 where a mark or every other byte being zero says so; else Windows-1252 where no sequence of bytes is
/// UTF-8 beyond ASCII, since a file in one encoding with a broken byte must not be read in another.
pub(crate) fn decode(name: &str, bytes: &[u8]) -> Result<Decoded, DataError> {
    let path = || name.to_owned();
    if bytes.is_empty() {
        return Err(DataError::Empty { path: path(), blank: false });
    }
    if let Some((_, looks_like, hint)) = MAGIC.iter().find(|(magic, ..)| bytes.starts_with(magic)) {
        return Err(DataError::Binary { path: path(), looks_like, hint: *hint });
    }
    if let Some((encoding, found)) = utf16(bytes) {
        let Some(encoding) = encoding else {
            let hint = "convert it with iconv -f UTF-32 -t UTF-8, or save it as UTF-8".to_owned();
            return Err(DataError::Encoding { path: path(), line: 1, byte: 1, found: found.to_owned(), hint });
        };
        let (text, _, broken) = encoding.decode(bytes);
        if broken {
            let at = text.find('\u{fffd}').unwrap_or(0);
            let line = memchr::memchr_iter(b'\n', &text.as_bytes()[..at]).count() as u64 + 1;
            let hint = "the file is cut off or damaged: save it again as UTF-8".to_owned();
            let found = format!("{found} with a unit that is no character");
            return Err(DataError::Encoding { path: path(), line, byte: 1, found, hint });
        }
        let text = text.into_owned();
        if text.bytes().all(|b| b.is_ascii_whitespace()) {
            return Err(DataError::Empty { path: path(), blank: true });
        }
        return Ok(Decoded { text: Some(text), found: Some(format!("the text is {}", encoding.name())) });
    }
    if memchr::memchr(0, &bytes[..bytes.len().min(BINARY_WINDOW)]).is_some() {
        return Err(DataError::Binary { path: path(), looks_like: "binary data (it holds NUL bytes)", hint: None });
    }
    let body = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let decoded = match std::str::from_utf8(body) {
        Ok(_) => Decoded { text: None, found: None },
        Err(error) => match windows_1252(body) {
            Some(text) => {
                let at = error.valid_up_to();
                let line = memchr::memchr_iter(b'\n', &body[..at]).count() + 1;
                let found =
                    format!("the text is Windows-1252: it is no UTF-8 (byte 0x{:02X} at line {line})", body[at]);
                Decoded { text: Some(text), found: Some(found) }
            }
            None => return Err(bad_utf8(name, body, error.valid_up_to())),
        },
    };
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(DataError::Empty { path: path(), blank: true });
    }
    Ok(decoded)
}

/// The text in Windows-1252; `None` when a byte means nothing there, or when some of it is UTF-8.
fn windows_1252(bytes: &[u8]) -> Option<String> {
    let undefined = |b: &u8| matches!(b, 0x81 | 0x8d | 0x8f | 0x90 | 0x9d);
    let mixed = bytes.utf8_chunks().any(|chunk| !chunk.valid().is_ascii());
    (!mixed && !bytes.iter().any(undefined)).then(|| encoding_rs::WINDOWS_1252.decode(bytes).0.into_owned())
}

fn decompress(path: &Path, bytes: Vec<u8>) -> Result<Vec<u8>, DataError> {
    let mut out = Vec::new();
    let result = if bytes.starts_with(b"\x1f\x8b") {
        flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut out)
    } else if bytes.starts_with(b"\x28\xb5\x2f\xfd") {
        zstd::stream::read::Decoder::new(bytes.as_slice()).and_then(|mut d| d.read_to_end(&mut out))
    } else {
        return Ok(bytes);
    };
    result.map_err(|source| DataError::Io { path: shown(path), action: "decompress", source })?;
    Ok(out)
}

/// Names UTF-16 (with its encoding) and UTF-32 (without), by their mark or by every other byte being NUL.
fn utf16(bytes: &[u8]) -> Option<(Option<&'static encoding_rs::Encoding>, &'static str)> {
    use encoding_rs::{UTF_16BE, UTF_16LE};
    if bytes.starts_with(b"\xff\xfe\0\0") || bytes.starts_with(b"\0\0\xfe\xff") {
        return Some((None, "a UTF-32 byte order mark"));
    }
    for (mark, encoding) in [(b"\xff\xfe", UTF_16LE), (b"\xfe\xff", UTF_16BE)] {
        if bytes.starts_with(mark) {
            return Some((Some(encoding), "UTF-16"));
        }
    }
    let head = &bytes[..bytes.len().min(BINARY_WINDOW)];
    let zeros = |parity: usize| head.iter().skip(parity).step_by(2).filter(|&&b| b == 0).count();
    let half = head.len() / 2;
    let sparse = head.len() >= 8 && zeros(0).max(zeros(1)) * 10 >= half * 9 && zeros(0).min(zeros(1)) * 10 < half;
    let encoding = if zeros(0) > zeros(1) { UTF_16BE } else { UTF_16LE };
    sparse.then_some((Some(encoding), "UTF-16 without a byte order mark"))
}

/// Opens a file for reading in order, decompressed.
pub(crate) fn open(path: &Path) -> Result<Box<dyn Read>, DataError> {
    let failed = |e| DataError::io(path, "read", e);
    let mut file = fs::File::open(path).map_err(failed)?;
    let mut magic = [0; 4];
    let n = file.read(&mut magic).map_err(failed)?;
    std::io::Seek::rewind(&mut file).map_err(failed)?;
    Ok(match &magic[..n] {
        [0x1f, 0x8b, ..] => Box::new(flate2::read::MultiGzDecoder::new(file)),
        [0x28, 0xb5, 0x2f, 0xfd] => Box::new(zstd::stream::read::Decoder::new(file).map_err(failed)?),
        _ => Box::new(file),
    })
}

/// The first `n` bytes of a file, decompressed.
pub(crate) fn first_bytes(path: &Path, n: usize) -> Result<Vec<u8>, DataError> {
    let mut bytes = Vec::new();
    open(path)?.take(n as u64).read_to_end(&mut bytes).map_err(|e| DataError::io(path, "read", e))?;
    Ok(bytes)
}

fn bad_utf8(name: &str, bytes: &[u8], at: usize) -> DataError {
    bad_utf8_at(name, bytes, at, 1)
}

/// The error for bytes that are no UTF-8 from `at` on; `first` is the number of the line that they begin with.
pub(crate) fn bad_utf8_at(name: &str, bytes: &[u8], at: usize, first: u64) -> DataError {
    let line = memchr::memchr_iter(b'\n', &bytes[..at]).count() as u64 + first;
    let start = memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |i| i + 1);
    let before = String::from_utf8_lossy(&bytes[at.saturating_sub(20).max(start)..at]).into_owned();
    DataError::Encoding {
        path: name.to_owned(),
        line,
        byte: (at - start) as u64 + 1,
        found: format!("byte 0x{:02X} after '{}'", bytes[at], quote(before.trim_start_matches('\u{fffd}'))),
        hint: "the rest is UTF-8: repair the byte".to_owned(),
    }
}

fn not_found(path: &Path, source: std::io::Error) -> DataError {
    match DataError::io(path, "read", source) {
        DataError::NotFound { path: name, .. } => DataError::NotFound { path: name, hint: near_name(path) },
        other => other,
    }
}

/// A file in the same folder whose name differs by case, by its ending or by up to two characters.
pub(crate) fn near_name(path: &Path) -> Option<String> {
    let wanted = path.file_name()?.to_string_lossy().to_lowercase();
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut names: Vec<String> = fs::read_dir(folder)
        .ok()?
        .take(2_000)
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .collect();
    names.sort_unstable();
    let stem = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    let nearest = names
        .iter()
        .map(|name| {
            let lower = name.to_lowercase();
            let away = if stem(&lower) == stem(&wanted) { 1 } else { distance(&lower, &wanted) };
            (away, name)
        })
        .min()
        .filter(|&(away, _)| away <= 2)?;
    Some(format!("there is {}", quote(nearest.1)))
}

/// Levenshtein distance in characters.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &cb) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(ca != cb);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

fn files_in(folder: &Path) -> Option<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .ok()?
        .take(2_000)
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_ok_and(|t| t.is_file()))
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort_unstable();
    names.truncate(5);
    (!names.is_empty()).then(|| format!("it holds {}", crate::error::list(&names)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::io::Write;

    fn message(bytes: &[u8]) -> String {
        from_bytes("f".into(), bytes.to_vec()).unwrap_err().to_string()
    }

    #[test]
    fn what_is_not_text_is_named() {
        assert!(message(b"").contains("the file is empty;"));
        assert!(message(b" \r\n\n").contains("empty but for white space"));
        assert!(message(b"PAR1\x15\x04").contains("Parquet"));
        assert!(message(b"PK\x03\x04abc").contains("ZIP"));
        assert!(message(b"text\0text").contains("NUL"));
        assert!(message(b"\xff\xfe\0\0a\0\0\0").contains("UTF-32"));
        assert!(message(b"\xff\xfea\0\x00\xd8").contains("no character"));
    }

    #[test]
    fn other_encodings_are_read_and_said() {
        let of = |bytes: &[u8]| decode("f", bytes).unwrap();
        assert_eq!(of(b"\xff\xfea\0\xe9\0").text.unwrap(), "aé");
        assert_eq!(of(b"t\0e\0x\0t\0,\0l\0a\0b\0e\0l\0").text.unwrap(), "text,label");
        let western = of(b"ok\ncaf\xe9 \x80 5\n");
        assert_eq!(western.text.unwrap(), "ok\ncafé € 5\n");
        assert_eq!(western.found.unwrap(), "the text is Windows-1252: it is no UTF-8 (byte 0xE9 at line 2)");
        assert!(of("é".as_bytes()).text.is_none());
    }

    #[test]
    fn a_bad_byte_is_named_by_line_and_place() {
        let message = message(b"\xc3\xa9\ncaf\xe9 au lait\n");
        assert!(message.starts_with("f: line 2, byte 4: found byte 0xE9 after 'caf'; valid: UTF-8"), "{message}");
    }

    #[test]
    fn a_byte_order_mark_is_no_text() {
        assert_eq!(from_bytes("f".into(), b"\xef\xbb\xbfa".to_vec()).unwrap().text, "a");
    }

    #[test]
    fn compressed_files_are_read_and_broken_ones_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.gz");
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(b"text,label\n").unwrap();
        let mut bytes = gz.finish().unwrap();
        fs::write(&path, &bytes).unwrap();
        assert_eq!(read(&path).unwrap().text, "text,label\n");
        bytes.truncate(bytes.len() - 9);
        fs::write(&path, &bytes).unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("cannot decompress"));
        fs::write(&path, zstd::encode_all(&b"abc"[..], 1).unwrap()).unwrap();
        assert_eq!(read(&path).unwrap().text, "abc");
    }

    #[test]
    fn a_missing_file_names_its_neighbour_and_a_folder_its_files() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("train.csv"), "x").unwrap();
        let missing = read(&dir.path().join("trian.csv")).unwrap_err().to_string();
        assert!(missing.ends_with("there is no such file; hint: there is train.csv"), "{missing}");
        let folder = read(dir.path()).unwrap_err().to_string();
        assert!(folder.contains("this is a folder") && folder.ends_with("it holds train.csv"), "{folder}");
    }
}
