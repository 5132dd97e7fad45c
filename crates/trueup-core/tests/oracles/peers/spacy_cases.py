"""What spaCy's Scorer makes of random spans and scores of labels."""

import random

import spacy
from peer_spans import TYPES, span_cases
from spacy.scorer import Scorer, get_ner_prf
from spacy.tokens import Doc, Span
from spacy.training import Example

PEERS = ("spacy",)


def cats_cases(small):
    rng, cats = random.Random(20261127), []
    for _ in range(6 if small else 200):
        labels, rows = rng.randrange(2, 6), rng.randrange(3, 8 if small else 12)
        share = [rng.choice([0.0, 0.3, 0.6, 1.0]) for _ in range(labels)]
        gold = [[int(rng.random() < share[k]) for k in range(labels)] for _ in range(rows)]
        scores = [[rng.randrange(9) / 8 for _ in range(labels)] for _ in range(rows)]
        cats.append({"gold": gold, "scores": scores})
    return cats


def doc(nlp, spans, length):
    made = Doc(nlp.vocab, words=["w"] * length)
    made.set_ents([Span(made, s, e, label=TYPES[k]) for s, e, k in spans], default="outside")
    return made


def of_spans(nlp, case):
    examples = []
    for gold, predicted in case["documents"]:
        length = max([1] + [span[1] for span in gold + predicted])
        examples.append(Example(doc(nlp, predicted, length), doc(nlp, gold, length)))
    return get_ner_prf(examples)


def of_cats(nlp, case):
    examples, labels = [], [f"c{k}" for k in range(len(case["gold"][0]))]
    for gold, scores in zip(case["gold"], case["scores"]):
        pair = [Doc(nlp.vocab, words=["w"]), Doc(nlp.vocab, words=["w"])]
        pair[0].cats, pair[1].cats = dict(zip(labels, scores)), {k: float(v) for k, v in zip(labels, gold)}
        examples.append(Example(*pair))
    scores = Scorer.score_cats(examples, "cats", labels=labels, multi_label=True)
    auc = scores["cats_auc_per_type"]
    return {"gold": case["gold"], "scores": case["scores"], "cats_macro_auc": scores["cats_macro_auc"],
            "auc": [auc.get(label) for label in labels]}


def make(small, data):
    nlp = spacy.blank("en")
    # spaCy's entities cannot overlap.
    spans = [case for case in span_cases(small) if not case["overlap"]]
    return {
        "types": TYPES,
        "spans": [{"documents": case["documents"], "figures": of_spans(nlp, case)} for case in spans],
        "cats": [of_cats(nlp, case) for case in cats_cases(small)],
    }
