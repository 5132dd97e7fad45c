#!/usr/bin/env python3
"""Trains a peer's model and answers a file with it, in one process, as `trueup train` and `trueup predict` do in two.

usage: learn.py prepare DATA FOLDER          the inputs, of real data (learn_data.py)
       learn.py PEER TRAIN TEST OUT [NAME=VALUE ...]
       learn.py answer-PEER MODEL TEST OUT   answers alone, by a kept model: PEER is sklearn, crfsuite (the features of
                                             a word made once) or crfsuite-plain (of every word anew)

  linearsvc, logreg   scikit-learn: TF-IDF of n-grams of 1 to 2 words and of 2 to 5 characters inside words; C, class_weight
  fasttext            fastText: lr, epoch, dim, ngrams (of words), minn and maxn (of characters), threads
  crfsuite            python-crfsuite, L-BFGS until it stops by itself or has made 500 iterations, with the features that
                      Trueup's chain has; c1, c2, most (iterations)
  spacy               spaCy, a blank pipeline with entity recognition alone; epochs, dropout

`keep=FILE` keeps the model. Figures go to stderr as lines `NAME VALUE`.
"""
import os
import re
import sys
import time
import warnings

from learn_data import gold, prepare, read_conll, read_rows, write_conll, write_rows


def say(name, value):
    print(name, value, file=sys.stderr)


def number(options, name, default):
    return type(default)(options.get(name, default))


# scikit-learn


def features():
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_union

    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    return make_union(words, TfidfVectorizer(ngram_range=(2, 5), analyzer="char_wb", sublinear_tf=True))


def classifier(kind, options):
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import LinearSVC

    c, weight = number(options, "C", 1.0), options.get("class_weight")
    return LinearSVC(C=c, class_weight=weight) if kind == "linearsvc" else LogisticRegression(C=c, class_weight=weight, max_iter=1000)


def named(binarizer, answers):
    """Rows of an indicator matrix as lists of labels."""
    return [list(labels) for labels in binarizer.inverse_transform(answers)]


def sklearn(kind, train, test, out, options):
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MultiLabelBinarizer

    warnings.simplefilter("ignore")
    train, test = read_rows(train), read_rows(test)
    texts, labels = [row["text"] for row in train], [gold(row) for row in train]
    model, binarizer = classifier(kind, options), None
    if isinstance(labels[0], list):
        binarizer = MultiLabelBinarizer().fit(labels)
        model, labels = OneVsRestClassifier(model), binarizer.transform(labels)
    pipeline = make_pipeline(features(), model).fit(texts, labels)
    answers = pipeline.predict([row["text"] for row in test])
    write_answers(out, test, named(binarizer, answers) if binarizer else answers)
    if "keep" in options:
        import pickle

        with open(options["keep"], "wb") as f:
            pickle.dump((pipeline, binarizer), f, protocol=pickle.HIGHEST_PROTOCOL)


def answer_sklearn(model, test, out):
    import pickle

    test = read_rows(test)
    with open(model, "rb") as f:
        pipeline, binarizer = pickle.load(f)
    texts = [row["text"] for row in test]
    cpu = time.process_time()
    answers = pipeline.predict(texts)
    say("cpu", time.process_time() - cpu)
    write_answers(out, test, named(binarizer, answers) if binarizer else answers)


def write_answers(out, test, answers):
    write_rows(out, [{**row, "prediction": answer if isinstance(answer, list) else str(answer)} for row, answer in zip(test, answers, strict=True)])


# fastText


def plain(text):
    """Lower case, punctuation apart from words, as fastText's own tutorial has it."""
    return " ".join(re.sub(r"([.!?,'/()])", r" \1 ", text.lower()).split())


def fasttext(train, test, out, options):
    import tempfile

    import fasttext as ft

    ft.FastText.eprint = lambda *_: None
    train, test = read_rows(train), read_rows(test)
    several = isinstance(gold(train[0]), list)
    sets = [gold(row) if several else [gold(row)] for row in train]
    names = sorted({label for labels in sets for label in labels})
    code = {label: f"__label__{i}" for i, label in enumerate(names)}
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as f:
        f.writelines(" ".join(code[label] for label in labels) + f" {plain(row['text'])}\n" for row, labels in zip(train, sets))
        f.flush()
        model = ft.train_supervised(
            f.name,
            lr=number(options, "lr", 0.5),
            epoch=number(options, "epoch", 25),
            dim=number(options, "dim", 50),
            wordNgrams=number(options, "ngrams", 2),
            minn=number(options, "minn", 0),
            maxn=number(options, "maxn", 0),
            bucket=number(options, "bucket", 200_000),
            loss="ova" if several else "softmax",
            thread=number(options, "threads", 2),
            verbose=0,
        )
    # The wrapper's own `predict` fails under NumPy 2; `f` is what it wraps. -1: every label at or above the threshold.
    most, threshold = (-1, 0.5) if several else (1, 0.0)
    answers = []
    for row in test:
        found = [names[int(label[len("__label__"):])] for _, label in model.f.predict(plain(row["text"]) + "\n", most, threshold, "strict")]
        answers.append(sorted(found) if several else (found or names)[0])
    write_answers(out, test, answers)
    if "keep" in options:
        model.save_model(options["keep"])


# CRFsuite, with the templates of Trueup's chain (crates/trueup-model/src/crf/features.rs)


def is_hyphen(c):
    return c == "-" or "\u2010" <= c <= "\u2015"


def amount(n, of):
    return "none" if n == 0 else "all" if n == of else "some"


def facts(word):
    """What is known of one word, by name; None where it lacks it."""
    lower = word.lower()
    kinds = ["X" if c.isupper() else "x" if c.isalpha() else "0" if c.isnumeric() else c for c in word]
    outline, shape, last, run = [], [], None, 0
    for kind in kinds:
        run = run + 1 if kind == last else 1
        last = kind
        if run == 1:
            outline.append(kind)
        if run <= 4:
            shape.append(kind)
    upper, n = kinds.count("X"), len(word)
    case = "0" if upper == 0 else "1" if upper == 1 and kinds[0] == "X" else "2" if upper == n else "3"
    known = {
        "b": "",
        "w": word,
        "l": lower,
        "m": "".join("0" if c.isnumeric() else c for c in lower),
        "s": "".join(shape),
        "o": "".join(outline),
        "c": case,
        "d": amount(kinds.count("0"), n),
        "h": "1" if any(map(is_hyphen, word)) else "0",
        "p": amount(sum(kind not in ("X", "x", "0") for kind in kinds), n),
    }
    for k in (1, 2, 3, 4):
        known[f"p{k}"], known[f"s{k}"] = (word[:k], word[-k:]) if k <= n else (None, None)
    return known


SINGLE = (
    (-2, ("l", "o")),
    (-1, ("w", "l", "o", "s3", "c")),
    (0, ("b", "w", "l", "m", "s", "o", "c", "d", "h", "p", "p1", "p2", "p3", "p4", "s1", "s2", "s3", "s4")),
    (1, ("w", "l", "o", "s3", "c")),
    (2, ("l", "o")),
)
BEYOND = {-1: {"l": "<s>", "o": "<s>"}, 1: {"l": "</s>", "o": "</s>"}}


class Features:
    """Features of sentences; those of one word are made once for each distinct word and offset."""

    def __init__(self):
        self.words = {}

    def seen(self, word, beyond=0):
        key = (word, beyond)
        if key not in self.words:
            known = BEYOND[beyond] if beyond else facts(word)
            slots = [[f"{at}{name}={known[name]}" for name in names if known.get(name) is not None] for at, names in SINGLE]
            self.words[key] = (known["l"], known["o"], slots)
        return self.words[key]

    def sentence(self, words):
        before, after = self.seen("", -1), self.seen("", 1)
        row = [before, before, *map(self.seen, words), after, after]
        out = []
        for i in range(2, len(words) + 2):
            a, here, b = row[i - 1], row[i], row[i + 1]
            out.append(
                row[i - 2][2][0] + a[2][1] + here[2][2] + b[2][3] + row[i + 2][2][4]
                + [f"A{a[0]}|{here[0]}", f"B{here[0]}|{b[0]}", f"C{a[1]}|{here[1]}", f"D{here[1]}|{b[1]}", f"E{a[1]}|{here[1]}|{b[1]}"]
            )
        return out


def crfsuite(train, test, out, options):
    import tempfile

    import pycrfsuite

    trainer = pycrfsuite.Trainer(algorithm="lbfgs", verbose=False)
    trainer.set_params({"c1": number(options, "c1", 0.1), "c2": number(options, "c2", 0.1), "max_iterations": number(options, "most", 500)})
    made = Features()
    for sentence in read_conll(train):
        trainer.append(made.sentence([token for token, _ in sentence]), [tag for _, tag in sentence])
    with tempfile.TemporaryDirectory() as folder:
        model = options.get("keep", f"{folder}/model")
        trainer.train(model)
        say("iterations", len(trainer.logparser.iterations))
        tag_file(model, test, out, made)


def answer_crfsuite(model, test, out):
    tag_file(model, test, out, Features())


class FeaturesEachTime(Features):
    """Features made for every token and every offset anew, as tutorials write it."""

    def seen(self, word, beyond=0):
        self.words.clear()
        return super().seen(word, beyond)


def answer_crfsuite_plain(model, test, out):
    tag_file(model, test, out, FeaturesEachTime())


def tag_file(model, test, out, made):
    import pycrfsuite

    tagger = pycrfsuite.Tagger()
    tagger.open(model)
    sentences, cpu = read_conll(test), time.process_time()
    answers = [tagger.tag(made.sentence([columns[0] for columns in sentence])) for sentence in sentences]
    say("cpu", time.process_time() - cpu)
    write_conll(out, [[(*columns, tag) for columns, tag in zip(s, tags)] for s, tags in zip(sentences, answers)])


# spaCy


def spacy_docs(nlp, file):
    from spacy.tokens import Doc
    from spacy.training import Example, biluo_tags_to_spans, iob_to_biluo

    examples = []
    for sentence in read_conll(file):
        words = [columns[0] for columns in sentence]
        right = Doc(nlp.vocab, words=words)
        right.ents = biluo_tags_to_spans(right, iob_to_biluo([columns[1] for columns in sentence]))
        examples.append(Example(Doc(nlp.vocab, words=words), right))
    return examples


def spacy_train(file, options, each_epoch=lambda nlp, epoch: None):
    """A blank pipeline after so many epochs; minibatches of 4 to 128 sentences."""
    import random

    import spacy
    from spacy.util import compounding, fix_random_seed, minibatch

    fix_random_seed(0)
    nlp = spacy.blank("en")
    ner = nlp.add_pipe("ner")
    examples = spacy_docs(nlp, file)
    for label in sorted({span.label_ for example in examples for span in example.reference.ents}):
        ner.add_label(label)
    optimiser, rng = nlp.initialize(lambda: examples), random.Random(0)
    for epoch in range(1, number(options, "epochs", 10) + 1):
        rng.shuffle(examples)
        for batch in minibatch(examples, size=compounding(4.0, 128.0, 1.05)):
            nlp.update(batch, drop=number(options, "dropout", 0.2), sgd=optimiser)
        each_epoch(nlp, epoch)
    return nlp


def spacy(train, test, out, options):
    from spacy.tokens import Doc

    nlp = spacy_train(train, options)
    test = read_conll(test)
    docs = nlp.pipe(Doc(nlp.vocab, words=[columns[0] for columns in sentence]) for sentence in test)
    tag = lambda token: f"{token.ent_iob_}-{token.ent_type_}" if token.ent_type_ else "O"  # noqa: E731
    write_conll(out, [[(*columns, tag(token)) for columns, token in zip(sentence, doc)] for sentence, doc in zip(test, docs)])
    if "keep" in options:
        nlp.to_disk(options["keep"])


def main():
    match sys.argv[1:]:
        case ["prepare", data, folder]:
            prepare(data, folder)
        case [("linearsvc" | "logreg") as kind, train, test, out, *options]:
            sklearn(kind, train, test, out, dict(o.split("=", 1) for o in options))
        case [("fasttext" | "crfsuite" | "spacy") as kind, train, test, out, *options]:
            globals()[kind](train, test, out, dict(o.split("=", 1) for o in options))
        case [("answer-sklearn" | "answer-crfsuite" | "answer-crfsuite-plain") as kind, model, test, out]:
            globals()[kind.replace("-", "_")](model, test, out)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
