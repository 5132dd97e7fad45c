"""spaCy's figures of the predictions that `real_cases.py` left in OUT, by the names that Trueup gives them."""

import json

import spacy
from spacy.scorer import Scorer
from spacy.tokens import Doc
from spacy.training import Example, biluo_tags_to_spans, iob_to_biluo

PEERS = ("spacy",)


def examples(path):
    vocab = spacy.blank("en").vocab
    for block in path.read_text(encoding="utf-8").strip().split("\n\n"):
        words, gold, predicted = zip(*(line.split("\t") for line in block.split("\n")))
        made = [Doc(vocab, words=list(words)) for _ in range(2)]
        for doc, tags in zip(made, (predicted, gold)):
            # As spaCy converts CoNLL: `iob_to_biluo` opens an entity at a stray I.
            doc.set_ents(biluo_tags_to_spans(doc, iob_to_biluo(list(tags))))
        yield Example(*made)


def figures(path):
    scores = Scorer().score_spans(list(examples(path)), "ents")
    out = {name: scores[name] for name in ("ents_p", "ents_r", "ents_f")}
    for kind, cells in scores["ents_per_type"].items():
        out |= {f"ents_per_type {kind} {name}": value for name, value in cells.items()}
    return out


def write(out, data, peers):
    cases = []
    for case in json.loads((out / "real.json").read_text(encoding="utf-8"))["cases"]:
        path = out / f"{case['name']}.conll"
        if path.is_file():
            arguments = [f"OUT/{path.name}", "--scheme", case["arguments"][-1]]
            cases.append({"name": case["name"], "arguments": arguments, "as": {"spacy": figures(path)}})
    (out / "real-spacy.json").write_text(json.dumps({"peers": peers, "cases": cases}) + "\n")
    return f"{len(cases)} sets"
