"""Reports of seqeval, in its default and its strict mode, on random tags and on real files under noise."""

import numpy as np
from scheme_cases import SCHEMES, random_tags
from seqeval.metrics import accuracy_score, classification_report

PEERS = ("numpy", "seqeval")
MIXED = "BIESLU"


def report(gold, predicted, **mode):
    """Figures by name, as `weighted avg f1-score`; None without any entity, where seqeval stops or gives no number."""
    try:
        rows = classification_report(gold, predicted, output_dict=True, zero_division=0, **mode)
    except (ValueError, ZeroDivisionError):
        return None
    figures = {f"{row} {figure}": float(value) for row, cells in rows.items() for figure, value in cells.items()}
    return None if any(np.isnan(value) for value in figures.values()) else figures


def case(name, scheme, gold, predicted, strict=True):
    """One case; `strict` is left out for tags of no scheme."""
    return {
        "name": name,
        "scheme": scheme,
        "gold": [" ".join(tags) for tags in gold],
        "predicted": [" ".join(tags) for tags in predicted],
        "accuracy": accuracy_score(gold, predicted),
        "default": report(gold, predicted),
        "strict": report(gold, predicted, mode="strict", scheme=SCHEMES[scheme][0]) if strict else None,
    }


def disturbed(rng, sentences, letters, share):
    """Some tags replaced by any letter with a type that occurs."""
    kinds = sorted({tag[2:] for tags in sentences for tag in tags if len(tag) > 2}) or ["X"]
    out = []
    for tags in sentences:
        change = rng.random(len(tags)) < share
        other = ["O", *(f"{letter}-{kind}" for letter in letters for kind in kinds)]
        out.append([str(rng.choice(other)) if c else tag for tag, c in zip(tags, change)])
    return out


def encoded(chunks, length, scheme):
    """Chunks (start, end, kind) as tags of the scheme."""
    tags = ["O"] * length
    for n, (start, end, kind) in enumerate(chunks):
        def touching(other, edge, at):
            return 0 <= other < len(chunks) and chunks[other][2] == kind and chunks[other][edge] == at

        marked = touching(n - 1, 1, start) if scheme == "IOB1" else touching(n + 1, 0, end)
        first, last, single = {
            "IOB1": "BIB" if marked else "III",
            "IOB2": "BIB",
            "IOE1": "IEE" if marked else "III",
            "IOE2": "IEE",
            "IOBES": "BES",
            "BILOU": "BLU",
        }[scheme]
        for i in range(start, end):
            letter = single if end == start + 1 else first if i == start else last if i == end - 1 else "I"
            tags[i] = f"{letter}-{kind}"
    return tags


def chunks(tags):
    """Chunks of tags in IOB1 or IOB2."""
    out, start = [], None
    for i, tag in enumerate([*tags, "O"]):
        if start is not None and (tag == "O" or tag[0] == "B" or tag[2:] != tags[start][2:]):
            out.append((start, i, tags[start][2:]))
            start = None
        if start is None and tag != "O":
            start = i
    return out


def random_cases(rng, count, sentences):
    for scheme, (_, letters) in SCHEMES.items():
        for i in range(count):
            gold = [random_tags(rng, letters) for _ in range(int(rng.integers(1, sentences)))]
            share = rng.choice([0.0, 0.1, 0.4, 1.0])
            yield case(f"{scheme} {i}", scheme, gold, disturbed(rng, gold, letters, share))
    for i in range(count):
        gold = [random_tags(rng, MIXED) for _ in range(int(rng.integers(1, sentences)))]
        predicted = disturbed(rng, gold, MIXED, 0.4)
        if i % 3 == 0:
            # Letters without a type, which seqeval gives the type `_`, that of `O` too.
            bare = ["B", "I", "E", "S"]
            gold, predicted = ([[str(rng.choice(bare)) if rng.random() < 0.2 else t for t in s] for s in side]
                               for side in (gold, predicted))
        yield case(f"all letters {i}", "IOB2", gold, predicted, strict=False)


def tag_column(path):
    """The sentences of a file, whatever sets its columns apart."""
    sentences = [[]]
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            sentences[-1].append(line.split()[-1])
        elif sentences[-1]:
            sentences.append([])
    return [sentence for sentence in sentences if sentence]


def real_cases(rng, data):
    """Every set in its own scheme, and one small set in all six."""
    files = {
        "wnut17": "wnut17/emerging.test.annotated",
        "ncbi_disease": "ncbi_disease/test.tsv",
        "bc5cdr": "bc5cdr/devel.tsv",
        "wikigold": "wikigold/wikigold.conll.txt",
        "hausa": "hausa/hausa_ner/test.tsv",
    }
    for name, path in files.items():
        if not (data / path).exists():
            continue
        # A few tags of these files are misspelt; seqeval's strict mode stops at them.
        gold = [[tag if tag[:2] in ("B-", "I-") else "O" for tag in tags] for tags in tag_column(data / path)]
        scheme = "IOB1" if name == "wikigold" else "IOB2"
        yield case(name, scheme, gold, disturbed(rng, gold, SCHEMES[scheme][1], 0.03))
        if name in ("wnut17", "hausa"):
            for scheme, (_, letters) in SCHEMES.items():
                tags = [encoded(chunks(sentence), len(sentence), scheme) for sentence in gold]
                yield case(f"{name} {scheme}", scheme, tags, disturbed(rng, tags, letters, 0.04))


def make(small, data):
    rng = np.random.default_rng(20261124)
    cases = list(random_cases(rng, 1, 3) if small else random_cases(rng, 180, 30))
    if data and not small:
        cases += real_cases(rng, data)
    return cases
