//! Reads any bytes as one format, that of `TRUEUP_FUZZ_FORMAT`, or as what they look like.
//!
//! A line of the byte 0x1E and a name begins a file of a folder; what has none is a lone file.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use trueup_data::memory::{Files, read_corpus_folder, read_dataset_folder, write_corpus_folder};
use trueup_data::{Format, ReadOptions};

static FORMAT: LazyLock<Option<Format>> = LazyLock::new(|| {
    let name = std::env::var("TRUEUP_FUZZ_FORMAT").ok()?;
    Some(name.parse().expect("TRUEUP_FUZZ_FORMAT is the name of a format"))
});

fn files(bytes: &[u8]) -> Files {
    let mut parts = bytes.split(|byte| *byte == 0x1e);
    let first = parts.next().unwrap_or_default();
    let mut files = Files::new();
    for part in parts {
        let end = part.iter().position(|byte| *byte == b'\n').unwrap_or(part.len());
        let name = String::from_utf8_lossy(&part[..end]).into_owned();
        files.insert(name, part.get(end + 1..).unwrap_or_default().to_vec());
    }
    if files.is_empty() || !first.is_empty() {
        files.insert(String::new(), first.to_vec());
    }
    files
}

fuzz_target!(|bytes: &[u8]| {
    let options = ReadOptions { from: *FORMAT, ..ReadOptions::default() };
    let files = files(bytes);
    if let Ok(read) = read_corpus_folder("f", files.clone(), &options) {
        for record in &read.corpus.records {
            let text = record.text();
            for token in &record.tokens {
                assert!(text.get(token.start..token.end).is_some(), "{record:?}");
            }
            for span in record.answers().flat_map(|answer| answer.spans.iter().flatten()) {
                assert!(text.get(span.start..span.end).is_some(), "{record:?}");
                assert!(span.pieces.iter().all(|&(start, end)| text.get(start..end).is_some()), "{record:?}");
            }
        }
        let written = write_corpus_folder(&read.corpus, Format::JSONL);
        assert!(written.is_ok(), "{written:?}");
    }
    let _ = read_dataset_folder("f", files, &options);
});
