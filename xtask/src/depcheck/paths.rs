//! Reading module paths out of Rust sources: which parts of its own crate a file names.
//!
//! A small lexer, not a parser: comments, strings and characters are dropped, inline `mod` blocks are followed, and
//! every path that begins with `crate`, `self` or `super` is resolved to its place in the crate. Macros are read like
//! code, which errs on the strict side.

/// A path of the crate that a file names: `["review", "rules", "Rule"]`.
pub type Path = Vec<String>;

/// Every path of the own crate that `source` names. `module` is where the file stands: `["review", "leak"]`; empty for
/// `lib.rs`.
pub fn named(source: &str, module: &[String]) -> Vec<Path> {
    let tokens = lex(source);
    let mut here = module.to_vec();
    // For each open brace, whether it opened an inline module.
    let mut braces: Vec<bool> = Vec::new();
    let mut paths = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let follows = |n: usize| tokens.get(at + n).map(String::as_str);
        match tokens[at].as_str() {
            "mod" if follows(2) == Some("{") => {
                here.push(tokens[at + 1].clone());
                braces.push(true);
                at += 3;
                continue;
            }
            "{" => braces.push(false),
            "}" => {
                let closes_module = braces.pop().unwrap_or(false);
                here.truncate(here.len() - usize::from(closes_module));
            }
            // `+ use<'a>` of a returned type imports nothing.
            "use" if follows(1) != Some("<") => {
                let mut imported = Vec::new();
                at = tree(&tokens, at + 1, &[], &mut imported);
                paths.extend(imported.iter().filter_map(|path| resolve(path, &here)));
                continue;
            }
            "crate" | "self" | "super" if follows(1) == Some("::") => {
                let mut path = Vec::new();
                at = plain(&tokens, at, &mut path);
                paths.extend(resolve(&path, &here));
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    paths
}

/// The names that `lib.rs` re-exports, each with the top-level module it comes from: `("Estimate", "document")`.
pub fn exported(lib: &str) -> Vec<(String, String)> {
    let tokens = lex(lib);
    let mut names = Vec::new();
    for at in 0..tokens.len() {
        if tokens[at] == "pub" && tokens.get(at + 1).is_some_and(|next| next == "use") {
            let mut imported = Vec::new();
            tree(&tokens, at + 2, &[], &mut imported);
            for path in imported {
                let path: Vec<_> = path.into_iter().filter(|part| part != "crate" && part != "self").collect();
                if let [top, .., name] = path.as_slice() {
                    names.push((name.clone(), top.clone()));
                }
            }
        }
    }
    names
}

/// Reads a use tree that begins at `at` into `imported`; the position behind it.
fn tree(tokens: &[String], mut at: usize, prefix: &[String], imported: &mut Vec<Path>) -> usize {
    let mut path = prefix.to_vec();
    while let Some(token) = tokens.get(at) {
        match token.as_str() {
            "::" => at += 1,
            "{" => {
                at += 1;
                while tokens.get(at).is_some_and(|token| token != "}") {
                    at = tree(tokens, at, &path, imported);
                    // What stands between two trees is a comma; whatever else it is, it is passed as well.
                    if tokens.get(at).is_some_and(|token| token != "}") {
                        at += 1;
                    }
                }
                return at + 1;
            }
            // The name after `as` is the file's own affair.
            "as" => at += 2,
            "," | "}" | ";" => break,
            _ => {
                path.push(token.clone());
                at += 1;
            }
        }
    }
    imported.push(path);
    at
}

/// Reads `a::b::C` that begins at `at`; the position behind it.
fn plain(tokens: &[String], mut at: usize, path: &mut Path) -> usize {
    loop {
        path.push(tokens[at].clone());
        let next_is_name = tokens.get(at + 2).is_some_and(|token| token.starts_with(is_word));
        if tokens.get(at + 1).is_some_and(|token| token == "::") && next_is_name {
            at += 2;
        } else {
            return at + 1;
        }
    }
}

/// Where `path`, written inside module `here`, leads in the crate; `None` for paths into other crates.
fn resolve(path: &[String], here: &[String]) -> Option<Path> {
    let mut place = match path.first().map(String::as_str) {
        Some("crate") => Vec::new(),
        Some("self") => here.to_vec(),
        Some("super") => here[..here.len().saturating_sub(1)].to_vec(),
        _ => return None,
    };
    for part in &path[1..] {
        match part.as_str() {
            "super" => {
                place.pop();
            }
            "self" | "*" => {}
            name => place.push(name.to_string()),
        }
    }
    Some(place)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Words, `::` and single punctuation characters; without comments, strings, characters and lifetimes.
fn lex(source: &str) -> Vec<String> {
    let chars: Vec<char> = source.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let c = chars[at];
        let next = chars.get(at + 1).copied();
        match c {
            '/' if next == Some('/') => at = skip_to(&chars, at, |c| c == '\n'),
            '/' if next == Some('*') => at = skip_block(&chars, at + 2),
            '"' => at = skip_string(&chars, at + 1),
            '\'' => at = skip_char(&chars, at),
            ':' if next == Some(':') => {
                tokens.push("::".into());
                at += 2;
            }
            c if is_word(c) => {
                let end = skip_to(&chars, at, |c| !is_word(c));
                let word: String = chars[at..end].iter().collect();
                at = end;
                if matches!(word.as_str(), "r" | "br" | "cr") && matches!(chars.get(at), Some('"' | '#')) {
                    at = skip_raw(&chars, at);
                } else {
                    tokens.push(word);
                }
            }
            c => {
                if !c.is_whitespace() {
                    tokens.push(c.to_string());
                }
                at += 1;
            }
        }
    }
    tokens
}

fn skip_to(chars: &[char], from: usize, end: impl Fn(char) -> bool) -> usize {
    chars[from..].iter().position(|&c| end(c)).map_or(chars.len(), |length| from + length)
}

/// Behind a block comment, which may hold others.
fn skip_block(chars: &[char], mut at: usize) -> usize {
    let mut depth = 1;
    while at < chars.len() && depth > 0 {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => depth += 1,
            ('*', Some('/')) => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
    }
    at
}

/// Behind a string whose opening quote is at `at - 1`.
fn skip_string(chars: &[char], mut at: usize) -> usize {
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// Behind a raw string whose `#`s or quote begin at `at`; a raw identifier (`r#type`) is left to be read.
fn skip_raw(chars: &[char], at: usize) -> usize {
    let quote = skip_to(chars, at, |c| c != '#');
    if chars.get(quote) != Some(&'"') {
        return quote;
    }
    let hashes = quote - at;
    let mut end = quote + 1;
    while end < chars.len() {
        let closes = chars[end] == '"' && chars[end + 1..].iter().take_while(|&&c| c == '#').count() >= hashes;
        if closes {
            return end + 1 + hashes;
        }
        end += 1;
    }
    end
}

/// Behind a character literal or a lifetime that begins at `at`.
fn skip_char(chars: &[char], at: usize) -> usize {
    if chars.get(at + 1) == Some(&'\\') {
        // The escaped character may itself be a quote.
        return skip_to(chars, (at + 3).min(chars.len()), |c| c == '\'') + 1;
    }
    if chars.get(at + 2) == Some(&'\'') { at + 3 } else { skip_to(chars, at + 1, |c| !is_word(c)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(source: &str, module: &str) -> Vec<String> {
        let module: Vec<String> = module.split('/').filter(|part| !part.is_empty()).map(String::from).collect();
        named(source, &module).iter().map(|path| path.join("::")).collect()
    }

    #[test]
    fn use_trees_and_plain_paths() {
        let source = "use crate::{error::Error, review::{self, rules::Rule as R}};\nuse std::fs;\n\
                      fn f() -> crate::evaluate::Counts { crate::tell::<u8>() }";
        assert_eq!(from(source, "load"), ["error::Error", "review", "review::rules::Rule", "evaluate::Counts", "tell"]);
    }

    #[test]
    fn super_and_self_follow_inline_modules() {
        let source = "use super::leak;\nuse self::part::X;\nmod tests { use super::*; use super::super::super::tell; \
                      mod deep { fn f() { if a { super::super::g() } } } }\nuse super::super::error;";
        assert_eq!(
            from(source, "review/rules"),
            ["review::leak", "review::rules::part::X", "review::rules", "tell", "review::rules::g", "error"]
        );
    }

    #[test]
    fn comments_strings_and_lifetimes_say_nothing() {
        let source = "// use crate::a;\n/* crate::b /* crate::c */ crate::d */\nfn f<'a>(x: &'a str) { \
                      let q = '\"'; let e = '\\''; let s = \"crate::e \\\" crate::f\"; let r = r#\"crate::g \" \"#; \
                      let t = r#type; } use crate::real;\n/// [`crate::h`]\nstruct S;";
        assert_eq!(from(source, "load"), ["real"]);
    }

    #[test]
    fn what_is_captured_is_not_imported() {
        let source =
            "fn f<'a>(&self) -> impl Iterator<Item = &'a str> + use<'a> { let x = 1; crate::real() } fn g() {}";
        assert_eq!(from(source, "load"), ["real"]);
        assert_eq!(from("use crate::{a; b}", "load"), ["a", "b"]);
    }

    #[test]
    fn other_crates_are_not_ours() {
        assert_eq!(
            from("use serde::Serialize; pub(crate) fn f() { trueup_core::text::normalise(\"\") }", "load"),
            [""; 0]
        );
    }

    #[test]
    fn re_exports_name_their_module() {
        let lib = "pub mod document;\npub use document::{Estimate, finding::Finding};\npub use crate::label::LabelSet;";
        let exported = exported(lib);
        let pairs: Vec<_> = exported.iter().map(|(name, top)| (name.as_str(), top.as_str())).collect();
        assert_eq!(pairs, [("Estimate", "document"), ("Finding", "document"), ("LabelSet", "label")]);
    }
}
