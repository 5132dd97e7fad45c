//! What is broken: small valid files of every format, made by its writer, by hand, and from real data where it is there.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use trueup_data::corpus::{
    Answer, Choice, Corpus, Mark, Outline, Prediction, Record, Relation, Response, Status, TokenMark,
};
use trueup_data::memory::{Files, read_corpus_folder, write_corpus_folder};
use trueup_data::{Format, ReadOptions};

/// Of more bytes than this a real file is cut.
const MOST: usize = 12 << 10;

/// A lone file.
pub fn file(bytes: impl Into<Vec<u8>>) -> Files {
    Files::from([(String::new(), bytes.into())])
}

/// Files of a format.
pub fn of(format: Format, real: bool) -> Vec<Files> {
    let mut seeds: Vec<Files> =
        corpora().iter().filter_map(|corpus| write_corpus_folder(corpus, format).ok()).collect();
    let by_hand = BY_HAND.iter().filter(|(name, _)| *name == format.name());
    seeds.extend(by_hand.map(|(_, text)| file(*text)));
    if format.name() == "npy" {
        seeds.extend(arrays().into_iter().map(file));
    }
    if real {
        seeds.extend(found(format));
    }
    seeds
}

fn corpus(records: Vec<Record>) -> Corpus {
    let mut outline = Outline::default();
    records.iter().for_each(|record| outline.see(record));
    Corpus { outline, records }
}

fn tokens(text: &str) -> Vec<TokenMark> {
    let mut at = 0;
    let word = |word: &str| {
        let start = at;
        at += word.len() + 1;
        TokenMark { start, end: start + word.len(), ..TokenMark::default() }
    };
    text.split(' ').map(word).collect()
}

/// Corpora that together have everything: one label; several; spans with tokens; answers of people and models.
fn corpora() -> Vec<Corpus> {
    let texts = ["Anna met Bob in Zürich .", "😀 =1+1 a,b |", "cafe\u{301} \"x\" <b> &amp;", "B-PER O 5 # 東京"];
    let base = |i: usize| Record {
        id: Some(format!("id-{i}")),
        text: Some(texts[i % texts.len()].to_owned()),
        split: Some(["train", "test"][i % 2].into()),
        metadata: vec![
            ("source".into(), json!("mail, \"web\"")),
            ("n".into(), json!(i)),
            ("deep".into(), json!([{"a": 1.5}])),
        ],
        ..Record::default()
    };
    let one = |i: usize| Record { gold: Some(Answer::labels([["pos", "NUM:date"][i % 2]])), ..base(i) };
    let several = |i: usize| {
        let mut gold = Answer::labels(["pos", "a b", "x:y"].into_iter().take(i % 4));
        gold.comment = Some("why\nnot".to_owned());
        if let Some(first) = gold.labels.as_mut().and_then(|labels| labels.first_mut()) {
            first.field = Some("topic".into());
        }
        Record { gold: Some(gold), ..base(i) }
    };
    let marks = |i: usize, gaps: bool| {
        let words = tokens(texts[i % texts.len()]);
        let last = words.len() - 1;
        let mut first = Mark::new(words[0].start, words[0].end, "PER");
        let mut second = Mark::new(words[1].start, words[last].end, "LOC");
        (first.id, second.id) = (Some("T1".to_owned()), Some("T2".to_owned()));
        first.attributes = vec![("Negated".into(), json!(true)), ("norm".into(), json!("Q42"))];
        if gaps && last > 2 {
            second.pieces = vec![(words[1].start, words[1].end), (words[last].start, words[last].end)];
        }
        let relations = vec![Relation {
            id: Some("R1".to_owned()),
            kind: "knows".to_owned(),
            arguments: vec![("from".to_owned(), "T1".to_owned()), ("to".to_owned(), "T2".to_owned())],
            attributes: Vec::new(),
        }];
        Answer { relations, ..Answer::spans(vec![first, second]) }
    };
    let spans = |i: usize, gaps: bool| {
        let record = base(i);
        let mut tokens = tokens(record.text());
        tokens.iter_mut().for_each(|token| token.columns = ["NN".into(), "_".into()].into());
        Record { tokens, gold: Some(marks(i, gaps)), ..record }
    };
    let people = |i: usize, with_spans: bool| {
        let answer = |k: usize| if with_spans { marks(i, false) } else { Answer::labels([["pos", "neg"][k % 2]]) };
        let response = |k: usize| Response {
            annotator: Some(["ann", "bob", "cleo"][k % 3].to_owned()),
            time: Some("2024-01-02T03:04:05Z".to_owned()),
            seconds: Some(1.5),
            status: [Status::Accepted, Status::Rejected, Status::Skipped][(i + k) % 3],
            answer: answer(k),
            id: Some(format!("{}", 10 * i + k)),
            extra: vec![("lead".into(), json!(3))],
        };
        let prediction = Prediction {
            model: Some("m1".to_owned()),
            answer: answer(i),
            score: Some(0.75),
            scores: vec![("pos".to_owned(), 0.75), ("neg".to_owned(), 0.25)],
            ..Prediction::default()
        };
        let responses = (0..i % 4).map(response).collect();
        Record { gold: i.is_multiple_of(2).then(|| answer(i)), responses, predictions: vec![prediction], ..base(i) }
    };
    let both = |i: usize| {
        let labels = vec![Choice { label: "pos".to_owned(), ..Choice::default() }];
        Record { gold: Some(Answer { labels: Some(labels), ..marks(i, false) }), ..base(i) }
    };
    vec![
        corpus((0..4).map(one).collect()),
        corpus((0..4).map(several).collect()),
        corpus((0..4).map(|i| spans(i, false)).collect()),
        corpus((0..4).map(|i| spans(i, true)).collect()),
        corpus((0..6).map(|i| people(i, false)).collect()),
        corpus((0..6).map(|i| people(i, true)).collect()),
        corpus((0..4).map(both).collect()),
    ]
}

/// Files by hand, in shapes that no writer of ours writes.
const BY_HAND: &[(&str, &str)] = &[
    (
        "jsonl",
        "[{\"tokens\": [\"Anna\", \"met\"], \"tags\": [\"B-PER\", \"O\"]}, {\"tokens\": [\"x\"], \"tags\": [\"O\"]}]",
    ),
    ("jsonl", "{\"text\": \"é Anna\", \"entities\": [[2, 6, \"PER\"]]}\n{\"text\": \"b\", \"entities\": []}\n"),
    ("jsonl", "{\"text\": \"a\", \"spans\": [{\"start\": 0, \"end\": 1, \"label\": \"X\", \"text\": \"a\"}]}\n"),
    ("jsonl", "{\"sentence\": \"a\", \"label\": 1}\n{\"sentence\": \"b\", \"label\": 0}\n"),
    ("csv", "id;text;label\r\n1;\"a \"\"b\"\"\r\nc\";x|y\r\n2;'=1;z\r\n"),
    ("csv", "a text,pos\nanother one,neg\nthird,pos\n"),
    ("csv", "text,annotator,label\na,ann,x\na,bob,y\nb,ann,x\n"),
    ("tsv", "ham\tgo until\nspam\tfree entry\nham\tok\n"),
    ("conll", "-DOCSTART- -X- -X- O\n\nEU NNP B-NP B-ORG\nrejects VBZ B-VP O\n\nPeter NNP I-NP I-PER\n"),
    ("conll", "# id 1\tdomain=en\nb _ _ S-X\nc _ _ B-Y\nd _ _ E-Y\n"),
    (
        "conllu",
        "# sent_id = s1\n# text = vámonos al mar.\n1-2\tvámonos\t_\t_\t_\t_\t_\t_\t_\tEntity=B-PER\n1\tvamos\tir\tVERB\t_\t_\t0\troot\t_\t_\n2\tnos\tnos\tPRON\t_\t_\t1\tobj\t_\t_\n3.1\tx\tx\tX\t_\t_\t_\t_\t1:dep\t_\n3\tmar\tmar\tNOUN\t_\t_\t1\tobl\t_\tSpaceAfter=No\n\n",
    ),
    ("spacy-iob", "I|PRP|O like|VBP|O London|NNP|B-GPE\nand|O Berlin|B-GPE\n"),
    ("label-text", "DESC:def What is it ?\nNUM:date When is it ?\n"),
    ("fasttext", "__label__a __label__b good\n__label__c bad\n"),
    (
        "rasa",
        "version: \"3.1\"\nnlu:\n- intent: greet\n  examples: |\n    - hey [Anna](person)\n    - go to [Rome]{\"entity\": \"city\", \"role\": \"to\"}\n- lookup: city\n  examples: |\n    - Rome\n- synonym: NYC\n  examples: |\n    - New York\n",
    ),
    (
        "prodigy",
        "{\"text\":\"a b\",\"spans\":[{\"start\":0,\"end\":1,\"label\":\"X\",\"token_start\":0,\"token_end\":0}],\"tokens\":[{\"text\":\"a\",\"start\":0,\"end\":1,\"id\":0,\"ws\":true},{\"text\":\"b\",\"start\":2,\"end\":3,\"id\":1,\"ws\":false}],\"_input_hash\":1,\"_task_hash\":2,\"answer\":\"accept\",\"_annotator_id\":\"s-ann\",\"_timestamp\":1700000000}\n{\"text\":\"c\",\"options\":[{\"id\":\"p\",\"text\":\"P\"}],\"accept\":[\"p\"],\"answer\":\"reject\",\"_session_id\":\"s-bob\"}\n",
    ),
    (
        "doccano",
        "{\"id\":1,\"text\":\"é Anna\",\"label\":[[2,6,\"PER\"]],\"Comments\":[]}\n{\"id\":2,\"text\":\"b\",\"entities\":[{\"id\":1,\"label\":\"X\",\"start_offset\":0,\"end_offset\":1}],\"relations\":[{\"id\":3,\"from_id\":1,\"to_id\":1,\"type\":\"r\"}]}\n",
    ),
    (
        "label-studio",
        "[{\"id\":1,\"data\":{\"text\":\"é Anna <b>\"},\"annotations\":[{\"id\":5,\"completed_by\":{\"id\":1,\"email\":\"a@b\"},\"was_cancelled\":false,\"result\":[{\"id\":\"x\",\"from_name\":\"label\",\"to_name\":\"text\",\"type\":\"labels\",\"value\":{\"start\":2,\"end\":6,\"text\":\"Anna\",\"labels\":[\"PER\"]}},{\"from_name\":\"c\",\"to_name\":\"text\",\"type\":\"choices\",\"value\":{\"choices\":[\"pos\"]}},{\"type\":\"relation\",\"from_id\":\"x\",\"to_id\":\"x\",\"direction\":\"right\",\"labels\":[\"r\"]},{\"from_name\":\"t\",\"to_name\":\"text\",\"type\":\"taxonomy\",\"value\":{\"taxonomy\":[[\"a\",\"b\"]]}}]}],\"predictions\":[{\"model_version\":\"m\",\"score\":0.5,\"result\":[]}]}]",
    ),
    (
        "label-studio-min",
        "[{\"id\":1,\"text\":\"a b\",\"label\":[{\"start\":0,\"end\":1,\"text\":\"a\",\"labels\":[\"X\"]}],\"annotator\":1,\"annotation_id\":3,\"created_at\":\"2024\",\"updated_at\":\"2024\",\"lead_time\":1.5},{\"id\":2,\"text\":\"c\",\"sentiment\":\"pos\",\"annotator\":2,\"annotation_id\":4,\"created_at\":\"2024\",\"updated_at\":\"2024\",\"lead_time\":1.5}]",
    ),
    (
        "spacy-json",
        "[{\"id\":0,\"paragraphs\":[{\"raw\":\"I like London.\",\"sentences\":[{\"tokens\":[{\"id\":0,\"orth\":\"I\",\"ner\":\"O\",\"space\":\" \"},{\"id\":1,\"orth\":\"like\",\"ner\":\"O\"},{\"id\":2,\"orth\":\"London\",\"ner\":\"U-GPE\"}],\"brackets\":[]}],\"cats\":[{\"label\":\"p\",\"value\":1.0}],\"entities\":[[7,13,\"GPE\"]]}]}]",
    ),
    (
        "spacy-tuples",
        "[[\"I like London.\", {\"entities\": [[7, 13, \"GPE\"]], \"cats\": {\"a\": 1.0}}], [\"x\", {\"entities\": []}]]",
    ),
    (
        "comprehend-manifest",
        "{\"source\":\"a b\",\"job\":{\"annotations\":{\"entities\":[{\"startOffset\":0,\"endOffset\":1,\"label\":\"X\"}],\"labels\":[{\"label\":\"X\"}]}},\"job-metadata\":{\"type\":\"groundtruth/text-span\",\"human-annotated\":\"yes\",\"creation-date\":\"2024\",\"entities\":[{\"confidence\":0.9}]}}\n{\"source\":\"c\",\"job\":1,\"job-metadata\":{\"class-name\":\"y\",\"confidence\":0.5,\"type\":\"groundtruth/text-classification\"}}\n",
    ),
    (
        "argilla",
        "[{\"id\":\"1\",\"fields\":{\"text\":\"a b\"},\"metadata\":{},\"suggestions\":{\"q\":{\"value\":\"x\",\"score\":0.5,\"agent\":\"m\"}},\"responses\":{\"q\":[{\"value\":\"x\",\"user_id\":\"u\",\"status\":\"submitted\"}]},\"vectors\":{}}]",
    ),
    (
        "argilla",
        "{\"text\":\"a b\",\"inputs\":{\"text\":\"a b\"},\"prediction\":[[\"X\",0,1,0.5]],\"annotation\":[[\"X\",0,1]],\"annotation_agent\":\"a\",\"status\":\"Validated\",\"id\":\"1\"}\n",
    ),
    (
        "azure",
        "{\"projectFileVersion\":\"2022-05-01\",\"metadata\":{\"projectKind\":\"CustomEntityRecognition\",\"language\":\"en\"},\"assets\":{\"projectKind\":\"CustomEntityRecognition\",\"entities\":[{\"category\":\"X\"}],\"documents\":[{\"location\":\"a.txt\",\"language\":\"en\",\"dataset\":\"Train\",\"entities\":[{\"regionOffset\":0,\"regionLength\":5,\"labels\":[{\"category\":\"X\",\"offset\":0,\"length\":2}]}]}]}}",
    ),
];

/// NumPy arrays of a few types.
fn arrays() -> Vec<Vec<u8>> {
    let array = |descr: &str, shape: &str, data: &[u8]| {
        let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
        header.push_str(&" ".repeat(63 - (header.len() + 10) % 64));
        header.push('\n');
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend_from_slice(&(header.len() as u16).to_le_bytes());
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(data);
        bytes
    };
    let floats: Vec<u8> = [0.25f64, 0.75, 0.5, 0.5].iter().flat_map(|x| x.to_le_bytes()).collect();
    vec![
        array("<f8", "(2, 2)", &floats),
        array("<f4", "(2, 1)", &floats[..8]),
        array(">i2", "(4,)", &floats[..8]),
        array("|b1", "(2, 3)", &[0, 1, 0, 1, 1, 0]),
    ]
}

/// Small real files that are in a format; a large one is cut after a line.
fn found(format: Format) -> Vec<Files> {
    const EACH: usize = 5;
    let Some(root) = data() else {
        return Vec::new();
    };
    let mut folders = vec![root];
    let mut seeds = Vec::new();
    while let Some(folder) = folders.pop() {
        if seeds.len() >= 4 * EACH {
            break;
        }
        let mut entries: Vec<PathBuf> =
            fs::read_dir(&folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect();
        entries.sort();
        let (below, here): (Vec<_>, Vec<_>) = entries.into_iter().partition(|path| path.is_dir());
        folders.extend(below);
        let mut whole = Files::new();
        for path in here.iter().take(12) {
            let Some(bytes) = beginning(path) else {
                continue;
            };
            if seeds.len() < 4 * EACH && is(format, &file(bytes.clone())) {
                seeds.push(file(bytes.clone()));
            }
            whole.insert(path.file_name().unwrap_or_default().to_string_lossy().into_owned(), bytes);
        }
        if is(format, &whole) {
            seeds.push(whole);
        }
    }
    // From different places.
    let step = seeds.len().div_ceil(EACH).max(1);
    seeds.into_iter().step_by(step).collect()
}

fn is(format: Format, files: &Files) -> bool {
    read_corpus_folder("f", files.clone(), &ReadOptions::default()).is_ok_and(|read| read.format == format)
}

fn beginning(path: &Path) -> Option<Vec<u8>> {
    let mut bytes = fs::read(path).ok().filter(|bytes| bytes.len() < 64 << 20)?;
    if bytes.len() > MOST {
        std::str::from_utf8(&bytes[..MOST]).is_ok().then_some(())?;
        let end = bytes[..MOST].iter().rposition(|b| *b == b'\n')? + 1;
        bytes.truncate(end);
    }
    Some(bytes)
}

fn data() -> Option<PathBuf> {
    let root = std::env::var_os("TRUEUP_DATA").map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    Some(root.unwrap_or_else(beside)).filter(|root| root.is_dir())
}
