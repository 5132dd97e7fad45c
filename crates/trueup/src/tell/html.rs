//! The page: the built file with the document put in as data. Hostile text stays data: every character that could end
//! the script element or start markup is written as a JSON escape.

use trueup_core::document::Review;

use crate::error::Error;

/// The built page, or nothing when this binary was built without it.
const PAGE: &str = include_str!(concat!(env!("OUT_DIR"), "/page.html"));

/// Where the document goes.
const PLACE: &str = "/*TRUEUP-REVIEW*/";

/// Whether the page was built into this binary.
pub fn has_page() -> bool {
    PAGE.contains(PLACE)
}

/// The page that shows `review`, whole in one file.
///
/// # Errors
///
/// [`Error::NoPage`] when the binary was built without the page.
pub fn html(review: &Review) -> Result<String, Error> {
    if !has_page() {
        return Err(Error::NoPage);
    }
    let json = serde_json::to_string(review).expect("the document holds only strings, numbers and lists");
    Ok(PAGE.replacen(PLACE, &inert(&json), 1))
}

/// JSON that is inert inside a script element: the same value, without `<`, `>`, `&` and the two separators that end
/// lines in scripts.
fn inert(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + json.len() / 50);
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn hostile_text_cannot_leave_the_script_element() {
        let hostile = serde_json::to_string("</script><img src=x onerror=alert(1)>&\u{2028}").unwrap();
        let inert = super::inert(&hostile);
        assert!(!inert.contains(['<', '>', '&', '\u{2028}']), "{inert}");
        assert_eq!(serde_json::from_str::<String>(&inert).unwrap(), "</script><img src=x onerror=alert(1)>&\u{2028}");
    }
}
