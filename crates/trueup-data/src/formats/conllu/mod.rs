//! CoNLL-U: words with lemma, part of speech, features and syntax, in ten columns, as Universal Dependencies defines it
//! (universaldependencies.org, "CoNLL-U Format").
//!
//! The text is that of `# text`, or what the words spell with `SpaceAfter=No`. Words written as one (`2-3`) stand at their
//! place in the text; the rows of such ranges and of empty nodes (`1.1`) are kept as they stand in the metadata column
//! `rows`, comments in `comments`, the columns of a word beside it. Entities are not part of the format; they are
//! read from the last column where it has tags, as `NER=B-PER`. Without them a record has no gold.

mod read;
mod write;

use crate::formats::{Spec, is_blank, lines};
use crate::head::{Confidence, Head};
use crate::holds::{Holds, Labels, Metadata, Spans, Texts};

pub(super) use super::conll::{COMMENTS, GROUP};

/// Universal Dependencies.
pub(crate) const SPEC: Spec = Spec {
    name: "conllu",
    aliases: &["conll-u"],
    title: "CoNLL-U, the ten columns of Universal Dependencies",
    ending: ".conllu",
    holds: Holds {
        texts: Texts::Line,
        ids: true,
        tokens: true,
        // Its own columns; others where they are called alike.
        token_columns: true,
        labels: Labels::None,
        spans: Spans::Tokens,
        unlabelled: true,
        metadata: Metadata::Only(&[GROUP, COMMENTS, ROWS]),
        ..Holds::LABEL
    },
    sniff,
    read: read::read,
    write: Some(|outline| Box::new(write::FileWriter::new(outline))),
    folder: false,
};

/// The columns of a word after its form.
pub(super) const COLUMNS: [&str; 8] = ["LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS", "MISC"];
/// The metadata column of the rows that are no words.
pub(super) const ROWS: &str = "rows";
/// The setting of the outline that says where the entity tags stand.
pub(super) const SETTING: &str = "conllu";
/// How entity tags are called in the last column.
pub(super) const ENTITIES: &[&str] = &["NER", "Entity", "NE", "ner", "entity"];

/// The value of an entry of the last column.
pub(super) fn misc_value<'a>(misc: &'a str, key: &str) -> Option<&'a str> {
    misc.split('|').find_map(|item| item.split_once('=').filter(|(name, _)| *name == key)).map(|(_, value)| value)
}

fn sniff(head: &Head) -> Confidence {
    let mut rows = 0;
    for (_, line) in head.text.into_iter().flat_map(lines) {
        if is_blank(line) || line.starts_with('#') {
            continue;
        }
        let mut fields = line.split('\t');
        let numbered = fields.next().and_then(read::RowId::parse).is_some();
        if !numbered || fields.count() != 9 {
            return Confidence::No;
        }
        rows += 1;
    }
    if rows > 0 { Confidence::Certain } else { Confidence::No }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use crate::corpus::Corpus;
    use crate::formats::testing::{self, read_text, write};

    const FILE: &str = "# newdoc id = d1\n# sent_id = s1\n# source = web\n# text = Il va au lac.\n\
        1\tIl\til\tPRON\t_\t_\t2\tnsubj\t_\t_\n\
        2\tva\taller\tVERB\t_\t_\t0\troot\t_\t_\n\
        3-4\tau\t_\t_\t_\t_\t_\t_\t_\t_\n\
        3\tà\tà\tADP\t_\t_\t5\tcase\t_\t_\n\
        4\tle\tle\tDET\t_\t_\t5\tdet\t_\t_\n\
        4.1\tx\tx\t_\t_\t_\t_\t_\t5:dep\t_\n\
        5\tlac\tlac\tNOUN\t_\t_\t2\tobl\t_\tSpaceAfter=No\n\
        6\t.\t.\tPUNCT\t_\t_\t2\tpunct\t_\t_\n\n";

    fn text_of(files: &std::collections::BTreeMap<String, Vec<u8>>) -> String {
        String::from_utf8(files[""].clone()).unwrap()
    }

    #[test]
    fn ranges_and_empty_nodes_come_back() {
        let read = read_text("conllu", FILE).unwrap();
        let record = &read.corpus.records[0];
        assert_eq!((record.id.as_deref(), record.text(), &record.gold), (Some("s1"), "Il va au lac.", &None));
        let words: Vec<_> = record.tokens.iter().map(|t| &record.text()[t.start..t.end]).collect();
        assert_eq!(words, ["Il", "va", "au", "au", "lac", "."]);
        assert_eq!(record.value("document").unwrap(), "d1");
        let (files, losses) = write("conllu", &read.corpus);
        assert!(losses.is_empty(), "{losses:?}");
        assert_eq!(text_of(&files), FILE);
    }

    #[test]
    fn entity_tags_are_read_and_written_in_the_last_column() {
        let text = FILE.replace("SpaceAfter=No", "SpaceAfter=No|NER=B-LOC");
        let mut read = read_text("conllu", &text).unwrap();
        let spans = |corpus: &Corpus| corpus.records[0].gold.clone().unwrap().spans.unwrap();
        assert_eq!(spans(&read.corpus), [crate::corpus::Mark::new(9, 12, "LOC")]);
        assert_eq!(text_of(&write("conllu", &read.corpus).0), text);
        read.corpus.records[0].gold.as_mut().unwrap().spans = Some(vec![crate::corpus::Mark::new(0, 2, "PER")]);
        let written = text_of(&write("conllu", &read.corpus).0);
        assert!(written.contains("nsubj\t_\tNER=B-PER\n") && written.contains("obl\t_\tSpaceAfter=No\n"), "{written}");
        assert_eq!(spans(&read_text("conllu", &written).unwrap().corpus), spans(&read.corpus));
    }

    #[test]
    fn broken_rows_are_listed() {
        let good = "1\ta\t_\t_\t_\t_\t_\t_\t_\t_\n\n".repeat(20);
        for (row, found) in [
            ("1\ta\t_\n", "3 columns"),
            ("2\ta\t_\t_\t_\t_\t_\t_\t_\t_\n", "word 1 comes next"),
            ("1-9\ta\t_\t_\t_\t_\t_\t_\t_\t_\n1\ta\t_\t_\t_\t_\t_\t_\t_\t_\n", "goes on after the last word"),
            ("99999999999999999999\ta\t_\t_\t_\t_\t_\t_\t_\t_\n", "word 1 comes next"),
            ("-1\ta\t_\t_\t_\t_\t_\t_\t_\t_\n", "word 1 comes next"),
        ] {
            let read = read_text("conllu", &format!("{good}{row}\n")).unwrap();
            assert_eq!(read.corpus.records.len(), 20);
            assert!(read.skipped[0].reason.contains(found), "{:?}", read.skipped);
            assert_eq!(read.skipped[0].line, 41);
        }
        assert!(read_text("conllu", "hello\n").unwrap_err().to_string().contains("line 1"));
    }

    #[test]
    fn a_text_that_the_words_do_not_spell_is_said_and_kept() {
        let text = "# text = other\n1\ta\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No\n2\tb\t_\t_\t_\t_\t_\t_\t_\t_\n\n";
        let read = read_text("conllu", text).unwrap();
        assert_eq!(read.corpus.records[0].text(), "ab");
        assert!(read.notes[0].starts_with("1 sentence whose '# text' is not what the words spell (first at line 2)"));
        assert_eq!(text_of(&write("conllu", &read.corpus).0), text);
    }

    proptest! {
        #[test]
        fn round_trip(records in testing::records(super::SPEC.holds)) {
            testing::assert_round_trip("conllu", records);
        }
    }
}
