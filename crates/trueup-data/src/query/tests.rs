//! Tests of expressions: what they select, what is refused, and in which words.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

const TEXTS: [&str; 5] = ["Where is my money?", "Straße 5", "Refund!", "", "it is 'broken'"];
const SOURCES: [&str; 5] = ["mail", "chat", "mail", "", "phone"];
const STARS: [&str; 5] = ["5", "1", "", "-3.5", "12"];
const ZIP: [&str; 5] = ["01067", "10115", "", "80331", "20095"];

fn table() -> Table<'static> {
    let mut table = Table::new(5);
    table.text("text", |row| Some(TEXTS[row].into()));
    table.integer("length", |row| Some(TEXTS[row].chars().count()));
    table.text("label", |row| ["refund", "other", "refund", "other", "fault"].get(row).copied().map(Into::into));
    table.text("labels", |_| Some(r#"["a","b|c"]"#.into()));
    table.real("score", |row| (row != 3).then_some(row as f64 / 10.0));
    table.metadata("source", |row| SOURCES[row].into());
    table.metadata("stars", |row| STARS[row].into());
    table.metadata("zip", |row| ZIP[row].into());
    table.metadata("Label", |row| ["x", "y", "x", "y", "x"][row].into());
    table.metadata("group", |row| ["a", "b", "c", "d", "e"][row].into());
    table.metadata("sent by", |row| ["Ann", "Ben", "Ann", "Ben", "Ann"][row].into());
    table.metadata("user.name", |row| ["u1", "u2", "u1", "u2", "u1"][row].into());
    table.metadata("day", |row| ["2024-01-31", "2023-05-01", "2024-02-29", "", "now"][row].into());
    table
}

/// The rows, from 0, for which the expression is true.
fn rows(expression: &str) -> Vec<usize> {
    let kept = table().rows(expression).unwrap_or_else(|error| panic!("{expression}: {error}"));
    (0..kept.len()).filter(|&row| kept[row]).collect()
}

fn message(expression: &str) -> String {
    table().rows(expression).map(|rows| panic!("{expression}: {rows:?}")).unwrap_err().to_string()
}

#[test]
fn expressions_over_text_labels_numbers_and_metadata() {
    assert_eq!(rows("length > 10"), [0, 4]);
    assert_eq!(rows("length(text) = length"), [0, 1, 2, 3, 4]);
    assert_eq!(rows("label = 'refund' AND source = 'mail'"), [0, 2]);
    assert_eq!(rows("LABEL IN ('fault', 'nothing') or Source like 'CH%'"), [1, 4]);
    assert_eq!(rows("source IS NULL"), [3]);
    assert_eq!(rows("NOT source = 'mail'"), [1, 4], "NULL is not true");
    assert_eq!(rows("CASE WHEN length > 10 THEN 1 ELSE source = 'chat' END"), [0, 1, 4]);
    assert_eq!(rows("text LIKE '%''%' -- a comment\n"), [4]);
    assert_eq!(rows("text LIKE '%;%' OR /* not ; here */ text LIKE '%?'"), [0]);
    assert_eq!(rows("score >= 0.2"), [2, 4]);
    assert_eq!(rows("has(labels, 'b|c') AND NOT has(labels, 'b')"), [0, 1, 2, 3, 4]);
    assert_eq!(rows("1"), [0, 1, 2, 3, 4]);
    assert_eq!(rows("NULL"), Vec::<usize>::new());
    assert_eq!(rows("cast(length as text) = '7'"), [2]);
    assert_eq!(rows("source IS NOT DISTINCT FROM 'mail'"), [0, 2]);
}

#[test]
fn columns_of_numbers_are_numbers_and_others_are_text() {
    assert_eq!(rows("stars > 3"), [0, 4]);
    assert_eq!(rows("stars < 0"), [3]);
    assert_eq!(rows("stars = '5'"), [0]);
    assert_eq!(rows("zip = '01067'"), [0]);
    assert_eq!(rows("zip > '2'"), [3, 4]);
    assert_eq!(rows("typeof(zip) = 'text' AND typeof(stars) = 'integer'"), [0, 1, 4]);
    assert_eq!(table().values("stars").unwrap()[3], Cell::Real(-3.5));
    let written = ["0", "-1", "1.50", "1e5", "2.5E-3", "9223372036854775807"];
    assert!(written.iter().all(|text| number(text).is_some()));
    let not = [
        "",
        "-",
        "01",
        "1.",
        ".5",
        "1e",
        "+1",
        " 1",
        "0x10",
        "inf",
        "nan",
        "1e999",
        "9223372036854775808",
        "1-2",
        "1.5e",
        "1 ",
    ];
    assert_eq!(not.iter().filter(|text| number(text).is_some()).collect::<Vec<_>>(), Vec::<&&str>::new());
}

#[test]
fn names_that_clash_or_are_not_plain_are_reached() {
    assert_eq!(rows("label = 'x'"), Vec::<usize>::new());
    assert_eq!(rows("meta.label = 'x'"), [0, 2, 4]);
    assert_eq!(rows("\"meta.Label\" = 'x'"), [0, 2, 4]);
    assert_eq!(rows("group IN ('a', 'b')"), [0, 1]);
    assert_eq!(rows("[sent by] = 'Ann' AND `group` <> 'a'"), [2, 4]);
    assert_eq!(rows("user.name = 'u2'"), [1, 3]);
    assert_eq!(rows("meta.user.name = 'u2'"), [1, 3]);
    let names = table().names();
    assert!(names.contains(&"meta.Label".to_owned()) && names.contains(&"\"sent by\"".to_owned()), "{names:?}");
    for name in &names {
        table().check(&format!("{name} IS NOT NULL")).unwrap();
    }
}

#[test]
fn names_that_differ_by_case_are_exact_or_refused() {
    let mut table = Table::new(1);
    table.metadata("Source", |_| "a".into());
    table.metadata("source", |_| "b".into());
    assert_eq!(table.rows("source = 'b'").unwrap(), [true]);
    assert_eq!(table.rows("Source = 'a'").unwrap(), [true]);
    assert_eq!(table.rows("SOURCE = 'a'").unwrap(), [true]);
    let error = table.rows("Source = source").unwrap_err().to_string();
    assert!(error.starts_with("both 'Source' and 'source', which SQL takes for one"), "{error}");
}

#[test]
fn patterns() {
    assert_eq!(rows("text REGEXP '^[A-Z]'"), [0, 1, 2]);
    assert_eq!(rows("text regexp '(?i)STRASSE|straße'"), [1]);
    assert_eq!(rows("regexp('^.$', stars)"), [0, 1]);
    assert_eq!(rows("text NOT REGEXP 'e'"), [3]);
    assert_eq!(
        message("text REGEXP '(a'"),
        "the pattern '(a': unclosed group; valid: a regular expression as of the Rust crate regex, such as '(?i)refund|money'"
    );
}

#[test]
fn dates_come_from_the_data_and_never_from_the_clock() {
    assert_eq!(rows("day > '2024' AND day < '3'"), [0, 2]);
    assert_eq!(rows("CASE WHEN day <> 'now' THEN strftime('%m', day) = '02' END"), [2]);
    assert_eq!(rows("date('2024-02-28', '+1 day') = day"), [2]);
    let clock = "the time of now, or of this place ('now', 'localtime', 'utc') in a date; valid: what is the same at every run, such as a date in quotes: '2026-01-31'";
    assert_eq!(message("date('now') > '2024'"), clock);
    assert_eq!(message("date(day) > '2024'"), clock, "a cell may say it too");
    assert_eq!(message("datetime('2024-01-01', 'localtime') > '2024'"), clock);
    assert_eq!(message("julianday() > 3"), clock);
    assert!(message("current_date > '2024'").starts_with("current_date, which reads the clock"));
    assert!(message("random() > 0").starts_with("the function random() (character 1)"));
    assert!(message("length > abs(randomblob(2))").starts_with("the function randomblob()"));
}

#[test]
fn a_wrong_name_lists_the_columns_and_the_nearest() {
    let columns =
        "text, length, label, labels, score, source, stars, zip, meta.Label, group, \"sent by\", user.name, day";
    assert_eq!(
        message("length > 3 AND sorce = 'mail'"),
        format!("no column 'sorce' (character 16); valid: {columns}; hint: source is nearly that name")
    );
    assert_eq!(
        message("source = \"mail\""),
        format!("no column 'mail' (character 10); valid: {columns}; hint: a text stands in single quotes: 'mail'")
    );
    assert!(message("meta.sources = 1").starts_with("no column 'meta.sources'"));
    assert!(message("rowid = 1").starts_with("no column 'rowid'"));
    assert!(message("\"#row\" = 1").starts_with("no column"));
    assert!(message("lenght(text) > 3").ends_with("hint: length() is nearly that name"));
    assert!(message("count(*) > 3").ends_with("hint: an expression sees one example at a time"));
}

#[test]
fn a_fault_is_shown_by_its_place_in_what_was_typed() {
    let valid = "valid: an SQL expression over text, length, label, labels, score, source, stars, zip, meta.Label, group, \"sent by\", user.name, day, such as length > 200 AND label <> 'other'";
    assert_eq!(message("group = 'é' AN length"), format!("near \"AN\": syntax error (character 13); {valid}"));
    assert_eq!(message(""), format!("no expression; {valid}"));
    assert_eq!(message(" -- nothing"), format!("no expression; {valid}"));
    assert!(message("length >").starts_with("near \")\": syntax error") || message("length >").contains("too early"));
    assert!(message("(length > 3").starts_with("a '(' that is not closed (character 1)"));
    assert!(message("length > 3) OR (1").starts_with("a ')' that nothing opens (character 11)"));
    assert!(message("text = 'abc").starts_with("a text that is not closed (character 8)"));
    assert!(message("length > 3 /* so").starts_with("a comment that is not closed (character 12)"));
    assert!(message("length = ?1").starts_with("'?' (character 10)"));
}

#[test]
fn nothing_but_an_expression_over_the_columns() {
    for expression in [
        "1; DROP TABLE examples",
        "1) UNION SELECT 1 FROM sqlite_master WHERE (1",
        "length > (SELECT 3)",
        "EXISTS (SELECT 1 FROM sqlite_master)",
        "text IN (SELECT name FROM sqlite_master)",
        "text IN sqlite_master",
        "text IN examples",
        "text IN json_each('[1]')",
        "1 IN (WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c)",
        "row_number() OVER () > 1",
        "max(length) > 1",
        "count(*) FILTER (WHERE 1) > 0",
        "load_extension('x')",
        "readfile('/etc/passwd') = ''",
        "raise(abort, 'x')",
        "ATTACH 'x' AS y",
        "PRAGMA user_version",
        "sqlite_version() > ''",
        "changes() = 0",
        "last_insert_rowid() = 0",
        "(1, 2)",
        "length = :a",
        "main.examples.text = ''",
        "zeroblob(1000000000) = 1",
    ] {
        let error = message(expression);
        assert!(error.contains("; valid: "), "{expression}: {error}");
    }
}

#[test]
fn what_never_ends_or_nests_without_end_is_refused() {
    let many = format!("length > 0{}", " OR length < 0".repeat(5_000));
    assert!(table().rows(&many).is_err(), "SQLite's limit of depth");
    assert!(table().rows(&format!("{}1{}", "(".repeat(100_000), ")".repeat(100_000))).is_err());
    assert!(message("length(printf('%.*c', 100000000, 'x')) > 3").contains("; valid: "));
    let list = format!("length IN ({})", (0..20_000).map(|n| n.to_string()).collect::<Vec<_>>().join(","));
    assert_eq!(rows(&list), [0, 1, 2, 3, 4]);
}

#[test]
fn every_row_has_its_own_answer_in_large_tables() {
    let n = 25_003;
    let mut table = Table::new(n);
    table.integer("length", Some);
    let kept = table.rows("length % 7 = 3").unwrap();
    assert!(kept.iter().enumerate().all(|(row, &kept)| kept == (row % 7 == 3)));
    assert_eq!(Table::new(0).rows("1").unwrap(), Vec::<bool>::new());
}

/// Half a million rows a second and more: run with `--ignored --nocapture` in an optimised build.
#[test]
#[ignore = "a measurement"]
fn a_million_rows() {
    let texts: Vec<String> =
        (0..1_000_000).map(|n| format!("text number {n} of a corpus, {}", "word ".repeat(n % 30))).collect();
    let sources: Vec<String> = (0..1_000_000).map(|n| ["mail", "chat", "phone"][n % 3].to_owned()).collect();
    let mut table = Table::new(texts.len());
    table.text("text", |row| Some(texts[row].as_str().into()));
    table.integer("length", |row| Some(texts[row].chars().count()));
    table.metadata("source", |row| sources[row].as_str().into());
    for expression in [
        "length > 100 AND source = 'mail'",
        "length(text) > 100 AND source = 'mail'",
        "text REGEXP '(?i)NUMBER 12' AND source <> 'chat'",
    ] {
        let started = std::time::Instant::now();
        let kept = table.rows(expression).unwrap();
        println!("{expression}: {} kept in {:?}", kept.iter().filter(|&&k| k).count(), started.elapsed());
    }
}

/// Pieces of expressions, right and wrong.
fn piece() -> impl Strategy<Value = String> {
    let words = [
        "text",
        "length",
        "label",
        "\"sent by\"",
        "meta.label",
        "source",
        "stars",
        "day",
        "nothing",
        "'x'",
        "'",
        "\"",
        "`",
        "[",
        "]",
        "(",
        ")",
        ",",
        "=",
        "<>",
        ">",
        "AND",
        "OR",
        "NOT",
        "IN",
        "LIKE",
        "REGEXP",
        "BETWEEN",
        "CASE",
        "WHEN",
        "THEN",
        "END",
        "IS",
        "NULL",
        "--",
        "/*",
        "*/",
        ";",
        "?",
        ":a",
        "1",
        "2.5",
        "0x1f",
        "x'00'",
        "||",
        "->>",
        ".",
        "date(",
        "'now'",
        "regexp(",
        "has(",
        "SELECT",
        "FROM",
        "DISTINCT",
        "é",
        "\0",
        "\n",
        "*",
        "CAST(",
        "AS",
        "COLLATE",
        "-",
        "~",
    ];
    prop_oneof![
        8 => proptest::sample::select(words.to_vec()).prop_map(str::to_owned),
        1 => "\\PC{0,4}",
    ]
}

proptest! {
    #[test]
    fn no_expression_panics(pieces in proptest::collection::vec(piece(), 0..14), spaced in any::<bool>()) {
        let expression = pieces.join(if spaced { " " } else { "" });
        if let Err(error) = table().rows(&expression) {
            let said = error.to_string();
            prop_assert!(said.contains("; valid: ") && !said.chars().any(char::is_control), "{expression:?}: {said:?}");
        }
    }

    #[test]
    fn texts_and_lengths_are_compared_as_they_are(text in "\\PC{0,20}", n in 0usize..30) {
        let mut table = Table::new(1);
        table.text("text", |_| Some(text.as_str().into()));
        table.integer("length", |_| Some(text.chars().count()));
        let literal = text.replace('\'', "''");
        prop_assert_eq!(table.rows(&format!("text = '{literal}' AND length(text) = length")).unwrap(), [true]);
        prop_assert_eq!(table.rows(&format!("length >= {n}")).unwrap(), [text.chars().count() >= n]);
    }
}

const TICKETS: &str = "id,text,label,source\n1,Where is it,a,mail\n2,It broke,b,chat\n3,Why,a,mail\n";

#[test]
fn reading_leaves_what_the_expression_is_true_for() {
    let read = |filter: &str| {
        let options = crate::ReadOptions { filter: Some(filter.to_owned()), ..Default::default() };
        (
            crate::read_bytes("t.csv", TICKETS.into(), &options),
            crate::read_corpus_bytes("t.csv", TICKETS.into(), &options),
        )
    };
    let (data, corpus) = read("source = 'mail'");
    let (data, corpus) = (data.unwrap(), corpus.unwrap());
    assert_eq!(data.dataset.examples.iter().map(|e| e.id.as_str()).collect::<Vec<_>>(), ["1", "3"]);
    assert_eq!(data.dataset.labels.names(), ["a"]);
    assert_eq!(data.guesses.last().unwrap().what, "--where keeps 2 of 3 examples");
    assert_eq!((corpus.corpus.records.len(), corpus.corpus.outline.occurs.records), (2, 2));
    assert_eq!(corpus.guesses.last().unwrap().what, "--where keeps 2 of 3 records");
    let (data, corpus) = read("label = 'c'");
    let none = "t.csv: --where: true for none of 3 examples; valid: an expression that is true for at least one";
    assert_eq!(data.unwrap_err().to_string(), none);
    assert!(corpus.unwrap_err().to_string().contains("none of 3 records"));
}
