//! Reads DocBin files: what is packed, then the records.

use std::io::Read;

use rustc_hash::{FxHashMap, FxHashSet};

use super::pack::{Item, Unpack};
use super::strings;
use crate::corpus::Key;
use crate::error::quote;

/// Unpacked, a file may have this size whatever its own.
const FREE: usize = 64 << 20;
/// And this many times its own. DocBin files pack to a tenth or a thirtieth.
const TIMES: usize = 250;

/// What a file must be, for messages.
pub(super) const VALID: &str = "a DocBin as spaCy 3 writes it";

/// The attributes of tokens that become columns, with the names of the columns, in their order.
pub(super) const COLUMNS: [(u64, &str); 8] = [
    (strings::TAG, "tag"),
    (strings::POS, "pos"),
    (strings::MORPH, "morph"),
    (strings::LEMMA, "lemma"),
    (strings::DEP, "dep"),
    (strings::HEAD, "head_offset"),
    (strings::SENT_START, "sent_start"),
    (strings::NORM, "norm"),
];

/// Unpacks a file; `head` stops after that many bytes and calls it enough. The error is a noun phrase.
pub(super) fn inflate(bytes: &[u8], head: Option<usize>) -> Result<Vec<u8>, String> {
    let most = FREE.saturating_add(bytes.len().saturating_mul(TIMES));
    let mut out = Vec::new();
    let mut decoder = flate2::read::ZlibDecoder::new(bytes).take(head.unwrap_or(most + 1) as u64);
    match decoder.read_to_end(&mut out) {
        Ok(_) if out.len() > most => Err(format!(
            "data that unpacks to more than {} MiB from {} bytes, which no DocBin does",
            most >> 20,
            bytes.len()
        )),
        Ok(_) => Ok(out),
        Err(_) if head.is_some() && !out.is_empty() => Ok(out),
        Err(_) if bytes.starts_with(&[0x78]) => Err("zlib-compressed data that is cut off or damaged".to_owned()),
        Err(_) => Err("data that is not zlib-compressed".to_owned()),
    }
}

/// Whether unpacked data begins like a DocBin.
pub(super) fn is_docbin(unpacked: &[u8]) -> bool {
    let mut unpack = Unpack::new(unpacked);
    let Ok(1..) = unpack.map() else {
        return false;
    };
    match unpack.string() {
        Ok("version") => unpack.skip().is_ok() && unpack.string() == Ok("attrs"),
        Ok(key) => matches!(key, "attrs" | "tokens" | "spaces" | "lengths" | "strings"),
        Err(_) => false,
    }
}

/// One document's part of a DocBin.
#[derive(Debug, Default, Clone)]
pub(super) struct Doc<'a> {
    /// Its first token, and one past its last.
    pub tokens: std::ops::Range<usize>,
    pub unknown_spaces: bool,
    /// Whether labels were asked for although none is named.
    pub has_cats: bool,
    pub cats: &'a [u8],
    pub span_groups: &'a [u8],
    pub user_data: &'a [u8],
}

/// A DocBin, unpacked.
#[derive(Debug)]
pub(super) struct Bin<'a> {
    attributes: Vec<u64>,
    tokens: &'a [u8],
    spaces: &'a [u8],
    strings: FxHashMap<u64, Key>,
    pub docs: Vec<Doc<'a>>,
}

impl<'a> Bin<'a> {
    /// Reads the parts; the error is a noun phrase.
    pub fn new(unpacked: &'a [u8]) -> Result<Self, String> {
        let mut bin =
            Self { attributes: Vec::new(), tokens: &[], spaces: &[], strings: FxHashMap::default(), docs: Vec::new() };
        let (mut lengths, mut cats, mut flags, mut groups, mut user): (&[u8], _, _, _, _) =
            (&[], None, None, None, None);
        let mut unpack = Unpack::new(unpacked);
        for _ in 0..unpack.map()? {
            match unpack.string()? {
                "attrs" => {
                    for _ in 0..unpack.list()? {
                        bin.attributes.push(match unpack.next()? {
                            Item::Int(n) => n as u64,
                            Item::Text(name) => strings::number(name),
                            other => return Err(format!("{} among the attributes", other.shape())),
                        });
                    }
                }
                "tokens" => bin.tokens = unpack.bytes()?,
                "spaces" => bin.spaces = unpack.bytes()?,
                "lengths" => lengths = unpack.bytes()?,
                "strings" => {
                    for _ in 0..unpack.list()? {
                        let text = unpack.string()?;
                        bin.strings.entry(strings::number(text)).or_insert_with(|| text.into());
                    }
                }
                "cats" => cats = Some(unpack.slice()?),
                "flags" => flags = Some(unpack.slice()?),
                "span_groups" => groups = Some(unpack.slice()?),
                "user_data" => user = Some(unpack.slice()?),
                _ => unpack.skip()?,
            }
        }
        let width = bin.attributes.len() * 8;
        if !bin.attributes.contains(&strings::ORTH) {
            return Err("no words: ORTH is not among the attributes".to_owned());
        }
        let n = bin.tokens.len() / width;
        if !bin.tokens.len().is_multiple_of(width) || !lengths.len().is_multiple_of(4) {
            return Err(format!("{} bytes of tokens with {} attributes", bin.tokens.len(), width / 8));
        }
        let mut at = 0usize;
        for &length in lengths.as_chunks::<4>().0 {
            let length = i32::from_le_bytes(length);
            let end = usize::try_from(length).ok().and_then(|length| at.checked_add(length)).filter(|&end| end <= n);
            let Some(end) = end else {
                return Err(format!("document {} of {length} tokens, where {} are left", bin.docs.len() + 1, n - at));
            };
            bin.docs.push(Doc { tokens: at..end, ..Doc::default() });
            at = end;
        }
        if at != n || bin.spaces.len() < n {
            return Err(format!("{n} tokens where the documents have {at} and {} spaces", bin.spaces.len()));
        }
        bin.parts(cats, "cats", |unpack, doc| unpack.slice().map(|part| doc.cats = part))?;
        bin.parts(groups, "span_groups", |unpack, doc| unpack.bytes().map(|part| doc.span_groups = part))?;
        bin.parts(user, "user_data", |unpack, doc| unpack.bytes().map(|part| doc.user_data = part))?;
        bin.parts(flags, "flags", |unpack, doc| {
            for _ in 0..unpack.map()? {
                let key = unpack.string()?;
                let yes = unpack.next()? == Item::Bool(true);
                match key {
                    "has_unknown_spaces" => doc.unknown_spaces = yes,
                    "has_cats" => doc.has_cats = yes,
                    _ => {}
                }
            }
            Ok(())
        })?;
        Ok(bin)
    }

    /// Shares a list with an item for each document out.
    fn parts(
        &mut self,
        list: Option<&'a [u8]>,
        name: &str,
        take: impl Fn(&mut Unpack<'a>, &mut Doc<'a>) -> Result<(), String>,
    ) -> Result<(), String> {
        let Some(list) = list else {
            return Ok(());
        };
        let mut unpack = Unpack::new(list);
        let n = unpack.list()? as usize;
        if n != self.docs.len() {
            return Err(format!("{n} of '{name}' for {} documents", self.docs.len()));
        }
        self.docs.iter_mut().try_for_each(|doc| take(&mut unpack, doc))
    }

    /// The place of an attribute in a token's row.
    pub fn column(&self, attribute: u64) -> Option<usize> {
        self.attributes.iter().position(|&one| one == attribute)
    }

    /// A value of a token.
    pub fn value(&self, token: usize, column: usize) -> u64 {
        let at = (token * self.attributes.len() + column) * 8;
        match self.tokens.get(at..).and_then(|rest| rest.first_chunk()) {
            Some(&bytes) => u64::from_le_bytes(bytes),
            None => 0,
        }
    }

    /// Whether one space follows a token.
    pub fn space(&self, token: usize) -> bool {
        self.spaces.get(token).is_some_and(|&space| space != 0)
    }

    /// A string by its number.
    pub fn string(&self, number: u64) -> Option<&str> {
        strings::symbol(number).or_else(|| self.strings.get(&number).map(AsRef::as_ref))
    }

    /// As [`Self::string`], to keep.
    pub fn key(&self, number: u64) -> Option<Key> {
        strings::symbol_key(number).or_else(|| self.strings.get(&number).cloned())
    }

    /// Which of [`COLUMNS`] say something of a token.
    pub fn used_columns(&self) -> [bool; 8] {
        let orth = self.column(strings::ORTH).unwrap_or_default();
        let n = self.docs.last().map_or(0, |doc| doc.tokens.end);
        COLUMNS.map(|(attribute, _)| {
            let Some(column) = self.column(attribute) else {
                return false;
            };
            if attribute == strings::SENT_START {
                // That a document begins with a sentence says nothing.
                let says = |doc: &Doc| doc.tokens.clone().skip(1).any(|token| self.value(token, column) != 0);
                return self.docs.iter().any(says);
            }
            if attribute != strings::NORM {
                return (0..n).any(|token| self.value(token, column) != 0);
            }
            // The norm is the word in lower case unless something is said.
            let mut plain: FxHashSet<(u64, u64)> = FxHashSet::default();
            !(0..n).all(|token| {
                let (word, norm) = (self.value(token, orth), self.value(token, column));
                norm == 0 || norm == word || plain.contains(&(word, norm)) || {
                    let lower = self.string(word).map(str::to_lowercase);
                    let is_plain = lower.is_some_and(|lower| strings::number(&lower) == norm);
                    is_plain && plain.insert((word, norm))
                }
            })
        })
    }
}

/// A span of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GroupSpan {
    pub id: u64,
    pub kb_id: u64,
    pub label: u64,
    /// Tokens.
    pub start: u32,
    pub end: u32,
}

/// A group of spans.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub name: String,
    /// Whether these are spans without a group that overlap, which spaCy has no other place for.
    pub is_entities: bool,
    pub spans: Vec<GroupSpan>,
}

/// The groups of a document, of all the layouts that spaCy 3 wrote.
pub(super) fn groups(bytes: &[u8]) -> Result<Vec<Group>, String> {
    let (mut groups, mut copied) = (Vec::new(), 0);
    if bytes.is_empty() {
        return Ok(groups);
    }
    let mut unpack = Unpack::new(bytes);
    match unpack.next()? {
        Item::List(n) => {
            for _ in 0..n {
                groups.push(group(unpack.bytes()?)?);
            }
        }
        Item::Map(n) => {
            for _ in 0..n {
                let one = group(unpack.bytes()?)?;
                for _ in 0..unpack.list()? {
                    // One group may go by several names; spans beyond the bytes of all are no such thing.
                    copied += one.spans.len();
                    if copied > bytes.len() {
                        return Err("span groups of more spans than they have bytes".to_owned());
                    }
                    groups.push(Group { name: unpack.string()?.to_owned(), ..one.clone() });
                }
            }
        }
        other => return Err(format!("{} in place of span groups", other.shape())),
    }
    Ok(groups)
}

fn group(bytes: &[u8]) -> Result<Group, String> {
    let mut unpack = Unpack::new(bytes);
    let mut group = Group::default();
    for _ in 0..unpack.map()? {
        match unpack.string()? {
            "name" => {
                if let Item::Text(name) = unpack.next()? {
                    name.clone_into(&mut group.name);
                }
            }
            "attrs" => {
                for _ in 0..unpack.map()? {
                    let key = unpack.next()?;
                    let value = unpack.slice()?;
                    group.is_entities |= key == Item::Text("entities") && value == [0xc3];
                }
            }
            "spans" => {
                for _ in 0..unpack.list()? {
                    let bytes = unpack.bytes()?;
                    let Some(fields) = bytes.first_chunk::<40>() else {
                        return Err(format!("a span of {} bytes in the group '{}'", bytes.len(), quote(&group.name)));
                    };
                    let word = |at: usize| fields[at..at + 8].iter().fold(0, |sum, &b| sum << 8 | u64::from(b));
                    let short = |at: usize| fields[at..at + 4].iter().fold(0, |sum, &b| sum << 8 | u32::from(b));
                    let (id, kb_id, label) = (word(0), word(8), word(16));
                    group.spans.push(GroupSpan { id, kb_id, label, start: short(24), end: short(28) });
                }
            }
            _ => unpack.skip()?,
        }
    }
    Ok(group)
}
