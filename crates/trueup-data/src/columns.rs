//! Which column is the text, which the label, which the id: by name first, by content where names say nothing.

use rustc_hash::FxHashSet;

use crate::corpus::Split;
use crate::error::{DataError, list, quote};
use crate::formats::delimited::Table;
use crate::options::{ReadOptions, Remarks};

/// Usual names of text columns, the likeliest first.
pub(crate) const TEXT_NAMES: &[&str] = &[
    "text",
    "sentence",
    "utterance",
    "content",
    "message",
    "body",
    "review",
    "tweet",
    "comment",
    "query",
    "question",
    "document",
    "sms",
    "headline",
    "title",
    "description",
    "input",
    "abstract",
    "article",
    "post",
];
/// Usual names of label columns, the likeliest first.
pub(crate) const LABEL_NAMES: &[&str] = &[
    "label",
    "labels",
    "category",
    "categories",
    "intent",
    "class",
    "target",
    "gold",
    "gold_label",
    "y_true",
    "true_label",
    "ground_truth",
    "sentiment",
    "emotion",
    "topic",
    "tag",
    "tags",
    "cats",
    "y",
    "spans",
    "entities",
];
/// Usual names of id columns, the likeliest first.
pub(crate) const ID_NAMES: &[&str] =
    &["id", "_id", "example_id", "text_id", "sentence_id", "doc_id", "uid", "guid", "uuid", "idx"];

/// Usual words in the names of columns that say who answered.
const ANNOTATOR_NAMES: &[&str] =
    &["annotator", "annotators", "worker", "workers", "rater", "raters", "coder", "workerid", "annotatorid"];
/// Usual names of an annotator's answer, the likeliest first.
const RESPONSE_NAMES: &[&str] =
    &["response", "answer", "judgment", "judgement", "annotation", "vote", "rating", "label", "labels", "spans"];
/// Usual names of the reference beside annotators' answers.
const GOLD_NAMES: &[&str] = &["gold", "gold_label", "reference", "truth", "ground_truth"];

/// Rows looked at to judge a column's content.
const SAMPLE: usize = 20_000;

/// Which column has which role, from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Roles {
    /// `None` when the table has no text.
    pub text: Option<usize>,
    /// The answer; `None` when records without one are fine and no column holds it.
    pub label: Option<usize>,
    /// `None` for record numbers.
    pub id: Option<usize>,
    /// Whether the id column was named by the caller, so that repeats are an error.
    pub id_named: bool,
    /// The group.
    pub group: Option<usize>,
    /// The time.
    pub time: Option<usize>,
    /// The split.
    pub split: Option<usize>,
    /// Who answered, in a table of one answer a row.
    pub annotator: Option<usize>,
    /// The reference beside the annotators' answers.
    pub gold: Option<usize>,
    /// The rest, kept as metadata.
    pub metadata: Vec<usize>,
}

/// Whether `name` is a usual column name.
pub(crate) fn is_name(name: &str) -> bool {
    [TEXT_NAMES, LABEL_NAMES, ID_NAMES].iter().any(|names| rank(name, names).is_some())
}

/// The place of `name` among `names`, any case.
fn rank(name: &str, names: &[&str]) -> Option<usize> {
    let name = name.trim();
    names.iter().position(|n| n.eq_ignore_ascii_case(name))
}

/// The place among `names` of a word of a compound name such as `news_title`.
fn word_rank(name: &str, names: &[&str]) -> Option<usize> {
    name.split(['_', '-', ' ', '.']).filter_map(|word| rank(word, names)).min()
}

/// The best of `candidates` by the names they have.
pub(crate) fn by_name<'a>(
    candidates: impl Iterator<Item = (usize, &'a str)>,
    names: &[&str],
    compound: bool,
) -> Option<usize> {
    let candidates: Vec<(usize, &str)> = candidates.collect();
    let best = |rank: fn(&str, &[&str]) -> Option<usize>| {
        candidates.iter().filter_map(|&(i, name)| rank(name, names).map(|r| (r, i))).min().map(|(_, i)| i)
    };
    best(rank).or_else(|| if compound { best(word_rank) } else { None })
}

/// What the fields of a column are like.
struct Content {
    filled: usize,
    distinct: usize,
    /// Distinct pieces where a cell is a list of words.
    pieces: usize,
    mean_chars: f64,
    /// Share of cells with white space or with letters beyond ASCII: prose.
    prose: f64,
    numeric: f64,
    /// Share of cells that are JSON.
    json: f64,
}

fn content(table: &Table, column: usize) -> Content {
    let step = table.rows().div_ceil(SAMPLE).max(1);
    let (mut cells, mut pieces): (FxHashSet<&str>, FxHashSet<&str>) = Default::default();
    let (mut filled, mut chars, mut prose, mut numeric, mut json) = (0usize, 0usize, 0usize, 0usize, 0usize);
    for row in (0..table.rows()).step_by(step) {
        let cell = table.cell(row, column).trim();
        if cell.is_empty() {
            continue;
        }
        filled += 1;
        chars += cell.chars().count();
        let spaced = cell.contains(char::is_whitespace);
        prose += usize::from(spaced || !cell.is_ascii());
        numeric += usize::from(cell.parse::<f64>().is_ok());
        json += usize::from(cell.starts_with(['{', '[']));
        cells.insert(cell);
        if spaced {
            pieces.insert(cell);
        } else {
            pieces.extend(cell.split(['|', ',']));
        }
    }
    let share = |n: usize| n as f64 / filled.max(1) as f64;
    Content {
        filled,
        distinct: cells.len(),
        pieces: pieces.len(),
        mean_chars: share(chars),
        prose: share(prose),
        numeric: share(numeric),
        json: share(json),
    }
}

/// Whether the first row is a header. A usual column name that does not come again in its column says so; else a
/// number column with a word on top, or prose with one word on top beside labels with a word that is none of them.
pub(crate) fn has_header(table: &Table, wanted: &[&str]) -> bool {
    let first: Vec<&str> = (0..table.width).map(|c| table.cell(0, c).trim()).collect();
    let name_like = |cell: &str| {
        cell.chars().count() <= 40 && cell.split_whitespace().count() <= 4 && !cell.ends_with(['.', '?', '!'])
    };
    if first.iter().any(|cell| wanted.contains(cell)) {
        return true;
    }
    // A column of probabilities is called after its label, which may be long and end as it likes.
    if !first.iter().all(|cell| cell.starts_with("score:") || name_like(cell)) {
        return false;
    }
    let rest = |column: usize| (1..table.rows().min(SAMPLE)).map(move |row| table.cell(row, column).trim());
    let again = |column: usize| rest(column).any(|cell| cell == first[column]);
    // `news_title`, `coarse_label`: the last word says what it is.
    let compound = |cell: &str| {
        cell.rsplit_once(['_', '-', ' ', '.'])
            .is_some_and(|(_, word)| rank(word, TEXT_NAMES).or(rank(word, LABEL_NAMES)).is_some())
    };
    if (0..table.width).any(|c| (is_name(first[c]) || compound(first[c])) && !again(c)) {
        return true;
    }
    let number = |cell: &str| cell.parse::<f64>().is_ok();
    if table.rows() < 3 || (0..table.width).any(|c| first[c].is_empty() || number(first[c]) || again(c)) {
        return false;
    }
    let numbers = |c: usize| rest(c).all(number);
    let prose = |c: usize| {
        let n = rest(c).count();
        !first[c].contains(' ') && rest(c).filter(|cell| cell.contains(' ')).count() * 10 >= n * 9
    };
    let repeating = |c: usize| {
        let distinct: FxHashSet<&str> = rest(c).collect();
        distinct.len() * 2 <= rest(c).count()
    };
    (0..table.width).any(numbers) || ((0..table.width).any(prose) && (0..table.width).any(repeating))
}

/// The columns for messages: their names, or their numbers.
pub(crate) fn names(table: &Table) -> Vec<String> {
    match &table.header {
        Some(header) => header
            .iter()
            .enumerate()
            .map(|(i, n)| if n.is_empty() { format!("column {}", i + 1) } else { n.clone() })
            .collect(),
        None => (1..=table.width).map(|n| format!("column {n}")).collect(),
    }
}

/// The column that `asked` means: a name, any case, or a number from 1.
pub(crate) fn resolve(asked: &str, role: &'static str, names: &[String], path: &str) -> Result<usize, DataError> {
    let exact = names.iter().position(|name| name == asked);
    let folded = || names.iter().position(|name| name.eq_ignore_ascii_case(asked.trim()));
    let number = || asked.trim().parse::<usize>().ok().filter(|n| (1..=names.len()).contains(n)).map(|n| n - 1);
    exact.or_else(folded).or_else(number).ok_or_else(|| DataError::UnknownColumn {
        path: path.to_owned(),
        role,
        found: quote(asked),
        valid: format!("{} (or a number from 1 to {})", list(names), names.len()),
    })
}

/// Decides every role.
pub(crate) fn roles(table: &Table, options: &ReadOptions, remarks: &mut Remarks) -> Result<Roles, DataError> {
    let names = names(table);
    let path = remarks.path.clone();
    let named =
        |asked: &Option<String>, role| asked.as_deref().map(|asked| resolve(asked, role, &names, &path)).transpose();
    let (mut text, mut label) = (named(&options.text, "text")?, named(&options.label, "label")?);
    let (mut id, group, time) =
        (named(&options.id, "id")?, named(&options.group, "group")?, named(&options.time, "time")?);
    let (mut split, mut annotator) = (named(&options.split, "split")?, named(&options.annotator, "annotator")?);
    let mut gold = None;
    let id_named = id.is_some();
    let content: Vec<Content> = (0..table.width).map(|c| content(table, c)).collect();
    let rows = table.rows().div_ceil(table.rows().div_ceil(SAMPLE).max(1));
    let index = (0..table.width).find(|&c| is_index(table, c));
    let mut taken: Vec<usize> = [text, label, id, group, time, split, annotator].into_iter().flatten().collect();
    let reserved: Vec<usize> =
        (0..table.width).filter(|c| options.reserves(&names[*c]) && !taken.contains(c)).collect();
    taken.extend(&reserved);
    if let Some(index) = index.filter(|i| !taken.contains(i)) {
        remarks.guess(format!("column {} has no name and counts the rows: left out", index + 1), Some("--id"));
        taken.push(index);
    }
    let headed = table.header.is_some();
    let free = |taken: &[usize]| {
        let taken = taken.to_vec();
        let names = &names;
        (0..table.width).filter(move |c| headed && !taken.contains(c)).map(move |c| (c, names[c].as_str()))
    };
    if split.is_none() {
        split = free(&taken)
            .find(|&(c, name)| name.eq_ignore_ascii_case("split") && holds_splits(table, c))
            .map(|(c, _)| c);
        taken.extend(split);
    }
    if annotator.is_none() {
        // Names of people repeat, and someone's answers stand beside them.
        let answers = free(&taken).any(|(_, name)| rank(name, RESPONSE_NAMES).is_some());
        let repeats = |c: usize| content[c].filled > 0 && content[c].distinct < content[c].filled;
        let named = |name: &str| name.trim_start_matches('_').eq_ignore_ascii_case("annotator");
        annotator = free(&taken)
            .find(|&(c, name)| answers && (named(name) || repeats(c) && word_rank(name, ANNOTATOR_NAMES).is_some()))
            .map(|(c, _)| c);
        taken.extend(annotator);
    }
    if annotator.is_some() {
        gold = by_name(free(&taken), GOLD_NAMES, false);
        taken.extend(gold);
        if label.is_none() {
            label = by_name(free(&taken), RESPONSE_NAMES, false);
            taken.extend(label);
        }
        if id.is_none() {
            // Items repeat as annotators do; what is different in each row is the id of an answer.
            let repeats = |c: usize| content[c].filled > 0 && content[c].distinct < content[c].filled;
            id = by_name(free(&taken).filter(|&(c, name)| repeats(c) || name == "id"), ID_NAMES, false).or_else(|| {
                free(&taken)
                    .find(|&(c, name)| repeats(c) && word_rank(name, &["id", "item", "task"]).is_some())
                    .map(|(c, _)| c)
            });
            taken.extend(id);
        }
    }
    let is_text = |c: usize| content[c].filled > 0 && content[c].json < 0.5 && content[c].numeric < 0.5;
    if text.is_none() {
        text = by_name(free(&taken), TEXT_NAMES, false);
        taken.extend(text);
    }
    if label.is_none() {
        label = by_name(free(&taken), LABEL_NAMES, false);
        taken.extend(label);
    }
    if id.is_none() {
        id = by_name(free(&taken), ID_NAMES, false);
        taken.extend(id);
    }
    if text.is_none() && options.text.is_none() {
        text = by_name(free(&taken).filter(|&(c, _)| is_text(c) && content[c].prose >= 0.2), TEXT_NAMES, true)
            .or_else(|| text_by_content(&content, &taken, rows));
        taken.extend(text);
    }
    if label.is_none() {
        label = by_name(free(&taken), LABEL_NAMES, true);
        if label.is_none() {
            label = match label_by_content(&content, &taken, rows, &names, &path) {
                Ok(label) => Some(label),
                Err(_) if options.unlabelled => None,
                Err(error) => return Err(error),
            };
        }
        taken.extend(label);
    }
    if text.is_none() && !headed {
        // Two columns of which one is the label leave no choice.
        let mut left = (0..table.width).filter(|c| !taken.contains(c) && content[*c].numeric < 0.5);
        text = left.next().filter(|_| left.next().is_none());
        taken.extend(text);
    }
    if id.is_none() && !headed {
        let like_id = |c: usize| {
            let x = &content[c];
            rows >= 20 && x.filled == rows && x.distinct == rows && x.prose == 0.0 && x.mean_chars <= 40.0
        };
        let mut unlike = (0..table.width).filter(|&c| !taken.contains(&c) && like_id(c));
        id = unlike.next();
        taken.extend(id);
    }
    let says = |role: &str, c: usize| match &table.header {
        Some(header) if !header[c].is_empty() => format!("{role} is column '{}'", quote(&header[c])),
        _ => format!("{role} is column {}", c + 1),
    };
    if options.text.is_none() {
        let what = text.map_or_else(|| "there is no text column".to_owned(), |c| says("text", c));
        remarks.guess(what, Some("--text"));
    }
    if options.label.is_none() {
        let what = label.map_or_else(|| "there is no label column".to_owned(), |c| says("label", c));
        remarks.guess(what, Some("--label"));
    }
    for (role, found, asked) in [("split", split, &options.split), ("annotator", annotator, &options.annotator)] {
        if let Some(c) = found.filter(|_| asked.is_none()) {
            remarks.guess(says(role, c), Some(if role == "split" { "--split" } else { "--annotator" }));
        }
    }
    if let Some(c) = gold {
        remarks.guess(says("the reference", c), None);
    }
    if annotator.is_some() {
        if let Some(c) = id.filter(|_| !id_named) {
            remarks.guess(says("id", c), Some("--id"));
        }
    } else if let Some(guessed) = id.filter(|_| !id_named) {
        if let Some(why) = unfit_id(table, guessed) {
            remarks.guess(
                format!("{} not used as id: {why}; ids are record numbers", quote(&names[guessed])),
                Some("--id"),
            );
            taken.retain(|&c| c != guessed);
            id = None;
        } else {
            remarks.guess(says("id", guessed), Some("--id"));
        }
    }
    let metadata = (0..table.width).filter(|c| !taken.contains(c) || reserved.contains(c)).collect();
    Ok(Roles { text, label, id, id_named, group, time, split, annotator, gold, metadata })
}

/// Whether a column names splits: most of its cells hold a usual name of one.
fn holds_splits(table: &Table, column: usize) -> bool {
    let cells = table.column(column).map(str::trim).filter(|cell| !cell.is_empty());
    let (known, others): (Vec<&str>, Vec<&str>) = cells.partition(|cell| Split::of(cell).is_some());
    known.len() > others.len()
}

/// Whether an unnamed column (under a header) counts the rows up by one, as data frames write their index.
fn is_index(table: &Table, column: usize) -> bool {
    let unnamed = table.header.as_ref().is_some_and(|h| h[column].is_empty() || h[column] == "Unnamed: 0");
    let mut numbers = table.column(column).map(|cell| cell.trim().parse::<i64>());
    let Some(Ok(mut last)) = numbers.next() else {
        return false;
    };
    unnamed
        && numbers.all(|number| {
            let next = number.as_ref().is_ok_and(|&n| n > last);
            last = number.unwrap_or(last);
            next
        })
}

/// Why a guessed id column cannot be one.
fn unfit_id(table: &Table, column: usize) -> Option<&'static str> {
    let mut seen = FxHashSet::default();
    for cell in table.column(column) {
        if cell.trim().is_empty() {
            return Some("it has empty fields");
        }
        if !seen.insert(cell) {
            return Some("it repeats values");
        }
    }
    None
}

/// The longest column of varied prose.
fn text_by_content(content: &[Content], taken: &[usize], rows: usize) -> Option<usize> {
    (0..content.len())
        .filter(|c| !taken.contains(c))
        .filter(|&c| {
            let x = &content[c];
            x.prose >= 0.2 && x.json < 0.5 && x.numeric < 0.5 && (x.distinct * 5 >= rows || x.distinct > 1_000)
        })
        .max_by(|&a, &b| content[a].mean_chars.total_cmp(&content[b].mean_chars).then(b.cmp(&a)))
}

/// The one column of few, short, repeating values.
fn label_by_content(
    content: &[Content],
    taken: &[usize],
    rows: usize,
    names: &[String],
    path: &str,
) -> Result<usize, DataError> {
    let fits = |&c: &usize| {
        let x = &content[c];
        let few = x.pieces <= (rows / 2).max(2) && x.pieces <= 1_000;
        x.filled * 2 >= rows && x.filled > 0 && x.mean_chars <= 40.0 && few
    };
    let mut candidates: Vec<usize> = (0..content.len()).filter(|c| !taken.contains(c)).filter(fits).collect();
    if candidates.len() > 1 {
        candidates.retain(|&c| content[c].pieces > 1);
    }
    let found = match candidates.as_slice() {
        [one] => return Ok(*one),
        [] => "no column holds labels (few, short, repeating values)".to_owned(),
        several => {
            let several: Vec<_> = several.iter().map(|&c| names[c].as_str()).collect();
            format!("several columns could hold the labels: {}", list(&several))
        }
    };
    Err(DataError::NoColumn { path: path.to_owned(), role: "label", found, valid: list(names) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_rank_and_compounds_come_second() {
        let of = |names: &[&str], wanted| by_name(names.iter().copied().enumerate(), wanted, true);
        assert_eq!(of(&["title", "Text"], TEXT_NAMES), Some(1));
        assert_eq!(of(&["news_title", "label"], TEXT_NAMES), Some(0));
        assert_eq!(of(&["text", "coarse_label", "fine_label"], LABEL_NAMES), Some(1));
        assert_eq!(by_name([(0, "user_id")].into_iter(), ID_NAMES, false), None);
    }
}
