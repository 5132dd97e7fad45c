//! Brat standoff: a folder of texts (`.txt`), each with its annotations (`.ann`) beside it.
//!
//! The format is defined in brat's manual ("brat standoff format"). A line of a `.ann` file is a span (`T`, which may
//! have gaps), an attribute (`A`, in old files `M`), a relation (`R`), an event (`E`), an equivalence (`*`), a link to a
//! knowledge base (`N`) or a note (`#`). Positions count code points. A span may not cover a line break: brat writes
//! its pieces, which are one span here.
//!
//! Lines keep their order and their names: where these differ from what is written by itself (each span followed by
//! what is said of it, then relations and events), they are kept in the outline's settings under `brat.lines`.

mod layout;
mod read;
mod write;

use crate::formats::Spec;
use crate::head::{Confidence, Head, Json};
use crate::holds::{Holds, Labels, Spans, Texts};

/// Texts with standoff annotations.
pub(crate) const SPEC: Spec = Spec {
    name: "brat",
    aliases: &["standoff"],
    title: "brat standoff: a folder of .txt and .ann files",
    ending: "",
    holds: Holds {
        texts: Texts::Any,
        ids: true,
        labels: Labels::None,
        spans: Spans::Gaps,
        span_ids: true,
        attributes: true,
        relations: true,
        unlabelled: true,
        ..Holds::LABEL
    },
    sniff,
    read: read::read,
    write: Some(write::writer),
    folder: true,
};

/// The key of the configuration files in the outline's settings: an object, file name to text.
const CONF: &str = "brat.conf";
/// The key of the lines' order and names: an object, record id to [`layout::Layout`].
const LINES: &str = "brat.lines";
/// The file that names types.
const ANNOTATION_CONF: &str = "annotation.conf";
/// The type of notes that hold what attributes cannot: JSON.
const JSON_NOTE: &str = "Trueup";

/// Line breaks and tabs as spaces, since a line of a `.ann` file holds none.
fn flat(text: &str) -> String {
    text.replace(['\n', '\r', '\t'], " ")
}

/// Whether a text may stand where brat has a name: no white space, no colon.
fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c == ':' || c.is_control())
}

/// Whether an id is a letter and a number, as brat's are.
fn is_id(id: &str, letter: char) -> bool {
    id.strip_prefix(letter).is_some_and(|n| !n.is_empty() && n.len() < 18 && n.bytes().all(|b| b.is_ascii_digit()))
}

fn sniff(head: &Head) -> Confidence {
    if let Some(files) = &head.files {
        let ours = files.iter().any(|name| name.strip_suffix(".ann").is_some())
            || files.iter().any(|name| name == ANNOTATION_CONF)
                && files.iter().any(|name| name.strip_suffix(".txt").is_some());
        // A few corpora in a folder of other things are not what the folder is.
        let texts = |name: &&String| [".txt", ".ann", ".conf"].iter().any(|ending| name.ends_with(ending));
        let paired = files.iter().filter(|name| name.strip_suffix(".ann").is_some()).count() * 4 >= files.len();
        let most = files.iter().filter(texts).count() * 10 >= files.len() * 9 && (paired || files.len() < 20);
        return match (ours, most) {
            (true, true) => Confidence::Certain,
            (true, false) => Confidence::Possible,
            _ => Confidence::No,
        };
    }
    if head.ends_with(".txt") && read::has_annotations(head.input) {
        return Confidence::Certain;
    }
    let Some(text) = head.text.filter(|_| head.json == Json::No) else {
        return Confidence::No;
    };
    let mut lines = text.lines().filter(|line| !line.is_empty()).take(20).peekable();
    if lines.peek().is_none() || !lines.all(is_line) {
        return Confidence::No;
    }
    if head.ends_with(".ann") { Confidence::Certain } else { Confidence::Likely }
}

/// Whether a line looks like one of a `.ann` file.
fn is_line(line: &str) -> bool {
    let Some((id, rest)) = line.split_once('\t') else {
        return false;
    };
    let known = id == "*" || "TRENAM#".chars().any(|letter| is_id(id, letter));
    let is_span = || {
        let words: Vec<&str> = rest.split('\t').next().unwrap_or_default().split([' ', ';']).collect();
        words.len() > 2 && words[1..].iter().all(|n| n.parse::<u64>().is_ok())
    };
    known && (!id.starts_with('T') || is_span())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::SPEC;
    use crate::corpus::{Answer, Mark, Record, Relation};
    use crate::formats::testing;
    use crate::holds::Loss;
    use crate::input::Input;
    use crate::read::Read;

    fn folder(files: &[(&str, &str)]) -> Input {
        let files = files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
        Input::memory_folder("f", files)
    }

    fn read(files: &[(&str, &str)]) -> Read {
        testing::read("brat", &folder(files)).unwrap()
    }

    fn spans(read: &Read) -> &[Mark] {
        read.corpus.records[0].gold.as_ref().unwrap().spans.as_ref().unwrap()
    }

    const TEXT: &str = "😀 p53 and c-Rel do not\nbind IL-10 now";
    const ANN: &str = "T1\tProtein 2 5\tp53\n#1\tAnnotatorNotes T1\tsure?  \nT2\tProtein 10 15\tc-Rel\nT3\tBinding 16 18;23 27\tdo bind\n\
        E1\tBinding:T3 Theme:T1 Theme2:T2\nA1\tNegation E1\nA2\tConfidence E1 Likely\nR1\tPart-of Arg1:T1 Arg2:T2\t\n\
        *\tEquiv T1 T2\nN1\tReference T1 Wikipedia:1\tP fifty-three\nT4\tWide 19 27\tnot bind\nM3\tSpeculation R1\n#2\tFree\n";

    #[test]
    fn every_kind_of_line_is_read_and_written_as_it_was() {
        let conf =
            "[entities]\nProtein\n\tWide\n!Abstract\n-----\n# no\n<M>=a|b\n[relations]\nPart-of Arg1:A, Arg2:B\n";
        let files =
            [("a/x.txt", TEXT), ("a/x.ann", ANN), ("b.txt", "alone"), ("annotation.conf", conf), ("README", "?")];
        let back = read(&files);
        assert_eq!(back.skipped.len(), 0, "{:?}", back.skipped);
        assert_eq!(back.corpus.outline.declared_spans, ["Protein", "Wide", "Abstract"]);
        let ids: Vec<_> = back.corpus.records.iter().map(|r| r.id.as_deref().unwrap()).collect();
        assert_eq!(ids, ["a/x", "b"]);
        assert!(back.corpus.records[1].gold.is_none());
        let text = back.corpus.records[0].text();
        let spans = spans(&back);
        assert_eq!(&text[spans[0].start..spans[0].end], "p53");
        assert_eq!(spans[2].pieces.len(), 2);
        assert_eq!((spans[3].pieces.len(), &text[spans[3].start..spans[3].end]), (0, "not\nbind"));
        assert_eq!(spans[0].attributes.len(), 2);
        let relations = &back.corpus.records[0].gold.as_ref().unwrap().relations;
        let kinds: Vec<_> = relations.iter().map(|r| (r.kind.as_str(), r.arguments[0].0.as_str())).collect();
        assert_eq!(kinds, [("Binding", "trigger"), ("Part-of", "from"), ("Equiv", "member")]);
        assert_eq!(relations[0].attributes.len(), 2);

        let (files, losses) = testing::write("brat", &back.corpus);
        assert!(losses.is_empty(), "{losses:?}");
        // The one span over a line break comes back in brat's pieces.
        let expected = ANN.replace("T4\tWide 19 27", "T4\tWide 19 22;23 27");
        assert_eq!(String::from_utf8(files["a/x.ann"].clone()).unwrap(), expected);
        assert_eq!(files["annotation.conf"], conf.as_bytes());
        assert!(!files.contains_key("b.ann"));
        let again = testing::read("brat", &testing::input(files)).unwrap();
        assert_eq!(again.corpus, back.corpus);
    }

    #[test]
    fn a_single_file_finds_its_other_half() {
        let other = BTreeMap::from([("x.txt".to_owned(), TEXT.as_bytes().to_vec()), ("x.ann".into(), ANN.into())]);
        for (name, bytes) in [("d/x.txt", TEXT), ("d/x.ann", ANN)] {
            let input = Input::memory(name, bytes.as_bytes().to_vec()).beside_memory(other.clone());
            assert_eq!(crate::formats::detect(&input).unwrap()[0].format.name(), "brat");
            assert_eq!(spans(&testing::read("brat", &input).unwrap()).len(), 4);
        }
        let alone = testing::read("brat", &Input::memory("x.ann", ANN.into())).unwrap_err().to_string();
        assert!(alone.contains("no folder beside it"), "{alone}");
    }

    #[test]
    fn spans_are_moved_to_their_text_and_broken_lines_are_said() {
        let ann = "T1\tP 3 6\tp53\nT2\tP 10 15\tc-Rel\nT3\tP 10 15\tnothing\nT4\tP -1 5\tx\nT5\tP 5\tx\nT6\nT2\tP 2 5\tp53\nnonsense\n\
            E1\t\nT7\tP 99999999999999999999 5\tx\nT8\tP 2 5;1 2\tx\n";
        let good = (20..200).map(|i| format!("T{i}\tP 2 5\tp53\n")).collect::<Vec<_>>().concat();
        let ann = format!("{ann}{good}");
        let back = read(&[("x.txt", TEXT), ("x.ann", &ann)]);
        assert_eq!(spans(&back).len(), 182);
        assert_eq!(back.skipped.len(), 9);
        let moved = "1 span did not cover its quoted text and was moved to it (first at x.ann: line 1)";
        assert!(back.notes.iter().any(|note| note == moved), "{:?}", back.notes);
        // What could not be read is written again.
        let (files, _) = testing::write("brat", &back.corpus);
        let written = String::from_utf8(files["x.ann"].clone()).unwrap();
        assert_eq!(written, ann.replacen("P 3 6", "P 2 5", 1));
        let all = testing::read("brat", &folder(&[("x.txt", TEXT), ("x.ann", "nonsense\nT1\n")])).unwrap_err();
        assert!(all.to_string().contains("2 of 2"), "{all}");
        let lone = testing::read("brat", &folder(&[("x.ann", ""), ("README", "")])).unwrap_err().to_string();
        assert!(lone.contains("'x.ann' without its text"), "{lone}");
    }

    #[test]
    fn other_formats_ids_and_attributes_find_a_form() {
        let mut first = Mark::new(0, 1, "a b");
        first.id = Some("uuid-1".into());
        first.attributes = vec![
            ("score".into(), 0.5.into()),
            ("note".into(), "two\nlines".into()),
            ("flag".into(), true.into()),
            ("role".into(), "from here".into()),
        ];
        let mut second = Mark::new(2, 3, "B");
        second.id = Some("uuid-2".into());
        let relation = Relation {
            kind: "knows".into(),
            arguments: vec![("from".into(), "uuid-1".into()), ("to".into(), "uuid-2".into())],
            ..Relation::default()
        };
        let gold = Answer { relations: vec![relation], ..Answer::spans(vec![first.clone(), second]) };
        let record = Record { text: Some("x y".into()), gold: Some(gold), ..Record::default() };
        let (files, losses) = testing::write("brat", &testing::corpus_of(vec![record]));
        let ann = String::from_utf8(files["00001.ann"].clone()).unwrap();
        assert!(ann.contains("R1\tknows Arg1:T1 Arg2:T2") && ann.contains("A1\tflag T1\n"), "{ann}");
        assert_eq!(losses.kinds[&Loss::SpanIds].count, 2);
        assert!(losses.kinds[&Loss::Spans].first.contains("'a b' became 'a_b'"));
        let conf = String::from_utf8(files["annotation.conf"].clone()).unwrap();
        assert!(conf.starts_with("[entities]\nB\na_b\n") && conf.contains("role\tArg:<ANY>, Value:"), "{conf}");
        let back = testing::read("brat", &testing::input(files)).unwrap();
        assert_eq!(spans(&back)[0].attributes, first.attributes);
    }

    proptest! {
        #[test]
        fn round_trip(records in testing::records(SPEC.holds)) {
            testing::assert_round_trip("brat", records);
        }

        #[test]
        fn no_line_panics(line in "[TARE#*N]1?\t?[A-Z: ]{0,3}[T0-9; :]{0,9}\t?.{0,5}") {
            let _ = testing::read("brat", &folder(&[("x.txt", TEXT), ("x.ann", &line)]));
        }
    }
}
