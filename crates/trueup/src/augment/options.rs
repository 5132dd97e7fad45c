//! What augmenting is asked to do, after what was typed has been checked.

use std::path::PathBuf;

use trueup_data::{Format, ReadOptions};

use super::methods::{METHODS, Method, SPECIAL, TEMPLATE};
use crate::error::Error;

/// How data is augmented.
#[derive(Debug, Clone)]
pub struct AugmentOptions {
    /// Names of methods, or of families of them; those that suit the data when empty.
    pub methods: Vec<String>,
    /// New examples of each source; of a template 20 times as many.
    pub per_example: Option<u64>,
    /// How many times as large the data becomes, above 1.
    pub factor: Option<f64>,
    /// Labels (types of spans) of which one must stand on a source; none for all sources.
    pub only: Vec<String>,
    /// Labels with the number of examples up to which each is brought.
    pub targets: Vec<LabelTarget>,
    /// The share of words that slips, random letters and left out words touch, above 0 and at most 1.
    pub share: f64,
    /// The file of templates.
    pub templates: Option<PathBuf>,
    /// The test set, of which no new example may be a twin.
    pub test: Option<PathBuf>,
    /// Whether the gain is measured by folds.
    pub measure: bool,
    /// Whether the new examples are written without those they come from.
    pub new_only: bool,
    /// The seed of what is drawn.
    pub seed: u64,
    /// The format to write, instead of the input's.
    pub to: Option<Format>,
    /// How the input is read.
    pub read: ReadOptions,
}

impl Default for AugmentOptions {
    fn default() -> Self {
        Self {
            methods: Vec::new(),
            per_example: None,
            factor: None,
            only: Vec::new(),
            targets: Vec::new(),
            share: 0.1,
            templates: None,
            test: None,
            measure: false,
            new_only: false,
            seed: 42,
            to: None,
            read: ReadOptions::default(),
        }
    }
}

/// A label and how many examples it is to have: `fraud=50`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelTarget {
    /// The label, or the type of spans.
    pub label: String,
    /// So many examples hold it in the end, if so many can be made.
    pub examples: u64,
}

impl std::str::FromStr for LabelTarget {
    type Err = String;

    /// Reads `LABEL=N`; the label may hold equals signs.
    fn from_str(text: &str) -> Result<Self, String> {
        let form = "it is LABEL=NUMBER, such as fraud=50";
        let (label, number) = text.rsplit_once('=').ok_or_else(|| format!("'{text}' names no number; {form}"))?;
        let examples = number.trim().parse().ok().filter(|&n: &u64| n > 0);
        let examples = examples.ok_or_else(|| format!("'{number}' is not a whole number from 1; {form}"))?;
        Ok(Self { label: label.to_owned(), examples })
    }
}

impl AugmentOptions {
    /// The methods asked for, in the order of [`METHODS`]: without names those of texts, and mentions where `spans` says
    /// that there are spans; with templates and no names those alone.
    ///
    /// # Errors
    ///
    /// When a name is neither a method nor a family, or a number is out of its range.
    pub(super) fn chosen(&self, spans: bool) -> Result<Vec<Method>, Error> {
        let option = |option, found: String, valid: &str| Err(Error::Option { option, found, valid: valid.into() });
        if !(self.share > 0.0 && self.share <= 1.0) {
            return option("--share", self.share.to_string(), "it is a share above 0 and at most 1, such as 0.1");
        }
        if let Some(factor) = self.factor.filter(|factor| !(*factor > 1.0 && *factor <= 1000.0)) {
            return option("--factor", factor.to_string(), "it is a number above 1, such as 2 for twice the data");
        }
        let all = || METHODS.iter().chain(&SPECIAL).copied();
        if self.methods.is_empty() {
            let suits = |method: &Method| match method.name {
                TEMPLATE => self.templates.is_some(),
                "mention" => spans && self.templates.is_none(),
                _ => self.templates.is_none(),
            };
            return Ok(all().filter(suits).collect());
        }
        for name in &self.methods {
            if !all().any(|method| method.name == name || method.family() == name) {
                let names: Vec<&str> = all().map(|method| method.name).collect();
                let valid =
                    format!("the methods are {}; a family such as typo stands for all of its own", names.join(", "));
                return option("--methods", name.clone(), &valid);
            }
        }
        let asked = |method: &Method| self.methods.iter().any(|name| method.name == name || method.family() == name);
        let chosen: Vec<Method> = all().filter(asked).collect();
        match chosen.iter().find(|method| method.name == TEMPLATE || method.name == "mention") {
            Some(method) if method.name == TEMPLATE && self.templates.is_none() => {
                option("--methods", TEMPLATE.into(), "it needs --templates FILE")
            }
            Some(method) if method.name == "mention" && !spans => {
                option("--methods", "mention".into(), "it is for data with spans")
            }
            _ => Ok(chosen),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(options: &AugmentOptions, spans: bool) -> Vec<&'static str> {
        options.chosen(spans).unwrap().into_iter().map(|method| method.name).collect()
    }

    #[test]
    fn methods_are_those_that_suit_or_those_named() {
        let all = AugmentOptions::default();
        assert_eq!((names(&all, false).len(), names(&all, true).len()), (14, 15));
        let typos = AugmentOptions { methods: vec!["typo".into(), "dropout".into()], ..all.clone() };
        assert_eq!(names(&typos, false), ["typo-neighbour", "typo-swap", "typo-omit", "typo-double", "dropout"]);
        let templates = AugmentOptions { templates: Some("t".into()), ..all.clone() };
        assert_eq!(names(&templates, true), ["template"]);
        for (methods, share, says) in [
            (vec!["typos".into()], 0.1, "the methods are case-lower, "),
            (vec!["template".into()], 0.1, "it needs --templates"),
            (vec!["mention".into()], 0.1, "it is for data with spans"),
            (vec![], 0.0, "a share above 0"),
        ] {
            let options = AugmentOptions { methods, share, ..all.clone() };
            assert!(options.chosen(false).unwrap_err().to_string().contains(says));
        }
    }

    #[test]
    fn targets_name_a_label_and_a_number() {
        assert_eq!("a=b=5".parse(), Ok(LabelTarget { label: "a=b".into(), examples: 5 }));
        assert!("fraud".parse::<LabelTarget>().is_err() && "fraud=0".parse::<LabelTarget>().is_err());
    }
}
