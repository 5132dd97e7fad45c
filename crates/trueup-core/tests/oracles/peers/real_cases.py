"""Real sets with a model's predictions: a linear one, trained here in a second, written as files as a user has them.

    OUT/NAME.csv, .jsonl, .conll     what the models answered, with gold or to be matched with that of DIR
    OUT/real.json                    the arguments that read them, and the figures of scikit-learn and seqeval

Tags are predicted token by token, so that sequences that break the scheme stay in. Test sets are taken whole up to some
thousand rows, training sets up to 5,000.
"""

import csv
import json
import re
import warnings
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from label_cases import set_figures, single_figures
from sklearn import metrics as sk
from sklearn.feature_extraction import FeatureHasher
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import KFold
from sklearn.naive_bayes import MultinomialNB
from span_cases import report
from scheme_cases import SCHEMES

PEERS = ("numpy", "scikit-learn", "seqeval")
TRAIN, TEST = 5_000, 6_000
MILLION = 1_000_000


def lines(path):
    return path.read_text(encoding="utf-8").splitlines()


def table(path, tab=False, header=True):
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, **({"delimiter": "\t", "quoting": csv.QUOTE_NONE} if tab else {})))
    return rows[header:]


def some(rows, most, seed=0):
    """At most that many rows, in their order."""
    if len(rows) <= most:
        return rows
    chosen = np.random.default_rng(seed).permutation(len(rows))[:most]
    return [rows[i] for i in sorted(chosen)]


def rounded(probabilities):
    """Millionths that sum to 1, as files often have them: many are 0, and many tie."""
    counts = np.floor(probabilities * MILLION).astype(int)
    counts[np.arange(len(counts)), counts.argmax(axis=1)] += MILLION - counts.sum(axis=1)
    return counts / MILLION


# Labels of texts.


def linear(seed=0):
    return SGDClassifier(loss="log_loss", alpha=1e-5, max_iter=5, tol=None, random_state=seed)


def answered(model, train, test):
    """(label names, predictions, probabilities by name) of texts, from rows of (text, label)."""
    features = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), max_features=40_000)
    model.fit(features.fit_transform([text for text, _ in train]), [label for _, label in train])
    x = features.transform([text for text, _ in test])
    return list(model.classes_), model.predict(x), model.predict_proba(x)


def crossed(make, rows):
    """The same for all rows, each answered by a model that has not seen its fold."""
    names = sorted({label for _, label in rows})
    predicted, scores = np.empty(len(rows), object), np.zeros((len(rows), len(names)))
    for train, test in KFold(5, shuffle=True, random_state=0).split(rows):
        found, answers, probabilities = answered(make(), [rows[i] for i in train], [rows[i] for i in test])
        predicted[test] = answers
        scores[np.ix_(test, [names.index(name) for name in found])] = probabilities
    return names, predicted, scores


def reported(gold, predicted, names):
    """classification_report as it comes, by the names of its cells."""
    cells = sk.classification_report(gold, predicted, output_dict=True, zero_division=0)
    out = {"accuracy": float(cells.pop("accuracy"))}
    for row, figures in cells.items():
        out |= {f"{row} {figure}": float(value) for figure, value in figures.items() if figure != "support"}
    return out


def rows_of(truth, answers, areas):
    """Support, predictions, precision, recall, F1 and ROC AUC of each label; null for 0/0."""
    shares = sk.precision_recall_fscore_support(truth, answers, average=None, zero_division=0)[:3]
    gold, predicted = truth.sum(axis=0), answers.sum(axis=0)
    for label in range(truth.shape[1]):
        there = (predicted[label], gold[label], gold[label] + predicted[label])
        values = [float(share[label]) if n else None for share, n in zip(shares, there)]
        yield [int(gold[label]), int(predicted[label]), *values, areas[label]]


def label_case(name, model, arguments, names, gold, predicted, scores):
    """One label an example: `names` in the order of the columns of scores."""
    order = sorted(range(len(names)), key=lambda i: names[i])
    names, scores = [names[i] for i in order], scores[:, order]
    place = {name: i for i, name in enumerate(names)}
    g, p = (np.array([place[label] for label in side]) for side in (gold, predicted))
    figures, rows = single_figures(names, g, p, scores)
    each = np.eye(len(names), dtype=int)
    return {
        "name": name,
        "task": "classification",
        "model": model,
        "rows": len(gold),
        "arguments": [*arguments, *(["--positive", names[1]] if len(names) == 2 else [])],
        "labels": names,
        "metrics": figures,
        "by_label": list(rows_of(each[g], each[p], rows["roc_auc"])),
        "confusion": sk.confusion_matrix(g, p, labels=list(range(len(names)))).tolist(),
        "as": {"sklearn": reported(list(gold), list(predicted), names)},
    }


def write_csv(path, header, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(header)
        out.writerows(rows)


def write_scored(path, header, columns, names, scores, backwards=False):
    """Columns, and a column of probabilities for each label."""
    rows = [[*cells, *row] for *cells, row in zip(*columns, scores.tolist())]
    write_csv(path, [*header, *(f"score:{name}" for name in names)], rows[::-1] if backwards else rows)


def write_jsonl(path, objects):
    path.write_text("".join(json.dumps(item, ensure_ascii=False) + "\n" for item in objects), encoding="utf-8")


def banking77(out, data):
    train = [tuple(row) for row in table(data / "banking77/train.csv")]
    test = [tuple(row) for row in table(data / "banking77/test.csv")]
    names, predicted, scores = answered(linear(), some(train, TRAIN), test)
    scores = rounded(scores)
    write_scored(out / "banking77.csv", ["prediction"], [predicted], names, scores)
    arguments = ["--gold", "DATA/banking77/test.csv", "--predictions", "OUT/banking77.csv"]
    return label_case("banking77", "SGD, log loss", arguments, names, [label for _, label in test], predicted, scores)


def sms_spam(out, data):
    rows = [(text, label) for label, text in table(data / "sms_spam/SMSSpamCollection", tab=True, header=False)]
    names, predicted, scores = crossed(lambda: LogisticRegression(max_iter=200), rows)
    texts, gold = zip(*rows)
    write_scored(out / "sms_spam.csv", ["text", "label", "prediction"], [texts, gold, predicted], names, scores)
    return label_case("sms_spam", "logistic regression, 5 folds", ["OUT/sms_spam.csv"], names, gold, predicted, scores)


def clinc150(out, data):
    parts = json.loads((data / "clinc150/data_full.json").read_text(encoding="utf-8"))
    train = [tuple(row) for part in ("train", "oos_train") for row in parts[part]]
    test = [tuple(row) for part in ("test", "oos_test") for row in parts[part]]
    names, predicted, scores = answered(linear(), some(train, TRAIN), test)
    scores = rounded(scores)
    write_jsonl(out / "clinc150.gold.jsonl", ({"id": f"c{i}", "text": t, "label": g} for i, (t, g) in enumerate(test)))
    rows = enumerate(zip(predicted, scores.tolist()))
    answers = [{"id": f"c{i}", "label": p, "scores": dict(zip(names, s))} for i, (p, s) in rows]
    # Matched by id, in another order.
    write_jsonl(out / "clinc150.jsonl", answers[::-1])
    arguments = ["--gold", "OUT/clinc150.gold.jsonl", "--predictions", "OUT/clinc150.jsonl"]
    return label_case("clinc150", "SGD, log loss", arguments, names, [label for _, label in test], predicted, scores)


def trec(out, data):
    def read(name):
        return [tuple(line.split(" ", 1)[::-1]) for line in lines(data / "trec" / name)]

    test = read("TREC_10.label")
    names, predicted, scores = answered(linear(), some(read("train_5500.label"), TRAIN), test)
    scores = rounded(scores)
    write_scored(out / "trec.csv", ["prediction"], [predicted], names, scores)
    arguments = ["--gold", "DATA/trec/TREC_10.label", "--predictions", "OUT/trec.csv"]
    return label_case("trec", "SGD, log loss", arguments, names, [label for _, label in test], predicted, scores)


def ag_news(out, data):
    names = lines(data / "ag_news/classes.txt")
    cells = table(data / "ag_news/test.csv", header=False)
    rows = [(f"{title} {text}", names[int(label) - 1]) for label, title, text in cells]
    cut = np.random.default_rng(0).permutation(len(rows))
    train, test = [rows[i] for i in cut[:TRAIN]], [rows[i] for i in cut[TRAIN:]]
    names, predicted, scores = answered(MultinomialNB(alpha=0.1), train, test)
    write_csv(out / "ag_news.gold.csv", ["id", "text", "label"], ([f"a{i}", *row] for i, row in enumerate(test)))
    ids = [f"a{i}" for i in range(len(test))]
    write_scored(out / "ag_news.csv", ["id", "label"], [ids, predicted], names, scores, backwards=True)
    arguments = ["--gold", "OUT/ag_news.gold.csv", "--predictions", "OUT/ag_news.csv"]
    return label_case("ag_news", "naive Bayes", arguments, names, [label for _, label in test], predicted, scores)


def sst2(out, data):
    train = [(text, label) for label, text in table(data / "sst2/train.tsv", tab=True)]
    test = [(text, label) for label, text in table(data / "sst2/test.tsv", tab=True)]
    names, predicted, scores = answered(LogisticRegression(max_iter=200), some(train, TRAIN), test)
    write_scored(out / "sst2.csv", ["prediction"], [predicted], names, scores)
    arguments = ["--gold", "DATA/sst2/test.tsv", "--predictions", "OUT/sst2.csv"]
    return label_case("sst2", "logistic regression", arguments, names, [label for _, label in test], predicted, scores)


def tweeteval_emoji(out, data):
    def read(part):
        return list(zip(*(lines(data / f"tweeteval_emoji/{part}_{what}.txt") for what in ("text", "labels"))))

    test = some(read("test"), TEST)
    names, predicted, scores = answered(MultinomialNB(alpha=0.05), some(read("train"), TRAIN), test)
    scores = rounded(scores)
    # Texts hold handles of people, and figures do not need them.
    gold = [label for _, label in test]
    write_scored(out / "tweeteval_emoji.csv", ["y_true", "y_pred"], [gold, predicted], names, scores)
    return label_case("tweeteval_emoji", "naive Bayes", ["OUT/tweeteval_emoji.csv"], names, gold, predicted, scores)


def hausa_newsclass(out, data):
    folder = data / "hausa/hausa_newsclass"
    train, test = ([tuple(row) for row in table(folder / name, tab=True)] for name in ("train_clean.tsv", "test.tsv"))
    names, predicted, scores = answered(LogisticRegression(max_iter=200), train, test)
    write_scored(out / "hausa_newsclass.csv", ["prediction"], [predicted], names, scores)
    arguments = ["--gold", "DATA/hausa/hausa_newsclass/test.tsv", "--predictions", "OUT/hausa_newsclass.csv"]
    gold = [label for _, label in test]
    return label_case("hausa_newsclass", "logistic regression", arguments, names, gold, predicted, scores)


def snow2008_rte(out, data):
    rows = [(f"{text} {claim}", value) for _, value, _, text, claim in table(data / "snow2008/rte1.tsv", tab=True)]
    names, predicted, scores = crossed(lambda: MultinomialNB(alpha=0.5), rows)
    texts, gold = zip(*rows)
    write_scored(out / "snow2008_rte.csv", ["text", "gold", "predicted"], [texts, gold, predicted], names, scores)
    return label_case("snow2008_rte", "naive Bayes, 5 folds", ["OUT/snow2008_rte.csv"], names, gold, predicted, scores)


def cleanlab_20news(out, data):
    """The published out-of-sample probabilities of a transformer."""
    read = lambda what: np.load(data / f"cleanlab_20news/20news_test_set_{what}.npy")  # noqa: E731
    scores, labels, answers = read("pyx"), read("original_labels"), read("pyx_argmax_predicted_labels")
    scores = scores / scores.sum(axis=1, keepdims=True)
    names = [f"newsgroup_{i:02}" for i in range(20)]
    gold, predicted = ([names[i] for i in side] for side in (labels, answers))
    write_scored(out / "cleanlab_20news.csv", ["gold", "predicted"], [gold, predicted], names, scores)
    return label_case("cleanlab_20news", "as published", ["OUT/cleanlab_20news.csv"], names, gold, predicted, scores)


# Label sets of texts.


def set_case(name, model, arguments, names, gold, predicted, scores):
    order = sorted(range(len(names)), key=lambda i: names[i])
    names = [names[i] for i in order]
    gold, predicted, scores = (side[:, order] for side in (gold, predicted, scores))
    figures, rows = set_figures(names, gold, predicted, scores)
    return {
        "name": name,
        "task": "multilabel",
        "model": model,
        "rows": len(gold),
        "arguments": arguments,
        "labels": names,
        "metrics": figures,
        "by_label": list(rows_of(gold, predicted, rows["roc_auc"])),
        "confusion": None,
        "as": {},
    }


def columns(train, truth, test):
    """Probabilities of each label, one model a label."""
    features = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), max_features=40_000)
    x, wanted = features.fit_transform(train), features.transform(test)
    return np.stack([linear().fit(x, column).predict_proba(wanted)[:, 1] for column in truth.T], axis=1)


def chosen(names, matrix):
    return ([names[i] for i in np.flatnonzero(row)] for row in matrix)


def goemotions(out, data):
    names = lines(data / "goemotions/labels.txt")

    def read(part):
        rows = table(data / f"goemotions/{part}.tsv", tab=True, header=False)
        truth = np.zeros((len(rows), len(names)), int)
        for row, (_, ids, _) in enumerate(rows):
            truth[row, [int(i) for i in ids.split(",")]] = 1
        return [row[0] for row in rows], truth

    (train, truth), (test, gold) = read("dev"), read("test")
    scores = np.round(columns(train, truth, test), 6)
    predicted = (scores >= 0.3).astype(int)
    answers = zip(chosen(names, predicted), scores.tolist())
    write_jsonl(out / "goemotions.jsonl", ({"labels": p, "scores": dict(zip(names, s))} for p, s in answers))
    arguments = ["--gold", "DATA/goemotions/test.tsv", "--label-names", "DATA/goemotions/labels.txt"]
    arguments += ["--predictions", "OUT/goemotions.jsonl"]
    return set_case("goemotions", "SGD, log loss, a model a label", arguments, names, gold, predicted, scores)


def varierr_nli(out, data):
    rows = [json.loads(line) for line in lines(data / "varierr_nli/varierr.json")]
    names = ["contradiction", "entailment", "neutral"]
    texts = [f"{row['context']} {row['statement']}" for row in rows]
    gold = np.array([[int(name in row["label_set_round_1"]) for name in names] for row in rows])
    scores = np.zeros(gold.shape)
    for train, test in KFold(5, shuffle=True, random_state=0).split(texts):
        scores[test] = columns([texts[i] for i in train], gold[train], [texts[i] for i in test])
    predicted = (scores >= 0.5).astype(int)
    ids = [row["id"] for row in rows]
    asked = zip(ids, texts, chosen(names, gold))
    write_jsonl(out / "varierr_nli.gold.jsonl", ({"id": i, "text": t, "labels": g} for i, t, g in asked))
    answers = zip(ids, chosen(names, predicted), scores.tolist())
    write_jsonl(out / "varierr_nli.jsonl", ({"id": i, "labels": p, "scores": dict(zip(names, s))} for i, p, s in answers))
    arguments = ["--gold", "OUT/varierr_nli.gold.jsonl", "--predictions", "OUT/varierr_nli.jsonl"]
    return set_case("varierr_nli", "SGD, log loss, a model a label, 5 folds", arguments, names, gold, predicted, scores)


# Entities.


def sentences(path):
    """Sentences of (token, tag), whatever sets the columns apart."""
    out = [[]]
    for line in lines(path):
        if line.strip():
            cells = line.split("\t") if "\t" in line else line.split(" ")
            if cells[0] != "-DOCSTART-":  # the mark of a document is no sentence
                out[-1].append((cells[0], cells[-1].strip()))
        elif out[-1]:
            out.append([])
    return [sentence for sentence in out if sentence]


def shape(word):
    return re.sub(r"[a-z]+", "x", re.sub(r"[A-Z]+", "X", re.sub(r"[0-9]+", "9", word)))[:8]


def token_features(words):
    for i, word in enumerate(words):
        near = {"-1": words[i - 1] if i else "<", "+1": words[i + 1] if i + 1 < len(words) else ">"}
        found = [f"w={word}", f"l={word.lower()}", f"s={shape(word)}", f"e={word[-3:].lower()}", f"b={word[:2].lower()}"]
        for at, other in near.items():
            found += [f"{at}l={other.lower()}", f"{at}s={shape(other)}"]
        yield found


def tagged(train, test):
    """Tags of the test sentences, each predicted on its own."""
    hasher = FeatureHasher(2**18, input_type="string", alternate_sign=False)
    matrix = lambda side: hasher.transform(f for s in side for f in token_features([w for w, _ in s]))  # noqa: E731
    model = SGDClassifier(alpha=2e-6, max_iter=6, tol=None, random_state=0)
    model.fit(matrix(train), [tag for s in train for _, tag in s])
    found = iter(model.predict(matrix(test)).tolist())
    return [[next(found) for _ in sentence] for sentence in test]


def shares(figures, label):
    return [figures.get(f"{label} {name}") for name in ("support", "precision", "recall", "f1-score")]


def entity_case(name, model, arguments, scheme, gold, predicted):
    strict = report(gold, predicted, mode="strict", scheme=SCHEMES[scheme][0])
    metrics = {"f1_weighted": strict["weighted avg f1-score"]}
    for figure, row in {"precision": "precision", "recall": "recall", "f1": "f1-score"}.items():
        metrics |= {figure: strict[f"micro avg {row}"], f"{figure}_macro": strict[f"macro avg {row}"]}
    types = sorted({row.rsplit(" ", 1)[0] for row in strict} - {"micro avg", "macro avg", "weighted avg"})
    return {
        "name": name,
        "task": "ner",
        "model": model,
        "rows": len(gold),
        "arguments": [*arguments, "--scheme", scheme],
        "labels": types,
        "metrics": metrics,
        "by_label": [shares(strict, label) for label in types],
        "confusion": None,
        "as": {"seqeval": report(gold, predicted), "seqeval-strict": strict},
    }


def write_tags(path, rows, *sides):
    blocks = ("".join(f"{row[0]}\t{chr(9).join(tags)}\n" for row, *tags in zip(*parts)) for parts in zip(rows, *sides))
    path.write_text("\n".join(blocks), encoding="utf-8")


def entities(name, out, train, test, scheme="IOB2", gold_file=None):
    """A file of gold and prediction side by side; with `gold_file` predictions alone too, matched with that file."""
    predicted, gold = tagged(train, test), [[tag for _, tag in s] for s in test]
    write_tags(out / f"{name}.conll", test, gold, predicted)
    arguments = [f"OUT/{name}.conll"]
    if gold_file:
        write_tags(out / f"{name}.predicted.conll", test, predicted)
        arguments = ["--gold", f"DATA/{gold_file}", "--predictions", f"OUT/{name}.predicted.conll"]
    return entity_case(name, "SVM a token", arguments, scheme, gold, predicted)


def wnut17(out, data):
    train, test = (sentences(data / "wnut17" / name) for name in ("wnut17train.conll", "emerging.test.annotated"))
    return entities("wnut17", out, train, test)


def ncbi_disease(out, data):
    train, test = (sentences(data / "ncbi_disease" / name) for name in ("train.tsv", "test.tsv"))
    return entities("ncbi_disease", out, some(train, 2_500), test, gold_file="ncbi_disease/test.tsv")


def bc5cdr(out, data):
    train, test = (sentences(data / "bc5cdr" / name) for name in ("train.tsv", "test.tsv"))
    return entities("bc5cdr", out, some(train, 2_500), test, gold_file="bc5cdr/test.tsv")


def wikigold(out, data):
    # One tag is misspelt; seqeval's strict mode stops at it.
    rows = sentences(data / "wikigold/wikigold.conll.txt")
    rows = [[(word, tag if tag[:2] == "I-" else "O") for word, tag in sentence] for sentence in rows]
    return entities("wikigold", out, rows[600:], rows[:600], "IOB1")


def hausa_ner(out, data):
    train, test = (sentences(data / "hausa/hausa_ner" / name) for name in ("train_clean.tsv", "test.tsv"))
    return entities("hausa_ner", out, train, test)


def crowd_conll2003(out, data):
    def read(part):
        documents = sorted((data / f"crowd_conll2003/{part}/ground_truth").glob("*.txt"))
        return [sentence for document in documents for sentence in sentences(document)]

    return entities("crowd_conll2003", out, read("val"), read("test"))


def restaurant8k(out, data):
    """Spans by character: predicted over words, written as offsets, and compared character by character."""

    def read(name):
        for row in json.loads((data / "restaurant8k" / name).read_text(encoding="utf-8")):
            found = [(label["valueSpan"], label["slot"]) for label in row.get("labels", ())]
            yield row["userInput"]["text"], [(at.get("startIndex", 0), at["endIndex"], slot) for at, slot in found]

    def words(text, spans):
        out = []
        for match in re.finditer(r"\w+|[^\w\s]", text):
            inside = [s for s in spans if s[0] < match.end() and match.start() < s[1]]
            tag = f"{'BI'[inside[0][0] < match.start()]}-{inside[0][2]}" if inside else "O"
            out.append((match.group(), tag))
        return out

    test = list(read("test.json"))
    answers = tagged([words(*row) for row in list(read("train_0.json"))[:3_000]], [words(text, ()) for text, _ in test])
    predicted = []
    for (text, _), tags in zip(test, answers):
        spans = []
        for match, tag in zip(re.finditer(r"\w+|[^\w\s]", text), tags):
            if tag[0] == "I" and spans and spans[-1][2] == tag[2:] and not text[spans[-1][1]:match.start()].strip():
                spans[-1][1] = match.end()
            elif tag != "O":
                spans.append([match.start(), match.end(), tag[2:]])
        predicted.append(spans)
    named = ([{"start": s, "end": e, "label": k} for s, e, k in spans] for spans in predicted)
    write_jsonl(out / "restaurant8k.jsonl", ({"spans": spans} for spans in named))

    def characters(rows):
        """A sequence a text and type: spans of different types overlap, which a single one cannot say."""
        for text, spans in rows:
            for kind in kinds:
                tags = ["O"] * max(1, len(text))
                for start, end, _ in (span for span in spans if span[2] == kind):
                    tags[start:end] = [f"B-{kind}", *[f"I-{kind}"] * (end - start - 1)]
                yield tags

    kinds = sorted({span[2] for _, spans in test for span in spans})
    gold, answers = list(characters(test)), list(characters((t, s) for (t, _), s in zip(test, predicted)))
    arguments = ["--gold", "DATA/restaurant8k/test.json", "--predictions", "OUT/restaurant8k.jsonl"]
    case = entity_case("restaurant8k", "SVM a word", arguments, "IOB2", gold, answers)
    # Accuracy of characters is none of the files' figures.
    return case | {"rows": len(test), "arguments": arguments, "as": {}}


SETS = {
    "clinc150": clinc150, "banking77": banking77, "bc5cdr": bc5cdr, "sms_spam": sms_spam, "goemotions": goemotions,
    "cleanlab_20news": cleanlab_20news, "tweeteval_emoji": tweeteval_emoji, "ncbi_disease": ncbi_disease, "trec": trec,
    "restaurant8k": restaurant8k, "wnut17": wnut17, "ag_news": ag_news, "sst2": sst2,
    "hausa/hausa_newsclass": hausa_newsclass, "snow2008": snow2008_rte, "varierr_nli": varierr_nli, "wikigold": wikigold,
    "hausa": hausa_ner, "crowd_conll2003": crowd_conll2003,
}


def made(what):
    name, out, data = what
    warnings.filterwarnings("ignore")
    return SETS[name](out, data)


def write(out, data, peers):
    names = [name for name in SETS if (data / name).is_dir()]
    with ProcessPoolExecutor() as pool:
        cases = list(pool.map(made, [(name, out, data) for name in names]))
    cases.sort(key=lambda case: case["name"])
    document = {"peers": peers, "cases": cases}
    (out / "real.json").write_text(json.dumps(document, allow_nan=False) + "\n")
    return f"{len(cases)} sets"
