//! Demo: two small labelled sets that look like real work and hold known faults.
//!
//! [`tickets`] are support tickets for classification, in a training and a test file; [`invoices`] are snippets of
//! invoices for entity recognition. Every text is invented. Faults are planted on purpose and listed in
//! [`DemoSet::faults`], so that a first review can be checked line by line against what it should find.
//!
//! Nothing here touches a file: the caller writes [`DemoSet::files`]. The same seed gives the same bytes.

mod alike;
mod invoices;
mod phrase;
mod tickets;

pub use invoices::invoices;
pub use tickets::tickets;

/// A labelled set in files, with the faults that were planted in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoSet {
    /// What the set is called: `tickets`.
    pub name: &'static str,
    /// File names with their whole content.
    pub files: Vec<(String, String)>,
    /// What was planted.
    pub faults: Vec<Fault>,
}

/// One kind of fault, planted on purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What it is called: `exact-leak`.
    pub kind: &'static str,
    /// The rule that should find it: `K201`.
    pub code: &'static str,
    /// What was done to the data, in a sentence.
    pub what: String,
    /// The examples that hold it, in the order of the files.
    pub ids: Vec<String>,
}

/// The page that goes beside the files: what was planted where, and which rule should find it.
pub fn faults_markdown(sets: &[DemoSet]) -> String {
    let mut page = String::from(
        "# Faults of the demo data\n\nThe data in this folder is made up, and these faults were planted in it on \
         purpose. The first column names the rule whose business it is: look it up in the review, or read what it does \
         with `trueup explain CODE` (`trueup rules` lists those that this version has). Some mistakes of the model come \
         without a plant, as they do in real data.\n",
    );
    for set in sets {
        let files: Vec<_> = set.files.iter().map(|(name, _)| format!("`{name}`")).collect();
        page +=
            &["\n## ", set.name, ": ", &files.join(", "), "\n\n| rule | fault | what was done | examples |\n"].concat();
        page += "|---|---|---|---|\n";
        for fault in &set.faults {
            let ids = fault.ids.join(" ");
            page += &["| ", fault.code, " | ", fault.kind, " | ", &fault.what, " | ", &ids, " |\n"].concat();
        }
    }
    page
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
        assert_eq!((tickets(7), invoices(7)), (tickets(7), invoices(7)));
        assert_ne!(tickets(7).files, tickets(8).files);
        assert_ne!(invoices(7).files, invoices(8).files);
    }

    #[test]
    fn the_page_lists_every_fault_with_its_rule_and_examples() {
        let sets = [tickets(42), invoices(42)];
        let page = faults_markdown(&sets);
        for fault in sets.iter().flat_map(|set| &set.faults) {
            let row = page.lines().find(|line| line.contains(&fault.what)).unwrap();
            assert!(row.starts_with(&format!("| {} | {} |", fault.code, fault.kind)), "{row}");
            assert!(fault.ids.iter().all(|id| row.contains(id.as_str())), "{row}");
        }
    }

    #[test]
    fn every_fault_names_examples_of_the_files() {
        for set in [tickets(42), invoices(42)] {
            let content: String = set.files.iter().map(|(_, content)| content.as_str()).collect();
            for fault in &set.faults {
                assert!(!fault.ids.is_empty(), "{}", fault.kind);
                for id in &fault.ids {
                    assert!(content.contains(id.as_str()), "{}: {id}", fault.kind);
                }
            }
        }
    }
}
