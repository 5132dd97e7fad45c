//! Gold and prediction as the last two columns, as evaluation scripts of the shared tasks take them.

use std::collections::BTreeSet;

use trueup_core::scheme::{self, Tag};

use super::{DOCUMENT, split};
use crate::formats::{is_blank, lines};

/// Whether the last two columns hold tags of the same types: gold, and what a model predicted. Chunks and entities, which
/// stand side by side in CoNLL-2003, have types of their own.
pub(crate) fn has_predictions(head: &str, tabs: bool, columns: usize) -> bool {
    if columns < 3 {
        return false;
    }
    let mut seen: [BTreeSet<&str>; 2] = Default::default();
    let mut fields = Vec::new();
    for (_, line) in lines(head).filter(|(_, line)| !is_blank(line) && !line.starts_with(DOCUMENT)) {
        split(line, tabs, &mut fields);
        if fields.len() == columns {
            seen[0].insert(fields[columns - 2].trim());
            seen[1].insert(fields[columns - 1].trim());
        }
    }
    let kinds = seen.map(|tags| {
        let style = scheme::detect_style(tags.iter().copied());
        let read: Option<Vec<_>> = tags.iter().map(|tag| Tag::parse(tag, style)).collect();
        // A column of which one is no tag is something else.
        let kinds = read.unwrap_or_default().into_iter().filter(|tag| tag.letter != b'O').map(|tag| tag.kind);
        kinds.collect::<BTreeSet<&str>>()
    });
    let both = kinds[0].intersection(&kinds[1]).count();
    both > 0 && both * 2 >= kinds[0].len().max(kinds[1].len())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::formats::testing::read_text;

    #[test]
    fn columns_of_the_same_types_are_gold_and_prediction() {
        assert!(has_predictions("a NN B-PER B-PER\nb NN O B-LOC\n\nc NN B-LOC O\n", false, 4));
        assert!(!has_predictions("EU NNP I-NP I-ORG\nrejects VBZ I-VP O\n", false, 4));
        assert!(!has_predictions("a B-PER\n", false, 2));
        assert!(!has_predictions("a O O\nb O O\n", false, 3));
    }

    #[test]
    fn gold_is_the_last_but_one_and_the_prediction_stays() {
        let read = read_text("conll", "Ann B-PER O\nsat O O\n\nin O O\nOslo B-LOC B-LOC\nPeru B-LOC B-PER\n").unwrap();
        let spans: Vec<usize> =
            read.corpus.records.iter().map(|r| r.gold.as_ref().unwrap().spans.as_ref().unwrap().len()).collect();
        assert_eq!(spans, [1, 2]);
        assert_eq!(&*read.corpus.records[0].tokens[0].columns[0], "O");
        assert!(read.guesses.iter().any(|guess| guess.what.starts_with("column 2 holds gold and column 3")));
    }
}
