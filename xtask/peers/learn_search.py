#!/usr/bin/env python3
"""Chooses settings by validation data, for the peers and for Trueup; no test file is opened.

usage: learn_search.py FOLDER SIDE SET...           SIDE: linearsvc, logreg, fasttext, crfsuite, spacy
       learn_search.py FOLDER trueup=BINARY SET...

FOLDER holds the inputs (`learn.py prepare`). Settings are judged by macro-F1, or by F1 of entities, on the part `dev`, or on
`held` where a set has none. One line a setting tried, then one with the chosen: the best score, of equals the first. The chosen ones stand
in `xtask/src/bench/learn/settings.rs`.
"""
import os
import subprocess
import sys
import tempfile
import warnings

import learn
from learn_data import NER, gold, parts_for_choosing, read_rows

# Six settings of the penalty on either side; fastText has more settings and gets ten.
SVC = [0.03, 0.1, 0.3, 1.0, 3.0, 10.0]
LOGREG = [1.0, 3.0, 10.0, 30.0, 100.0, 300.0]
LINEAR = [{}] + [{"l2": value} for value in ("0.003", "0.0125", "0.025", "0.1", "0.2")]
CRFSUITE = [(0.1, 0.1), (0.1, 0.01), (0.0, 0.1), (0.0, 1.0), (0.3, 0.01), (1.0, 0.1)]
CRF = [{}] + [{"l2": value} for value in ("0.00001", "0.001", "0.003")] + [{"learning_rate": "0.1"}, {"learning_rate": "0.025"}]
# From the first value of each on, one setting after the other.
FASTTEXT = {"lr": ["0.5", "0.1", "1.0"], "epoch": ["25", "10", "50"], "ngrams": ["2", "1"], "dim": ["50", "20", "100"], "maxn": ["0", "5"]}


def macro_f1(right, answers):
    from sklearn.metrics import f1_score
    from sklearn.preprocessing import MultiLabelBinarizer

    if isinstance(right[0], list):
        binarizer = MultiLabelBinarizer().fit(right)
        right, answers = binarizer.transform(right), binarizer.transform(answers)
        return f1_score(right, answers, average="macro", zero_division=0)
    return f1_score(right, answers, labels=sorted(set(right)), average="macro", zero_division=0)


def by_file(out):
    """The score of a file of answers."""
    import learn_score

    return learn_score.scored(out)[1]


def search_sklearn(kind, fit, held):
    """Every C on the same features, from the smallest up until two in a row are no better than the best: the large ones
    take minutes. Nothing is handed from one C to the next: where logistic regression stops depends on where it starts."""
    from sklearn.preprocessing import MultiLabelBinarizer

    warnings.simplefilter("ignore")
    fit, held = read_rows(fit), read_rows(held)
    labels, right = [gold(row) for row in fit], [gold(row) for row in held]
    made = learn.features()
    x, xh = made.fit_transform([row["text"] for row in fit]), made.transform([row["text"] for row in held])
    binarizer = MultiLabelBinarizer().fit(labels) if isinstance(labels[0], list) else None
    targets = binarizer.transform(labels).T if binarizer else [labels]
    models, scores = [learn.classifier(kind, {}) for _ in targets], []
    for c in SVC if kind == "linearsvc" else LOGREG:
        for model, target in zip(models, targets):
            model.set_params(C=c).fit(x, target)
        if binarizer:
            import numpy as np

            answers = learn.named(binarizer, np.stack([model.predict(xh) for model in models], axis=1))
        else:
            answers = models[0].predict(xh)
        scores.append(macro_f1(right, answers))
        yield {"C": f"{c:g}"}, scores[-1]
        if len(scores) - scores.index(max(scores)) > 2:
            break


def search_steps(lines, judge):
    """From the first value of each line the best of each line in turn."""
    at = {name: values[0] for name, values in lines.items()}
    best = judge(at)
    yield dict(at), best
    for name, values in lines.items():
        here = dict(at)
        for value in values[1:]:
            settings = {**here, name: value}
            if name == "maxn":
                settings["minn"] = "2" if value != "0" else "0"
            score = judge(settings)
            yield settings, score
            if score > best:
                at, best = settings, score


def search_spacy(fit, held, most=30, patience=4):
    """The number of epochs: one training, judged after each, until so many in a row are no better."""

    class Enough(Exception):
        pass

    examples, found = [], []

    def each_epoch(nlp, epoch):
        if not examples:
            examples.extend(learn.spacy_docs(nlp, held))
        found.append(nlp.evaluate([type(e)(e.predicted.copy(), e.reference) for e in examples])["ents_f"])
        if len(found) - found.index(max(found)) > patience:
            raise Enough

    try:
        learn.spacy_train(fit, {"epochs": most}, each_epoch)
    except Enough:
        pass
    for epoch, score in enumerate(found, 1):
        yield {"epochs": str(epoch)}, score


def search(side, name, folder):
    fit, held = parts_for_choosing(folder, name)
    ending = "conll" if name in NER else "jsonl"
    with tempfile.TemporaryDirectory() as scratch:
        out = f"{scratch}/out.{ending}"

        def peer(kind, settings):
            getattr(learn, kind)(fit, held, out, settings)
            return by_file(out)

        def ours(settings):
            binary = side.split("=", 1)[1]
            words = [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]
            # A dev part is watched as in the timed run; where there is none, a tenth of the rows to learn from is.
            watched = ["--valid", held] if held.endswith(f".dev.{ending}") else []
            model = tempfile.mkdtemp(dir=scratch) + "/model"
            subprocess.run([binary, "train", fit, *watched, "-o", model, "--no-review", "--quiet", *words], check=True, stdout=subprocess.DEVNULL)
            subprocess.run([binary, "predict", model, held, "-o", out, "--quiet"], check=True)
            return by_file(out)

        if side in ("linearsvc", "logreg"):
            yield from search_sklearn(side, fit, held)
        elif side == "fasttext":
            yield from search_steps(FASTTEXT, lambda settings: peer(side, settings))
        elif side == "crfsuite":
            for c1, c2 in CRFSUITE:
                # With c1 it can take thousands of iterations to the end, which change next to nothing.
                settings = {"c1": str(c1), "c2": str(c2)}
                yield settings, peer(side, {**settings, "most": "200"})
        elif side == "spacy":
            yield from search_spacy(fit, held)
        else:
            for settings in CRF if name in NER else LINEAR:
                yield settings, ours(settings)


def cpu():
    """CPU seconds of this process and of those that it has run."""
    return sum(os.times()[:4])


def main():
    folder, side, *names = sys.argv[1:]
    for name in names:
        tried, start = [], cpu()
        for settings, score in search(side, name, folder):
            tried.append((score, settings))
            now = cpu()
            print(f"{name} {side.split('=')[0]} {settings} {100 * score:.2f} ({now - start:.0f} s of CPU)", flush=True)
            start = now
        score, settings = max(tried, key=lambda one: one[0])
        print(f"{name} {side.split('=')[0]} chosen {settings} {100 * score:.2f}", flush=True)


if __name__ == "__main__":
    main()
