//! The expression before SQLite: a database in memory that holds the columns named, a few thousand rows at a time.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use regex::Regex;
use rusqlite::config::DbConfig;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Error, OpenFlags};
use rustc_hash::FxHashMap;

use super::words::{Words, quoted};
use super::{Cell, QueryError, Table, as_number, at};
use crate::error::{escape, quote};

/// Rows in the database at a time.
const CHUNK: usize = 10_000;
/// Longest value that a function may make, in bytes.
const LONGEST: i32 = 1 << 26;
/// Steps of SQLite's machine between two looks at the limit.
const STEPS: i32 = 100_000;
/// Compiled patterns kept, where patterns come from a column.
const PATTERNS: usize = 1_000;

/// The functions of an expression: each gives the same result for the same values, always.
const FUNCTIONS: [&str; 63] = [
    "abs",
    "char",
    "coalesce",
    "concat",
    "concat_ws",
    "date",
    "datetime",
    "format",
    "glob",
    "has",
    "hex",
    "if",
    "ifnull",
    "iif",
    "instr",
    "json",
    "json_array",
    "json_array_length",
    "json_extract",
    "json_object",
    "json_quote",
    "json_type",
    "json_valid",
    "julianday",
    "length",
    "like",
    "likelihood",
    "likely",
    "lower",
    "ltrim",
    "max",
    "min",
    "nullif",
    "octet_length",
    "printf",
    "quote",
    "regexp",
    "replace",
    "round",
    "rtrim",
    "sign",
    "soundex",
    "strftime",
    "substr",
    "substring",
    "time",
    "timediff",
    "trim",
    "typeof",
    "unhex",
    "unicode",
    "unistr",
    "unistr_quote",
    "unixepoch",
    "unlikely",
    "upper",
    "->",
    "->>",
    "current_date",
    "current_time",
    "current_timestamp",
    "true",
    "false",
];
/// Of these, the ones that read the clock, refused with words of their own.
const CLOCKS: [&str; 3] = ["current_date", "current_time", "current_timestamp"];

/// What the authorizer refused, for the message.
type Refused = Arc<Mutex<Option<Refusal>>>;

#[derive(Debug, Clone, PartialEq)]
enum Refusal {
    Subquery,
    Function(String),
    Column(String),
    Other,
}

/// Evaluates the expression for the first `rows` rows; for none, once with NULL in every column, so that what is wrong
/// with the expression itself shows.
pub(super) fn run(table: &Table<'_>, words: &Words, rows: usize) -> Result<Vec<bool>, QueryError> {
    let refused = Refused::default();
    evaluate(table, words, rows, &refused).map_err(|error| complaint(&error, table, words, &refused))
}

fn evaluate(table: &Table<'_>, words: &Words, rows: usize, refused: &Refused) -> Result<Vec<bool>, Error> {
    let mut db = open()?;
    functions(&db)?;
    let free = |name: &str| {
        let mut name = name.to_owned();
        while words.columns.iter().any(|(known, _)| known.eq_ignore_ascii_case(&name)) {
            name.push('#');
        }
        name
    };
    let (row, keep) = (free("#row"), free("#keep"));
    let numbers: Vec<bool> = words.columns.iter().map(|&(_, column)| table.holds_numbers(column)).collect();
    let declared: Vec<String> =
        std::iter::once(format!("{} INTEGER PRIMARY KEY", quoted(&row)))
            .chain(
                words.columns.iter().zip(&numbers).map(|((name, _), &number)| {
                    format!("{} {}", quoted(name), if number { "NUMERIC" } else { "TEXT" })
                }),
            )
            .collect();
    let declared = declared.join(", ");
    db.execute_batch(&format!("CREATE TABLE examples ({declared})"))?;
    // First as a query, for SQLite then tells the place of a fault, and asks whether each thing is allowed.
    db.authorizer(Some(authorizer(row.clone(), Arc::clone(refused))))?;
    db.prepare(&format!("{PREFIX}{}\n)", words.sql))?;
    db.authorizer(None::<fn(AuthContext<'_>) -> Authorization>)?;
    // Then as a generated column, where nothing is allowed that could differ between two evaluations.
    db.execute_batch("DROP TABLE examples")?;
    db.execute_batch(&format!("CREATE TABLE examples ({declared}, {} AS (\n{}\n))", quoted(&keep), words.sql))?;
    let steps = (CHUNK as u64).saturating_mul(2_000 + 2 * words.sql.len() as u64) / STEPS as u64 + 1;
    let mut kept = vec![false; rows];
    let places = vec!["?"; words.columns.len() + 1].join(", ");
    let names: Vec<String> =
        std::iter::once(&row).chain(words.columns.iter().map(|(name, _)| name)).map(|n| quoted(n)).collect();
    let insert = format!("INSERT INTO examples ({}) VALUES ({places})", names.join(", "));
    let select = format!("SELECT {} FROM examples WHERE {}", quoted(&row), quoted(&keep));
    for from in (0..rows.max(1)).step_by(CHUNK) {
        let to = rows.max(1).min(from + CHUNK);
        db.execute_batch("BEGIN; DELETE FROM examples")?;
        {
            let mut insert = db.prepare_cached(&insert)?;
            for place in from..to {
                insert.raw_bind_parameter(1, i64::try_from(place).unwrap_or(i64::MAX))?;
                for (i, &(_, column)) in words.columns.iter().enumerate() {
                    let cell = if place < rows { (table.columns[column].cells)(place) } else { Cell::Null };
                    let cell = as_number(cell, numbers[i]);
                    insert.raw_bind_parameter(i + 2, ToSqlOutput::Borrowed(value(&cell)))?;
                }
                insert.raw_execute()?;
            }
        }
        let mut left = steps;
        let step = move || {
            left = left.saturating_sub(1);
            left == 0
        };
        db.progress_handler(STEPS, Some(step))?;
        {
            let mut select = db.prepare_cached(&select)?;
            let mut found = select.raw_query();
            while let Some(line) = found.next()? {
                let place: i64 = line.get(0)?;
                if let Some(kept) = usize::try_from(place).ok().and_then(|place| kept.get_mut(place)) {
                    *kept = true;
                }
            }
        }
        db.progress_handler(0, None::<fn() -> bool>)?;
        db.execute_batch("COMMIT")?;
    }
    Ok(kept)
}

/// What stands before the expression in the query; places count from its end. The line ends keep a comment from
/// swallowing the parenthesis.
const PREFIX: &str = "SELECT 1 FROM examples WHERE (\n";

fn value<'a>(cell: &'a Cell<'_>) -> ValueRef<'a> {
    match cell {
        Cell::Null => ValueRef::Null,
        Cell::Integer(n) => ValueRef::Integer(*n),
        Cell::Real(n) => ValueRef::Real(*n),
        Cell::Text(text) => ValueRef::Text(text.as_bytes()),
    }
}

/// An empty database in memory that takes a name in double quotes for a name, never for a text.
fn open() -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_in_memory_with_flags(flags)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    db.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST)?;
    db.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    db.execute_batch("PRAGMA journal_mode = OFF; PRAGMA temp_store = MEMORY")?;
    Ok(db)
}

/// Allows one query, the columns of the one table, and the functions listed.
fn authorizer(row: String, refused: Refused) -> impl FnMut(AuthContext<'_>) -> Authorization + Send + 'static {
    let mut queries = 0;
    move |asked| {
        let refusal = match asked.action {
            AuthAction::Select => {
                queries += 1;
                if queries == 1 {
                    return Authorization::Allow;
                }
                Refusal::Subquery
            }
            AuthAction::Read { table_name: "examples", column_name } => {
                if column_name != row && column_name != "ROWID" {
                    return Authorization::Allow;
                }
                Refusal::Column("rowid".to_owned())
            }
            AuthAction::Function { function_name } => {
                let known = |list: &[&str]| list.iter().any(|f| f.eq_ignore_ascii_case(function_name));
                if known(&FUNCTIONS) && !known(&CLOCKS) {
                    return Authorization::Allow;
                }
                Refusal::Function(function_name.to_ascii_lowercase())
            }
            _ => Refusal::Other,
        };
        refused.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(refusal);
        Authorization::Deny
    }
}

fn functions(db: &Connection) -> Result<(), Error> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    let patterns: Mutex<FxHashMap<String, Regex>> = Mutex::default();
    db.create_scalar_function("regexp", 2, flags, move |context| {
        let (Some(pattern), text) = (text(context, 0), text(context, 1)) else { return Ok(None) };
        let mut patterns = patterns.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(regex) = patterns.get(&*pattern) {
            return Ok(text.map(|text| regex.is_match(&text)));
        }
        let regex = Regex::new(&pattern).map_err(|error| {
            let said = error.to_string();
            let why = said.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            Error::UserFunctionError(format!("{BAD_PATTERN}'{}': {why}", quote(&pattern)).into())
        })?;
        let found = text.map(|text| regex.is_match(&text));
        if patterns.len() >= PATTERNS {
            patterns.clear();
        }
        patterns.insert(pattern.into_owned(), regex);
        Ok(found)
    })?;
    db.create_scalar_function("has", 2, flags, |context| {
        let (Some(list), Some(wanted)) = (text(context, 0), text(context, 1)) else { return Ok(None) };
        let list: Vec<serde_json::Value> = serde_json::from_str(&list)
            .map_err(|_| Error::UserFunctionError(format!("{BAD_LIST}'{}'", quote(&list)).into()))?;
        Ok(Some(list.iter().any(|item| crate::holds::text_of(item) == wanted)))
    })
}

const BAD_PATTERN: &str = "the pattern ";
const BAD_LIST: &str = "has() of ";

/// An argument as text; `None` for NULL.
fn text<'a>(context: &'a Context<'_>, i: usize) -> Option<Cow<'a, str>> {
    match context.get_raw(i) {
        ValueRef::Null => None,
        ValueRef::Integer(n) => Some(n.to_string().into()),
        ValueRef::Real(n) => Some(n.to_string().into()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(String::from_utf8_lossy(bytes)),
    }
}

/// SQLite's complaint in our words.
fn complaint(error: &Error, table: &Table<'_>, words: &Words, refused: &Refused) -> QueryError {
    let (said, place) = match error {
        Error::SqlInputError { msg, offset, .. } => {
            let offset = usize::try_from(*offset).ok().and_then(|o| o.checked_sub(PREFIX.len()));
            (msg.clone(), offset.filter(|&o| o < words.sql.len()).map(|o| words.place(o)))
        }
        Error::SqliteFailure(_, Some(said)) => (said.clone(), None),
        other => (other.to_string(), None),
    };
    let wrong = |found: String, valid: &str| QueryError { found, valid: valid.to_owned(), hint: None };
    let always = "what is the same at every run, such as a date in quotes: '2026-01-31'";
    if let Some(refusal) = refused.lock().unwrap_or_else(PoisonError::into_inner).clone() {
        return match refusal {
            Refusal::Subquery => wrong(format!("a query inside the expression{}", at(place)), &table.valid()),
            Refusal::Column(name) => table.no_column(&name, place),
            Refusal::Function(name) if CLOCKS.contains(&name.as_str()) => {
                wrong(format!("{name}, which reads the clock{}", at(place)), always)
            }
            Refusal::Function(name) => no_function(&name, place),
            Refusal::Other => wrong(format!("more than an expression{}", at(place)), &table.valid()),
        };
    }
    if let Some(name) = said.strip_prefix("no such column: ") {
        let bare = name.split(" - should this be").next().unwrap_or(name);
        let quotes = bare.starts_with('"');
        let mut error = table.no_column(bare.trim_matches('"'), place);
        if quotes && error.hint.is_none() {
            error.hint = Some(format!("a text stands in single quotes: '{}'", quote(bare.trim_matches('"'))));
        }
        return error;
    }
    if let Some(name) = said.strip_prefix("no such function: ") {
        return no_function(&name.to_ascii_lowercase(), place);
    }
    if said.starts_with("non-deterministic use of") {
        return wrong("the time of now, or of this place ('now', 'localtime', 'utc') in a date".to_owned(), always);
    }
    if said.contains("prohibited in generated columns") {
        let what = said.split(" prohibited").next().unwrap_or(&said);
        return wrong(format!("{what} in the expression"), &table.valid());
    }
    if said.starts_with(BAD_PATTERN) {
        return wrong(escape(&said), "a regular expression as of the Rust crate regex, such as '(?i)refund|money'");
    }
    if let Some(rest) = said.strip_prefix(BAD_LIST) {
        return wrong(format!("has() of {}", escape(rest)), "has(labels, 'name'): first a JSON list, then a value");
    }
    if said == "interrupted" {
        return wrong("an expression that takes too long".to_owned(), "a simpler one");
    }
    wrong(format!("{}{}", escape(&said), at(place)), &table.valid())
}

fn no_function(name: &str, place: Option<usize>) -> QueryError {
    let near = FUNCTIONS
        .iter()
        .filter(|f| f.starts_with(|c: char| c.is_ascii_alphabetic()) && !CLOCKS.contains(f))
        .map(|f| (crate::source::distance(f, name), f))
        .min()
        .filter(|&(away, _)| (1..=2).contains(&away) && away < name.len());
    let hint = match name {
        "random" | "randomblob" => Some("id and length can stand in: length % 10 = 0".to_owned()),
        "count" | "sum" | "avg" | "total" | "group_concat" => {
            Some("an expression sees one example at a time".to_owned())
        }
        _ => near.map(|(_, f)| format!("{f}() is nearly that name")),
    };
    QueryError {
        found: format!("the function {}(){}", quote(name), at(place)),
        valid:
            "SQLite's functions of text (length, lower, substr, instr), numbers (abs, round), dates (date, strftime, \
                julianday) and JSON (json_extract), regexp and has"
                .to_owned(),
        hint,
    }
}
