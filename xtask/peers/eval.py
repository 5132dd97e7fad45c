#!/usr/bin/env python3
"""Computes metrics with the usual Python tool; the last line is a digest of what was computed, as JSON.

usage: eval.py make FILE      draws an input, by its name
       eval.py WHAT FILE

  report-csv          pandas.read_csv, scikit-learn's classification_report and confusion_matrix on the strings
  report-factorised   pandas.read_parquet, labels factorised to integers, the same two on these
  report-strings      pandas.read_parquet, classification_report on the strings
  bincount            pyarrow reads both columns as dictionaries, one numpy.bincount; no metric
  duckdb-counts       rows by day, language, gold and prediction, counted by DuckDB; no metric
  probabilities       log_loss, roc_auc_score ovr and ovo, average_precision_score, calibration error in NumPy
  seqeval             classification_report as it comes (seqeval-strict: mode strict, IOB2)
"""
import json
import os
import sys




def labels(rng, rows, k, wrong=0.12):
    import numpy as np

    names = np.array([f"label_{i:02d}" for i in range(k)])
    gold = rng.choice(k, rows, p=rng.dirichlet(np.ones(k) * 2))
    other = rng.integers(0, k, rows)
    return names, gold, np.where(rng.random(rows) < wrong, other, gold)


def make(file):
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(0)
    name = os.path.basename(file)
    part = file + ".part"
    if name == "thousand.csv":
        names, gold, answer = labels(rng, 1_000, 12)
        with open(part, "w", encoding="utf-8") as out:
            out.write("id,label,prediction\n")
            out.writelines(f"{i},{names[g]},{names[a]}\n" for i, (g, a) in enumerate(zip(gold, answer)))
    elif name == "ten.parquet":
        names, gold, answer = labels(rng, 10_000_000, 12)
        pq.write_table(pa.table({"y_true": names[gold], "y_pred": names[answer]}), part, compression="zstd")
    elif name == "probabilities.parquet":
        rows, k = 1_000_000, 77
        names, gold, _ = labels(rng, rows, k)
        scores = rng.standard_normal((rows, k))
        scores[np.arange(rows), gold] += 3
        np.exp(scores, out=scores)
        scores /= scores.sum(1, keepdims=True)
        columns = {"y_true": names[gold], **{f"score:{names[i]}": scores[:, i] for i in range(k)}}
        pq.write_table(pa.table(columns), part, compression="none", use_dictionary=["y_true"], row_group_size=131_072)
    elif name == "hundred":
        languages = np.array(["de", "en", "es", "fr", "it", "nl", "pl", "pt"])
        os.makedirs(part, exist_ok=True)
        for i in range(20):
            rows = 5_000_000
            names, gold, answer = labels(rng, rows, 12)
            micros = np.sort(rng.integers(0, 30 * 86_400 * 1_000_000, rows)).astype("timedelta64[us]")
            columns = {
                "id": np.arange(rows) + i * rows,
                "ts": np.datetime64("2026-01-01", "us") + micros,
                "lang": languages[rng.integers(0, 8, rows)],
                "y_true": names[gold],
                "y_pred": names[answer],
                "score": rng.random(rows),
                "text_len": rng.integers(5, 400, rows).astype("int32"),
            }
            pq.write_table(pa.table(columns), f"{part}/part-{i:02d}.parquet", compression="zstd")
    elif name == "tokens-predicted.conll":
        parts = [open(f"{os.environ['TRUEUP_DATA']}/bc5cdr/{p}.tsv", encoding="utf-8").read() for p in ("train", "devel", "test")]
        sentences = [s for s in "\n\n".join(parts).split("\n\n") if s.strip()]
        tokens, i = 0, 0
        with open(part, "w", encoding="utf-8") as out:
            while tokens < 5_000_000:
                lines = sentences[i % len(sentences)].strip().split("\n")
                tags = [line.split("\t")[-1] for line in lines]
                answer = [t if rng.random() > 0.08 else ("O" if t != "O" else "B-Disease") for t in tags]
                out.writelines(f"{line}\t{a}\n" for line, a in zip(lines, answer))
                out.write("\n")
                tokens += len(lines)
                i += 1
    else:
        sys.exit(f"unknown input {name}")
    os.rename(part, file)


def report_csv(file):
    import pandas
    from sklearn.metrics import classification_report, confusion_matrix

    data = pandas.read_csv(file)
    report = classification_report(data["label"], data["prediction"], output_dict=True)
    return {"accuracy": report["accuracy"], "cells": int(confusion_matrix(data["label"], data["prediction"]).sum())}


def report_factorised(file):
    import pandas
    from sklearn.metrics import classification_report, confusion_matrix

    data = pandas.read_parquet(file)
    codes, names = pandas.factorize(pandas.concat([data["y_true"], data["y_pred"]]), sort=True)
    gold, answer = codes[: len(data)], codes[len(data) :]
    report = classification_report(gold, answer, target_names=list(names), output_dict=True)
    return {"accuracy": report["accuracy"], "cells": int(confusion_matrix(gold, answer).sum())}


def report_strings(file):
    import pandas
    from sklearn.metrics import classification_report

    data = pandas.read_parquet(file)
    return {"accuracy": classification_report(data["y_true"], data["y_pred"], output_dict=True)["accuracy"]}


def bincount(file):
    import numpy as np
    import pyarrow.parquet as pq

    table = pq.read_table(file, columns=["y_true", "y_pred"], read_dictionary=["y_true", "y_pred"]).unify_dictionaries()
    gold, answer = table["y_true"], table["y_pred"]
    names = sorted(set(gold.chunk(0).dictionary.to_pylist()) | set(answer.chunk(0).dictionary.to_pylist()))
    place = {name: i for i, name in enumerate(names)}
    cells = np.zeros(len(names) ** 2, dtype=np.int64)
    for g, a in zip(gold.chunks, answer.chunks):
        to_gold = np.array([place[n] for n in g.dictionary.to_pylist()])
        to_answer = np.array([place[n] for n in a.dictionary.to_pylist()])
        both = to_gold[g.indices.to_numpy()] * len(names) + to_answer[a.indices.to_numpy()]
        cells += np.bincount(both, minlength=len(cells))
    return {"accuracy": float(cells.reshape(len(names), -1).trace() / cells.sum())}


def duckdb_counts(file):
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    rows = connection.execute(
        f"SELECT date_trunc('day', ts) AS day, lang, y_true, y_pred, count(*) FROM '{file}/*.parquet' GROUP BY ALL"
    ).fetchall()
    return {"cells": len(rows), "rows": sum(row[-1] for row in rows)}


def probabilities(file):
    import numpy as np
    import pandas
    from sklearn.metrics import average_precision_score, log_loss, roc_auc_score
    from sklearn.preprocessing import label_binarize

    data = pandas.read_parquet(file)
    names = [c[6:] for c in data.columns if c.startswith("score:")]
    scores = data[[f"score:{n}" for n in names]].to_numpy()
    gold = pandas.Categorical(data["y_true"], categories=names).codes.astype("int64")
    top, right = scores.max(1), scores.argmax(1) == gold
    bins = np.clip(np.ceil(top * 15).astype(int), 1, 15) - 1
    gaps = np.bincount(bins, weights=top - right, minlength=15)
    return {
        "log_loss": log_loss(gold, scores),
        "ovr": roc_auc_score(gold, scores, multi_class="ovr"),
        "ovo": roc_auc_score(gold, scores, multi_class="ovo"),
        "ap": average_precision_score(label_binarize(gold, classes=range(len(names))), scores, average="macro"),
        "ece": float(np.abs(gaps).sum() / len(gold)),
    }


def seqeval_report(file, **how):
    from seqeval.metrics import classification_report

    gold, answers, g, a = [], [], [], []
    for line in open(file, encoding="utf-8"):
        fields = line.split()
        if fields:
            g.append(fields[-2])
            a.append(fields[-1])
        elif g:
            gold.append(g)
            answers.append(a)
            g, a = [], []
    if g:
        gold.append(g)
        answers.append(a)
    report = classification_report(gold, answers, output_dict=True, **how)
    return {"f1": float(report["micro avg"]["f1-score"])}


def strict(file):
    from seqeval.scheme import IOB2

    return seqeval_report(file, mode="strict", scheme=IOB2)


WHAT = {
    "report-csv": report_csv,
    "report-factorised": report_factorised,
    "report-strings": report_strings,
    "bincount": bincount,
    "duckdb-counts": duckdb_counts,
    "probabilities": probabilities,
    "seqeval": seqeval_report,
    "seqeval-strict": strict,
}

if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2])
    else:
        print(json.dumps(WHAT[sys.argv[1]](sys.argv[2])))
