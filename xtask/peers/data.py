#!/usr/bin/env python3
"""Reads or converts a file of annotations with the usual Python tool; the last line is what was counted, as JSON.

usage: data.py WHAT FILE

  pandas-csv      pandas.read_csv, labels counted
  pandas-jsonl    pandas.read_json(lines=True), labels counted
  datasets-csv    datasets.load_dataset("csv") into an empty cache, labels counted
  datasets-jsonl  datasets.load_dataset("json") into an empty cache, labels counted
  plain-conll     lines split at white space, as loading scripts of CoNLL files do; spans of IOB2 counted by type
  spacy-conll     spaCy's converter of CoNLL files, to a DocBin in memory
  ls-json-min     label-studio-sdk's converter, to JSON_MIN (ls-csv: CSV; ls-conll: CONLL2003)
"""
import collections
import json
import sys
import tempfile


def pandas_csv(file):
    import pandas

    return pandas.read_csv(file)["label"].value_counts().to_dict()


def pandas_jsonl(file):
    import pandas

    return pandas.read_json(file, lines=True)["label"].value_counts().to_dict()


def with_datasets(kind, file):
    import datasets

    datasets.disable_progress_bars()
    with tempfile.TemporaryDirectory() as cache:
        data = datasets.load_dataset(kind, data_files=file, split="train", cache_dir=cache)
        return dict(collections.Counter(data["label"]))


def plain_conll(file):
    sentences, tokens, tags = [], [], []
    for line in open(file, encoding="utf-8"):
        if line.startswith("-DOCSTART-") or line == "" or line == "\n":
            if tokens:
                sentences.append({"id": str(len(sentences)), "tokens": tokens, "tags": tags})
                tokens, tags = [], []
        else:
            splits = line.rstrip().split()
            tokens.append(splits[0])
            tags.append(splits[-1])
    if tokens:
        sentences.append({"id": str(len(sentences)), "tokens": tokens, "tags": tags})
    counts = collections.Counter()
    for sentence in sentences:
        counts.update(tag[2:] for tag in sentence["tags"] if tag.startswith("B-"))
    return dict(counts)


def spacy_conll(file):
    from spacy.tokens import DocBin
    from spacy.training.converters import conll_ner_to_docs

    with open(file, encoding="utf-8") as f:
        text = f.read()
    docs = DocBin(docs=conll_ner_to_docs(text, n_sents=10, no_print=True), store_user_data=True)
    return {"docs": len(docs), "bytes": len(docs.to_bytes())}


def label_studio(to, file):
    from label_studio_sdk.converter import Converter

    config = (
        '<View><Labels name="label" toName="text"><Label value="Chemical"/><Label value="Disease"/></Labels>'
        '<Text name="text" value="$text"/></View>'
    )
    with tempfile.TemporaryDirectory() as out:
        target = out + "/result.csv" if to == "CSV" else out
        Converter(config, None, download_resources=False).convert(file, target, to, is_dir=False)
        name = {"CSV": "result.csv", "JSON_MIN": "result.json", "CONLL2003": "result.conll"}[to]
        with open(out + "/" + name, encoding="utf-8") as f:
            return {"lines": sum(1 for _ in f)}


WHAT = {
    "pandas-csv": pandas_csv,
    "pandas-jsonl": pandas_jsonl,
    "datasets-csv": lambda file: with_datasets("csv", file),
    "datasets-jsonl": lambda file: with_datasets("json", file),
    "plain-conll": plain_conll,
    "spacy-conll": spacy_conll,
    "ls-json-min": lambda file: label_studio("JSON_MIN", file),
    "ls-csv": lambda file: label_studio("CSV", file),
    "ls-conll": lambda file: label_studio("CONLL2003", file),
}

if __name__ == "__main__":
    print(json.dumps(WHAT[sys.argv[1]](sys.argv[2]), ensure_ascii=False)[:2000])
