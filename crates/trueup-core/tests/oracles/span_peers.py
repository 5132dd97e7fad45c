"""Figures of nervaluate and spaCy on seeded cases, committed as span_peers.json.

    python span_peers.py cases OUT.json            the cases (any Python 3.10)
    python span_peers.py nervaluate CASES OUT      adds the figures of the installed version of nervaluate
    python span_peers.py spacy CASES OUT           adds those of the installed spaCy

Each step runs in an environment of its own, whose peer it asks for its version; OUT may be CASES. Versions of nervaluate
that are of interest: 1.0.0, 1.1.0, 1.2.0, 1.2.1.
"""

import json
import random
import sys
from importlib.metadata import version
from pathlib import Path

TYPES = ["LOC", "ORG", "PER"]


def random_spans(rng, count, overlap):
    """Spans as [start, end, type]; without `overlap` none of them touch each other's tokens. Shuffled with it."""
    spans, at = [], 0
    for _ in range(count):
        start = rng.randrange(20) if overlap else at + rng.randrange(3)
        end = start + rng.randrange(1, 5)
        spans.append([start, end, rng.randrange(len(TYPES))])
        at = end
    return spans


def moved(rng, spans, overlap):
    """What a model might answer: spans kept, moved, retyped, dropped, split."""
    out = []
    for start, end, kind in spans:
        draw = rng.random()
        if draw < 0.4:
            out.append([start, end, kind])
        elif draw < 0.5:
            out.append([start, end, rng.randrange(len(TYPES))])
        elif draw < 0.65:
            out.append([max(0, start - rng.randrange(2)), end + rng.randrange(2), kind])
        elif draw < 0.75 and end - start > 1:
            out += [[start, start + 1, kind], [start + 1, end, rng.randrange(len(TYPES))]]
    if rng.random() < 0.3:
        out.append([20 + rng.randrange(4), 25, rng.randrange(len(TYPES))])
    if not overlap:
        kept, at = [], 0
        for span in sorted(out):
            if span[0] >= at:
                kept.append(span)
                at = span[1]
        return kept
    rng.shuffle(out)
    return out


def cases():
    rng = random.Random(20261125)
    spans = []
    for i in range(48):
        overlap = i % 3 == 2
        documents = []
        for _ in range(rng.choice([1, 1, 2, 5])):
            gold = random_spans(rng, rng.randrange(6), overlap)
            documents.append([gold, moved(rng, gold, overlap)])
        spans.append({"overlap": overlap, "least": rng.choice([1.0, 1.0, 50.0, 75.0]), "documents": documents})
    long = [[[0, 250, 2], [260, 264, 0]], [[248, 256, 2], [261, 264, 1]]]
    spans.append({"overlap": False, "least": 1.0, "documents": [long, [[], [[0, 2, 1]]], [[[3, 4, 1]], []]]})
    cats = []
    for i in range(12):
        labels, rows = rng.randrange(2, 6), rng.randrange(3, 12)
        share = [rng.choice([0.0, 0.3, 0.6, 1.0]) for _ in range(labels)]
        gold = [[int(rng.random() < share[k]) for k in range(labels)] for _ in range(rows)]
        scores = [[rng.randrange(9) / 8 for _ in range(labels)] for _ in range(rows)]
        cats.append({"gold": gold, "scores": scores})
    tags = []
    for i in range(60):
        letters = "BI" if i % 3 else "BIES"
        draw = [rng.choice(["O", *(f"{letter}-{kind}" for letter in letters for kind in TYPES[:2])]) for _ in range(8)]
        # Letters that go on with what is there are more common than chance has them.
        for at in range(1, 8):
            if rng.random() < 0.4 and draw[at - 1] != "O":
                draw[at] = rng.choice(letters[1:]) + draw[at - 1][1:]
        tags.append(" ".join(draw))
    return {"types": TYPES, "spans": spans, "cats": cats, "tags": tags, "nervaluate": {}, "loaded": None, "spacy": None}


def nervaluate(document):
    from nervaluate.evaluator import Evaluator

    found, out = version("nervaluate"), []
    for case in document["spans"]:
        if found == "1.0.0" and case["least"] != 1.0:
            out.append(None)
            continue
        # Ends are those of the last token here.
        sides = [
            [[{"label": TYPES[k], "start": s, "end": e - 1} for s, e, k in pair[side]] for pair in case["documents"]]
            for side in (0, 1)
        ]
        options = {} if found == "1.0.0" else {"min_overlap_percentage": case["least"]}
        # An empty first document would hide which loader is meant.
        result = Evaluator(sides[0], sides[1], tags=TYPES, loader="dict", **options).evaluate()

        def row(cells):
            names = ("correct", "incorrect", "partial", "missed", "spurious", "precision", "recall", "f1")
            return {way: [getattr(cell, name) for name in names] for way, cell in sorted(cells.items())}

        types = {tag: row(cells) for tag, cells in sorted(result["entities"].items())}
        out.append({"all": row(result["overall"]), "types": types})
    document["nervaluate"][found] = out
    from nervaluate.loaders import ListLoader

    document["loaded"] = []
    for tags in document["tags"]:
        try:
            (entities,) = ListLoader().load([tags.split()])
            document["loaded"].append([[e.start, e.end + 1, TYPES.index(e.label)] for e in entities])
        except ValueError:  # a chunk that begins with neither B nor I
            document["loaded"].append(None)


def spacy(document):
    import spacy
    from spacy.scorer import Scorer, get_ner_prf
    from spacy.tokens import Doc, Span
    from spacy.training import Example

    nlp, out, cats = spacy.blank("en"), [], []

    def doc(spans, length):
        made = Doc(nlp.vocab, words=["w"] * length)
        made.set_ents([Span(made, s, e, label=TYPES[k]) for s, e, k in spans], default="outside")
        return made

    for case in document["spans"]:
        if case["overlap"]:  # spaCy's entities cannot overlap
            out.append(None)
            continue
        examples = []
        for gold, predicted in case["documents"]:
            length = max([1] + [span[1] for span in gold + predicted])
            examples.append(Example(doc(predicted, length), doc(gold, length)))
        out.append(get_ner_prf(examples))
    for case in document["cats"]:
        examples, labels = [], [f"c{k}" for k in range(len(case["gold"][0]))]
        for gold, scores in zip(case["gold"], case["scores"]):
            pair = [Doc(nlp.vocab, words=["w"]), Doc(nlp.vocab, words=["w"])]
            pair[0].cats, pair[1].cats = dict(zip(labels, scores)), {k: float(v) for k, v in zip(labels, gold)}
            examples.append(Example(*pair))
        scores = Scorer.score_cats(examples, "cats", labels=labels, multi_label=True)
        auc = scores["cats_auc_per_type"]
        cats.append({"cats_macro_auc": scores["cats_macro_auc"], "auc": [auc.get(label) for label in labels]})
    document["spacy"] = {"version": spacy.__version__, "spans": out, "cats": cats}


def main():
    if sys.argv[1] == "cases":
        document, out = cases(), Path(sys.argv[2])
    else:
        document, out = json.loads(Path(sys.argv[2]).read_text()), Path(sys.argv[3])
        {"nervaluate": nervaluate, "spacy": spacy}[sys.argv[1]](document)
    if len(sys.argv) > 4:
        document["made"] = sys.argv[4]
    out.write_text(json.dumps(document, separators=(",", ":")).replace("]},{", "]},\n{") + "\n")


if __name__ == "__main__":
    main()
