//! What is done to valid files to break them: at bytes, at lines and their fields, at JSON values, at the files of a folder.

use std::io::{Read, Write};

use serde_json::Value;
use trueup_data::memory::Files;

/// SplitMix64: small, and the same everywhere.
pub struct Random(u64);

impl Random {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`; 0 where that is 0.
    pub fn below(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { (self.next() % n as u64) as usize }
    }

    /// True once in `n` times.
    pub fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of them.
    pub fn of<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// A range of `0..len`, mostly short.
    fn range(&mut self, len: usize) -> std::ops::Range<usize> {
        let start = self.below(len + 1);
        let most = if self.once_in(4) { len } else { 16 };
        start..(start + self.below(most + 1)).min(len)
    }
}

/// Numbers at and past the edges of their types, as they stand in text.
const NUMBERS: &[&str] = &[
    "-1",
    "0",
    "1",
    "2",
    "255",
    "65536",
    "-2147483649",
    "4294967296",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775808",
    "99999999999999999999999999999999",
    "1e308",
    "1e999",
    "-0.0",
    "0.5",
    "1.5e-320",
    "NaN",
    "Infinity",
    "0x10",
    "1_000",
    "١",
];

/// Pieces that mean something to one format or another, or to none.
const PIECES: &[&str] = &[
    "",
    " ",
    "\t",
    "\n",
    "\r\n",
    "\r",
    "\n\n",
    "\0",
    "\"",
    "\"\"",
    "'",
    ",",
    ";",
    "|",
    ":",
    "::",
    "\\",
    "\\u0000",
    "\\ud800",
    "[",
    "]",
    "{",
    "}",
    "(",
    ")",
    "](",
    "<",
    ">",
    "</",
    "<a>",
    "&",
    "&#x0;",
    "&amp;",
    "#",
    "-",
    "- ",
    "--",
    "_",
    "O",
    "B-",
    "I-",
    "-DOCSTART-",
    "B-PER",
    "U-X",
    "é",
    "e\u{301}",
    "😀",
    "\u{1F468}\u{200d}\u{1F469}",
    "\u{200b}",
    "\u{2028}",
    "\u{feff}",
    "\u{a0}",
    "\u{85}",
    "İ",
    "ß",
    "null",
    "true",
    "[]",
    "{}",
    "__label__",
    "T1",
    "R1",
    "E1",
    "A1",
    "*",
    "...",
    "/",
    "../x",
    "&x",
    "*x",
    "!!binary",
    "|\n",
    ">\n",
    "# text = ",
    "1-2",
    "1.1",
];

/// How long a broken file may become; a few are longer.
const LONG: usize = 48 << 10;
const LONGEST: usize = 384 << 10;

/// Breaks files somewhere; `others` are files to take pieces from.
pub fn mutate(files: &mut Files, others: &[Files], random: &mut Random) {
    let rounds = 1 + random.below(4);
    for _ in 0..rounds {
        if files.is_empty() || (files.len() > 1 && random.once_in(8)) {
            folder(files, random);
            continue;
        }
        let names: Vec<String> = files.keys().cloned().collect();
        let name = random.of(&names).clone();
        let mut bytes = files.remove(&name).unwrap_or_default();
        let other = random.of(others);
        let other: &[u8] = other.values().nth(random.below(other.len())).map_or(b"", Vec::as_slice);
        // Inside of what is packed breaks more than the packing.
        match unpacked(&bytes).filter(|_| !random.once_in(8)) {
            Some(mut inner) => {
                one(&mut inner, &unpacked(other).unwrap_or_else(|| other.to_vec()), random);
                bytes = packed(&inner);
            }
            None => one(&mut bytes, other, random),
        }
        files.insert(name, bytes);
    }
}

fn unpacked(bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.first() != Some(&0x78) {
        return None;
    }
    let mut out = Vec::new();
    flate2::read::ZlibDecoder::new(bytes).take(1 << 20).read_to_end(&mut out).ok().map(|_| out)
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).and_then(|()| out.finish()).unwrap_or_default()
}

fn one(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    match random.below(20) {
        0 => flip(bytes, random),
        1 => bytes.truncate(random.below(bytes.len() + 1)),
        2 => {
            let range = random.range(bytes.len());
            bytes.drain(range);
        }
        3 => {
            let range = random.range(bytes.len());
            let piece = bytes[range].to_vec();
            insert(bytes, &piece, random);
        }
        4 => splice(bytes, other, random),
        5 | 6 => number(bytes, random),
        7 => {
            let piece = random.of(PIECES);
            insert(bytes, piece.as_bytes(), random);
        }
        8 => {
            let range = random.range(bytes.len());
            let piece = random.of(PIECES);
            bytes.splice(range, piece.bytes());
        }
        9 | 10 => lines(bytes, random),
        11 | 12 => fields(bytes, random),
        13 if random.once_in(4) => nest(bytes, random),
        14 if random.once_in(4) => grow(bytes, random),
        13 | 14 => raw_number(bytes, random),
        _ => {
            if !json(bytes, random) {
                fields(bytes, random);
            }
        }
    }
    bytes.truncate(LONGEST);
}

fn insert(bytes: &mut Vec<u8>, piece: &[u8], random: &mut Random) {
    let at = random.below(bytes.len() + 1);
    bytes.splice(at..at, piece.iter().copied());
}

fn flip(bytes: &mut [u8], random: &mut Random) {
    for _ in 0..=random.below(3) {
        let len = bytes.len();
        // The end of a file is where some formats have their directory.
        let at = if random.once_in(3) { len.saturating_sub(1 + random.below(64)) } else { random.below(len) };
        if let Some(byte) = bytes.get_mut(at) {
            *byte = match random.below(4) {
                0 => *byte ^ (1 << random.below(8)),
                1 => byte.wrapping_add(1),
                2 => *random.of(&[0, 0x7f, 0x80, 0xc3, 0xdf, 0xff, b'\n', b' ']),
                _ => random.next() as u8,
            };
        }
    }
}

/// A binary number of 2, 4 or 8 bytes at the edge of its type.
fn raw_number(bytes: &mut [u8], random: &mut Random) {
    let value = *random.of(&[0, 1, 0x7f, 0x80, 0xffff, 0x7fff_ffff, 0x8000_0000, u64::MAX, 1 << 62, 1 << 63, 1 << 40]);
    let width = *random.of(&[1, 2, 4, 8]);
    let at = random.below(bytes.len());
    let value = if random.once_in(2) { value.to_le_bytes() } else { value.to_be_bytes() };
    for (to, from) in bytes.iter_mut().skip(at).zip(value.into_iter().take(width)) {
        *to = from;
    }
}

fn splice(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    if random.once_in(2) {
        bytes.truncate(random.below(bytes.len() + 1));
        bytes.extend_from_slice(&other[random.below(other.len() + 1)..]);
    } else {
        let piece = other[random.range(other.len())].to_vec();
        insert(bytes, &piece, random);
    }
}

/// A number in the text becomes another.
fn number(bytes: &mut Vec<u8>, random: &mut Random) {
    let from = random.below(bytes.len() + 1);
    let is_digit = |at: &usize| bytes[*at].is_ascii_digit();
    let Some(start) = (from..bytes.len()).find(is_digit).or_else(|| (0..from).find(is_digit)) else {
        return;
    };
    let end = (start..bytes.len()).find(|at| !is_digit(at)).unwrap_or(bytes.len());
    let new = if random.once_in(3) { random.below(40).to_string() } else { (*random.of(NUMBERS)).to_owned() };
    bytes.splice(start..end, new.into_bytes());
}

fn lines(bytes: &mut Vec<u8>, random: &mut Random) {
    let mut all: Vec<Vec<u8>> = bytes.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
    let (a, b) = (random.below(all.len()), random.below(all.len()));
    match random.below(5) {
        _ if all.is_empty() => return,
        0 => drop(all.remove(a)),
        1 => all.swap(a, b),
        2 => all.insert(b, all[a].clone()),
        3 => all.insert(b, random.of(PIECES).as_bytes().to_vec()),
        _ => all.rotate_left(a),
    }
    *bytes = all.concat();
}

/// A field of a line (of a table, of a token) goes, doubles, moves, or becomes something else.
fn fields(bytes: &mut Vec<u8>, random: &mut Random) {
    let mut all: Vec<&[u8]> = bytes.split_inclusive(|b| *b == b'\n').collect();
    let at = random.below(all.len());
    let Some(line) = all.get(at).map(|line| line.strip_suffix(b"\n").unwrap_or(line)) else {
        return;
    };
    let separator = [b'\t', b',', b' ', b':', b';'].into_iter().find(|s| line.contains(s) && !random.once_in(4));
    let separator = separator.unwrap_or(b' ');
    let mut cells: Vec<Vec<u8>> = line.split(|b| *b == separator).map(<[u8]>::to_vec).collect();
    let (a, b) = (random.below(cells.len()), random.below(cells.len()));
    match random.below(6) {
        0 => drop(cells.remove(a)),
        1 => cells.swap(a, b),
        2 => cells.insert(b, cells[a].clone()),
        3 => cells[a] = random.of(NUMBERS).as_bytes().to_vec(),
        4 => cells[a] = random.of(PIECES).as_bytes().to_vec(),
        _ => cells[a].extend_from_slice(random.of(PIECES).as_bytes()),
    }
    let mut new = cells.join(&separator);
    new.push(b'\n');
    all[at] = &new;
    *bytes = all.concat();
}

fn nest(bytes: &mut Vec<u8>, random: &mut Random) {
    let (open, close) = *random.of(&[
        ("[", "]"),
        ("{\"a\":", "}"),
        ("(", ")"),
        ("<a>", "</a>"),
        ("- ", ""),
        ("\"a\":[{", "}]"),
        ("? ", ""),
    ]);
    let depth = *random.of(&[3, 130, 1000, 20_000]);
    let mut piece = open.repeat(depth).into_bytes();
    if random.once_in(2) {
        piece.extend_from_slice(close.repeat(depth).as_bytes());
    }
    let at = if random.once_in(3) { 0 } else { random.below(bytes.len() + 1) };
    bytes.splice(at..at, piece);
}

/// A piece many times over.
fn grow(bytes: &mut Vec<u8>, random: &mut Random) {
    let range = random.range(bytes.len());
    // Whole lines repeat what the format repeats.
    let line = bytes.split_inclusive(|b| *b == b'\n').nth(random.below(8));
    let piece = match (random.below(4), line) {
        (0, _) => random.of(PIECES).as_bytes().to_vec(),
        (1, _) => vec![b'a'],
        (2, Some(line)) => line.to_vec(),
        _ => bytes[range].to_vec(),
    };
    let most = if random.once_in(6) { LONGEST } else { LONG };
    let times = most / piece.len().max(1);
    insert(bytes, &piece.repeat(if piece.is_empty() { 0 } else { times }), random);
}

/// A JSON value in the file, or in one of its lines, becomes another one; false where there is none.
fn json(bytes: &mut Vec<u8>, random: &mut Random) -> bool {
    if let Ok(mut value) = serde_json::from_slice::<Value>(bytes) {
        swap_value(&mut value, random);
        *bytes = value.to_string().into_bytes();
        return true;
    }
    let mut all: Vec<&[u8]> = bytes.split_inclusive(|b| *b == b'\n').collect();
    let at = random.below(all.len());
    let Some(Ok(mut value)) = all.get(at).map(|line| serde_json::from_slice::<Value>(line)) else {
        return false;
    };
    swap_value(&mut value, random);
    let line = format!("{value}\n");
    all[at] = line.as_bytes();
    *bytes = all.concat();
    true
}

fn swap_value(root: &mut Value, random: &mut Random) {
    let n = count(root);
    let (donor, target) = (random.below(n), random.below(n));
    let donor = nth(root, &mut { donor }).cloned().unwrap_or_default();
    if let Some(at) = nth(root, &mut { target }) {
        change(at, donor, random);
    }
}

/// How many values there are in a value, itself included.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum::<usize>(),
        Value::Object(map) => map.values().map(count).sum(),
        _ => 0,
    }
}

fn nth<'a>(value: &'a mut Value, n: &mut usize) -> Option<&'a mut Value> {
    if *n == 0 {
        return Some(value);
    }
    *n -= 1;
    match value {
        Value::Array(items) => items.iter_mut().find_map(|item| nth(item, n)),
        Value::Object(map) => map.values_mut().find_map(|item| nth(item, n)),
        _ => None,
    }
}

fn change(at: &mut Value, donor: Value, random: &mut Random) {
    match (random.below(4), &mut *at) {
        (0, Value::Object(map)) if !map.is_empty() => {
            let key = map.keys().nth(random.below(map.len())).cloned().unwrap_or_default();
            let value = map.remove(&key).unwrap_or_default();
            match random.below(4) {
                0 => {}
                1 => drop(map.insert((*random.of(PIECES)).to_owned(), value)),
                2 => drop(map.insert(key.to_uppercase(), value)),
                _ => drop(map.insert(key, donor)),
            }
            return;
        }
        (0, Value::Array(items)) if !items.is_empty() => {
            let i = random.below(items.len());
            match random.below(4) {
                0 => drop(items.remove(i)),
                1 => items.insert(i, items[i].clone()),
                2 => items.insert(i, donor),
                _ => items.rotate_left(i),
            }
            return;
        }
        (0 | 1, Value::Number(number)) => {
            let n = number.as_i64().unwrap_or_default();
            let near = n.wrapping_add(*random.of(&[-2, -1, 0, 1, 2]));
            *at = if random.once_in(2) { near.into() } else { extreme(random) };
            return;
        }
        (0 | 1, Value::String(text)) => {
            let at = (0..=text.len()).filter(|i| text.is_char_boundary(*i)).nth(random.below(text.len() + 1));
            let pieces = if random.once_in(2) { PIECES } else { NUMBERS };
            let piece = *random.of(pieces);
            text.insert_str(at.unwrap_or_default(), piece);
            return;
        }
        _ => {}
    }
    *at = match random.below(12) {
        0 => Value::Null,
        1 => true.into(),
        2 => "".into(),
        3 => (*random.of(PIECES)).into(),
        4 => (*random.of(NUMBERS)).into(),
        5 => Value::Array(Vec::new()),
        6 => serde_json::json!({}),
        7 => Value::Array(vec![at.take()]),
        8 => serde_json::json!({"text": at.take()}),
        9 | 10 => donor,
        _ => extreme(random),
    };
}

fn extreme(random: &mut Random) -> Value {
    match random.below(8) {
        0 => (-1).into(),
        1 => u64::MAX.into(),
        2 => i64::MIN.into(),
        3 => 1e308.into(),
        4 => 0.5.into(),
        5 => (1u64 << 32).into(),
        6 => 0.into(),
        _ => random.below(60).into(),
    }
}

/// A file of a folder goes, comes, or changes its name.
fn folder(files: &mut Files, random: &mut Random) {
    let names: Vec<String> = files.keys().cloned().collect();
    let new = *random.of(&["", "a.txt", "a.ann", "x/y/z.txt", "train.txt", "labels.txt", "é.json", "state.json", "b"]);
    if names.is_empty() {
        files.insert(new.to_owned(), Vec::new());
        return;
    }
    let (a, b) = (random.of(&names).clone(), random.of(&names).clone());
    let bytes = files.get(&a).cloned().unwrap_or_default();
    match random.below(6) {
        0 => drop(files.remove(&a)),
        1 => drop(files.insert(new.to_owned(), Vec::new())),
        2 => drop(files.insert(new.to_owned(), bytes)),
        3 => drop(files.insert(b, bytes)),
        4 => {
            files.remove(&a);
            files.insert(new.to_owned(), bytes);
        }
        _ => drop(files.insert(format!("{a}{new}"), bytes)),
    }
}
