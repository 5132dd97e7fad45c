//! spaCy's IOB lines: a sentence a line, its tokens set apart by spaces, each with its tag behind a bar, and its part of
//! speech between them where there is one: `Anna|NNP|B-PER went|VBD|O`.
//!
//! Defined by the `iob` converter of spaCy ("spacy convert", spacy.io/api/cli#converters). A file of one token a line that
//! is called `.iob` is read as CoNLL.

use trueup_core::scheme::{Style, Tag};

use crate::corpus::{Outline, Place, Record};
use crate::error::{DataError, quote};
use crate::formats::pieces::{edges, pieces};
use crate::formats::tagged::{self, Coding, Keys, Unit, push_token};
use crate::formats::{Spec, Writer, head, is_blank, lines};
use crate::head::{Confidence, Head, Json};
use crate::holds::{Holds, Labels, Loss, Losses, Spans, Texts};
use crate::input::Input;
use crate::options::ReadOptions;
use crate::output::Output;
use crate::reading::Reading;

/// A sentence a line, tags behind bars.
pub(crate) const SPEC: Spec = Spec {
    name: "spacy-iob",
    aliases: &["iob"],
    title: "a sentence a line, each token with its tag behind a bar (spaCy)",
    ending: ".iob",
    holds: Holds {
        texts: Texts::Tokens,
        tokens: true,
        // One: the part of speech.
        token_columns: true,
        labels: Labels::None,
        spans: Spans::Tokens,
        ..Holds::LABEL
    },
    sniff,
    read,
    write: Some(|outline| Box::new(LineWriter::new(outline))),
    folder: false,
};

const VALID: &str = "tokens as token|TAG or token|POS|TAG, the same on every line";

/// How many bars a token has in the first part of a file: one or two; `None` when there is a token without.
fn bars(text: &str) -> Option<usize> {
    let fewest = lines(text).flat_map(|(_, line)| line.split_whitespace()).map(|t| t.matches('|').count()).min();
    fewest.filter(|&n| n > 0).map(|n| n.min(2))
}

fn sniff(head: &Head) -> Confidence {
    let Some(text) = head.text.filter(|_| head.json == Json::No) else {
        return Confidence::No;
    };
    if bars(text).is_none() {
        return Confidence::No;
    }
    let tag = |token: &str| {
        let tag = token.rsplit('|').next().unwrap_or_default();
        [Style::Prefix, Style::Suffix].iter().any(|&style| Tag::parse(tag, style).is_some())
    };
    let all = lines(text).flat_map(|(_, line)| line.split_whitespace()).all(tag);
    if all { Confidence::Certain } else { Confidence::No }
}

fn read(input: &Input, options: &ReadOptions, reading: &mut Reading) -> Result<(), DataError> {
    let text = input.text()?;
    let bars = bars(head(text)).unwrap_or(1);
    let (mut keys, mut records, mut sentences) = (Keys::default(), Vec::new(), 0u64);
    for (number, line) in lines(text).filter(|(_, line)| !is_blank(line)) {
        sentences += 1;
        let (mut text, mut tokens) = (String::new(), Vec::new());
        let mut broken = None;
        for piece in line.split_whitespace() {
            let mut fields = piece.rsplitn(bars + 1, '|');
            let (tag, middle) = (fields.next().unwrap_or_default(), if bars == 2 { fields.next() } else { None });
            match fields.next() {
                Some(token) if !token.is_empty() && !tag.is_empty() => {
                    push_token(&mut text, &mut tokens, token, Some(keys.key(tag)));
                    if let (Some(mark), Some(middle)) = (tokens.last_mut(), middle) {
                        mark.columns = Box::new([keys.key(middle)]);
                    }
                }
                _ => {
                    broken.get_or_insert_with(|| format!("'{}'", quote(piece)));
                }
            }
        }
        if let Some(found) = broken {
            reading.remarks.skip_malformed(number, found, VALID)?;
            continue;
        }
        let place = Place::line(number);
        records.push(Record { place, number: sentences, text: Some(text), tokens, ..Record::default() });
    }
    reading.remarks.check_malformed(sentences as usize, VALID, "is it another format? try --from")?;
    if bars == 2 {
        reading.outline.token_columns = vec!["POS".into()];
    }
    tagged::decode(&mut records, Unit::Part, options, reading)?;
    records.into_iter().try_for_each(|record| reading.push(record))
}

struct LineWriter {
    coding: Coding,
    /// Which column of a token is its part of speech; spaCy writes `-` where there is none.
    pos: Option<usize>,
    /// Whether tokens have a part of speech; the first record tells where the input does not.
    columns: Option<bool>,
}

impl LineWriter {
    fn new(outline: &Outline) -> Self {
        let names = &outline.token_columns;
        let named = |wanted: &str| names.iter().position(|name| name.eq_ignore_ascii_case(wanted));
        let pos = named("POS").or_else(|| named("XPOS")).or_else(|| named("UPOS"));
        let columns = if names.is_empty() { None } else { Some(pos.is_some()) };
        Self { coding: Coding::of(outline), pos: pos.or(names.is_empty().then_some(0)), columns }
    }
}

impl Writer for LineWriter {
    fn record(&mut self, record: &Record, out: &mut Output, losses: &mut Losses) -> Result<(), DataError> {
        let marks = record.gold.as_ref().and_then(|gold| gold.spans.as_deref()).unwrap_or_default();
        let cut = pieces(record, &edges(marks), char::is_whitespace, losses);
        cut.check_text(record, b" ", losses);
        if cut.all.is_empty() {
            losses.add(Loss::Record, &record.place, || "a record without a word".to_owned());
            return Ok(());
        }
        let mut chunks = cut.chunks(marks, &record.place, losses);
        let names: Vec<String> = chunks.iter().map(|c| clean(c.2, Loss::Spans, record, losses).into_owned()).collect();
        chunks.iter_mut().zip(&names).for_each(|(chunk, name)| chunk.2 = name);
        let tags = self.coding.write(&chunks, cut.all.len());
        let own: Vec<&str> = record.tokens.iter().filter_map(|t| t.tag.as_deref()).collect();
        // Raw tags stand as they are where they still say the same.
        let raw = cut.own && own.len() == tags.len() && self.coding.read(&record.tokens) == chunks;
        let raw = raw && own.iter().all(|tag| !tag.is_empty() && !tag.contains(parts));
        let has_pos = *self.columns.get_or_insert_with(|| record.tokens.iter().any(|t| !t.columns.is_empty()));
        let buffer = out.buffer();
        for (i, piece) in cut.all.iter().enumerate() {
            if i > 0 {
                buffer.push(b' ');
            }
            let token = record.text().get(piece.start..piece.end).unwrap_or_default();
            buffer.extend_from_slice(clean(token, Loss::Text, record, losses).as_bytes());
            buffer.push(b'|');
            let columns = piece.token.and_then(|t| record.tokens.get(t)).map_or(&[][..], |t| &t.columns);
            if has_pos {
                let pos = self.pos.and_then(|at| columns.get(at)).map_or("-", |column| column);
                let pos = if pos.is_empty() { "-" } else { pos };
                buffer.extend_from_slice(clean(pos, Loss::TokenColumns, record, losses).as_bytes());
                buffer.push(b'|');
            }
            if columns.len() > usize::from(has_pos) {
                losses.add(Loss::TokenColumns, &record.place, || "columns beside the part of speech".to_owned());
            }
            let tag = if raw { own.get(i).copied() } else { tags.get(i).map(String::as_str) };
            buffer.extend_from_slice(tag.unwrap_or("O").as_bytes());
        }
        buffer.push(b'\n');
        out.flush_if_full()
    }

    fn finish(&mut self, _: &mut Output, _: &mut Losses) -> Result<(), DataError> {
        Ok(())
    }
}

/// What spaCy takes for an edge.
fn parts(c: char) -> bool {
    c == '|' || c.is_whitespace()
}

/// A part of a token without what spaCy takes for an edge.
fn clean<'a>(text: &'a str, kind: Loss, record: &Record, losses: &mut Losses) -> std::borrow::Cow<'a, str> {
    if !text.contains(parts) {
        return text.into();
    }
    losses.add(kind, &record.place, || format!("'{}', in which bars and spaces became others", quote(text)));
    let other = |c: char| match c {
        '|' => '\u{ff5c}',
        c if c.is_whitespace() => '_',
        c => c,
    };
    text.chars().map(other).collect::<String>().into()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use crate::corpus::Mark;
    use crate::formats::detect;
    use crate::formats::testing::{self, read_text, write};
    use crate::input::Input;

    #[test]
    fn sentences_with_and_without_parts_of_speech_come_back() {
        for text in [
            "Anna|NNP|B-PER Berg|NNP|I-PER came|VBD|O .|.|O\nOslo|NNP|B-LOC a|b|c|X|O\n",
            "Anna|B-PER came|O\nHer|O |x|O\n",
        ] {
            let found = detect(&Input::memory("f", text.into())).unwrap();
            assert_eq!(found[0].format.name(), "spacy-iob");
            let read = read_text("spacy-iob", text).unwrap();
            assert_eq!(read.corpus.records[0].gold.as_ref().unwrap().spans.as_ref().unwrap()[0].label, "PER");
            let (files, losses) = write("spacy-iob", &read.corpus);
            let bars = text.contains("a|b") || text.contains(" |x");
            assert_eq!(losses.is_empty(), !bars, "a bar in a token is spaCy's edge");
            if !bars {
                assert_eq!(files[""], text.as_bytes());
            }
        }
    }

    #[test]
    fn broken_lines_are_listed_and_prose_is_refused() {
        let mut text = "a|B-X b|O\n".repeat(20);
        text.push_str("a|O b\n");
        let read = read_text("spacy-iob", &text).unwrap();
        assert_eq!((read.corpus.records.len(), read.skipped[0].line), (20, 21));
        assert_eq!(read.corpus.records[0].gold.as_ref().unwrap().spans, Some(vec![Mark::new(0, 1, "X")]));
        assert!(read_text("spacy-iob", "just a line\n").is_err());
    }

    proptest! {
        #[test]
        fn round_trip(mut records in testing::records(super::SPEC.holds)) {
            // A bar is an edge for spaCy, which has no way to write one.
            records.retain(|record| !record.text().contains('|'));
            testing::assert_round_trip("spacy-iob", records);
        }
    }
}
