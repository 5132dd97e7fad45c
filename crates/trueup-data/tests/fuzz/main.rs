//! Broken files of every format: no reader panics, hangs, takes much more memory than its input has bytes, or hands out
//! spans that are not in their text; what was read can be written.
//!
//! Each case is made from its number alone, so that a failure says how to make it again. How much is tried:
//!
//! - `TRUEUP_FUZZ=N`: N times as many cases as usual, with the real data as seeds where it is there.
//! - `TRUEUP_FUZZ_SECONDS=S`: cases for S seconds a format, with the real data.
//! - `TRUEUP_FUZZ_CASE=I`: the case of that number alone.
//!
//! `cargo xtask fuzz` sets them. What was found stands in `fuzz_found.rs`.
#![allow(clippy::result_large_err, reason = "the library's errors name file, place and remedy")]
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod check;
mod memory;
mod mutate;
mod run;
mod seeds;

use trueup_data::Format;

/// One test for each format, so that they run beside each other and a failure has a name.
macro_rules! formats {
    ($($test:ident = $name:literal,)*) => {
        $(#[test]
        fn $test() {
            run::format($name);
        })*

        #[test]
        fn every_format_is_broken() {
            let mut tested = [$($name),*];
            let mut all: Vec<&str> = Format::all().map(Format::name).collect();
            tested.sort_unstable();
            // Workbooks are only read, and no small one can be written here to begin from.
            all.retain(|name| *name != "xlsx");
            all.sort_unstable();
            assert_eq!(tested.as_slice(), all);
        }
    };
}

formats! {
    parquet = "parquet",
    hf_disk = "hf-disk",
    arrow = "arrow",
    spacy = "spacy",
    spacy_folder = "spacy-folder",
    spacy_json = "spacy-json",
    spacy_tuples = "spacy-tuples",
    npy = "npy",
    fasttext = "fasttext",
    label_studio = "label-studio",
    label_studio_min = "label-studio-min",
    label_studio_csv = "label-studio-csv",
    prodigy = "prodigy",
    doccano = "doccano",
    argilla = "argilla",
    azure = "azure",
    brat = "brat",
    rasa = "rasa",
    comprehend_manifest = "comprehend-manifest",
    comprehend_entities = "comprehend-entities",
    comprehend = "comprehend",
    split_lists = "split-lists",
    crowd_conll = "crowd-conll",
    conll_folder = "conll-folder",
    parallel = "parallel",
    label_folders = "label-folders",
    jsonl = "jsonl",
    label_text = "label-text",
    conllu = "conllu",
    spacy_iob = "spacy-iob",
    conll = "conll",
    csv = "csv",
    tsv = "tsv",
}

/// Each row of a table keeps the room of its own cells, not that of the longest row before it.
#[test]
fn a_long_row_leaves_no_room_behind() {
    let long = "word ".repeat(40_000);
    let rows: Vec<String> = (0..4_000).map(|id| format!("{id},Ann,a b,{id}\n")).collect();
    let text = format!("id,annotator,text,label\n0,Ann,{long},1\n{}", rows.concat());
    let files = trueup_data::memory::Files::from([(String::new(), text.into_bytes())]);
    let of = |name: &str| name.parse::<Format>().ok();
    for from in ["label-studio-csv", "csv"] {
        let how = check::How { from: of(from), strict: false, to: of("jsonl").unwrap() };
        let measured = check::check(&files, how).unwrap();
        assert!(measured.read, "{from}");
    }
}
