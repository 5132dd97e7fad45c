"""Inputs of the scripts beside: real data in one plain form that both sides read.

Classification: SET.PART.jsonl, {"text", "label"} or {"text", "labels"}. NER: SET.PART.conll, TOKEN<TAB>TAG under IOB2.
Parts: train, test; dev where the source has one. Where it has none, `fit` and `held` are four fifths and one fifth of
train, for choosing settings; the chosen ones learn from all of train.

Only the standard library, so that importing this costs a timed peer nothing.
"""
import csv
import json
import os

CLASSIFICATION = ("banking77", "clinc150", "trec", "sst2", "tweeteval_emoji", "goemotions")
NER = ("ncbi_disease", "bc5cdr", "wnut17", "wikigold")


def read_rows(file):
    with open(file, encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def write_rows(file, rows):
    with open(file, "w", encoding="utf-8") as f:
        f.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def read_conll(file):
    """Sentences as lists of tuples of columns."""
    sentences, sentence = [], []
    with open(file, encoding="utf-8") as f:
        for line in f:
            columns = tuple(line.rstrip("\n").split("\t"))
            if len(columns) > 1:
                sentence.append(columns)
            elif sentence:
                sentences.append(sentence)
                sentence = []
    return sentences + [sentence] if sentence else sentences


def write_conll(file, sentences):
    with open(file, "w", encoding="utf-8") as f:
        for sentence in sentences:
            f.writelines("\t".join(columns) + "\n" for columns in sentence)
            f.write("\n")


def gold(row):
    return row["labels"] if "labels" in row else row["label"]


def parts_for_choosing(folder, name):
    """Files to learn from and to judge by when settings are chosen."""
    ending = "conll" if name in NER else "jsonl"
    own = os.path.exists(f"{folder}/{name}.dev.{ending}")
    return tuple(f"{folder}/{name}.{part}.{ending}" for part in (("train", "dev") if own else ("fit", "held")))


# How each set is read: a folder in, texts with their labels by part out.


def banking77(d):
    def part(name):
        with open(f"{d}/{name}.csv", newline="", encoding="utf-8") as f:
            return [(row["text"], row["category"]) for row in csv.DictReader(f)]

    return {"train": part("train"), "test": part("test")}


def clinc150(d):
    with open(f"{d}/data_full.json", encoding="utf-8") as f:
        data = json.load(f)
    return {"train": data["train"], "dev": data["val"], "test": data["test"]}


def trec(d):
    def part(name):
        with open(f"{d}/{name}", encoding="latin-1") as f:
            lines = [line.strip().split(" ", 1) for line in f if line.strip()]
        return [(text, label.split(":")[0]) for label, text in lines]

    return {"train": part("train_5500.label"), "test": part("TREC_10.label")}


def sst2(d):
    def part(name):
        with open(f"{d}/{name}.tsv", encoding="utf-8") as f:
            rows = [line.rstrip("\n").split("\t") for line in f][1:]
        return [(row[1].strip(), "positive" if row[0] == "1" else "negative") for row in rows if len(row) > 1]

    return {"train": part("train"), "dev": part("dev"), "test": part("test")}


def tweeteval_emoji(d):
    with open(f"{d}/mapping.txt", encoding="utf-8") as f:
        rows = [line.rstrip("\n").split("\t") for line in f]
    names = {row[0]: row[2].strip("_") for row in rows if len(row) > 2}

    def part(name):
        with open(f"{d}/{name}_text.txt", encoding="utf-8") as texts, open(f"{d}/{name}_labels.txt") as labels:
            # The variation selector was left behind where the emoji, which is the label, stood.
            pairs = zip(texts.read().rstrip("\n").split("\n"), labels.read().split(), strict=True)
            return [(text.replace("\ufe0f", "").strip(), names[label]) for text, label in pairs]

    return {"train": part("train"), "dev": part("val"), "test": part("test")}


def goemotions(d):
    with open(f"{d}/labels.txt", encoding="utf-8") as f:
        names = f.read().split()

    def part(name):
        with open(f"{d}/{name}.tsv", encoding="utf-8") as f:
            rows = [line.rstrip("\n").split("\t") for line in f]
        return [(row[0], [names[int(label)] for label in row[1].split(",")]) for row in rows]

    return {"train": part("train"), "dev": part("dev"), "test": part("test")}


def sentences(file, tag=-1):
    """Sentences of (token, tag), split at lines without a token."""
    found, sentence = [], []
    with open(file, encoding="utf-8") as f:
        for line in f:
            fields = line.split()
            if len(fields) > 1:
                sentence.append((fields[0], fields[tag]))
            elif sentence:
                found.append(sentence)
                sentence = []
    return found + [sentence] if sentence else found


def biomedical(d):
    return {part: sentences(f"{d}/{name}.tsv") for part, name in (("train", "train"), ("dev", "devel"), ("test", "test"))}


def wnut17(d):
    files = {"train": "wnut17train.conll", "dev": "emerging.dev.conll", "test": "emerging.test.annotated"}
    return {part: sentences(f"{d}/{name}") for part, name in files.items()}


def iob2(sentence):
    """Tags of IOB1, where a span may begin with `I-`; what is no tag (Wikigold has one `0`) is outside."""
    out, last = [], "O"
    for token, tag in sentence:
        tag = tag if tag[:2] in ("B-", "I-") else "O"
        if tag.startswith("I-") and last[2:] != tag[2:]:
            tag = "B-" + tag[2:]
        out.append((token, tag))
        last = tag
    return out


def wikigold(d):
    """It has no split: of five articles in a row the first is test, the second dev."""
    with open(f"{d}/wikigold.conll.txt", encoding="utf-8") as f:
        articles = [article for article in f.read().split("-DOCSTART- O") if article.strip()]
    parts = {"train": [], "dev": [], "test": []}
    for i, article in enumerate(articles):
        part = parts[{0: "test", 1: "dev"}.get(i % 5, "train")]
        for block in article.strip().split("\n\n"):
            lines = [line.split() for line in block.split("\n")]
            part.append(iob2([(line[0], line[-1]) for line in lines if len(line) > 1]))
    return {name: [s for s in part if s] for name, part in parts.items()}


READERS = {f.__name__: f for f in (banking77, clinc150, trec, sst2, tweeteval_emoji, goemotions, wnut17, wikigold)}
READERS.update(ncbi_disease=biomedical, bc5cdr=biomedical)


def prepare(data, folder):
    os.makedirs(folder, exist_ok=True)
    for name, reader in READERS.items():
        parts = reader(f"{data}/{name}")
        if "dev" not in parts:
            parts["fit"] = [row for i, row in enumerate(parts["train"]) if i % 5]
            parts["held"] = [row for i, row in enumerate(parts["train"]) if i % 5 == 0]
        for part, rows in parts.items():
            if name in NER:
                write_conll(f"{folder}/{name}.{part}.conll", rows)
            else:
                key = "labels" if isinstance(rows[0][1], list) else "label"
                write_rows(f"{folder}/{name}.{part}.jsonl", [{"text": text, key: label} for text, label in rows])
    with open(f"{folder}/made", "w") as f:
        f.write("all\n")
