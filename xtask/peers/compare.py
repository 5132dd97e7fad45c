#!/usr/bin/env python3
"""Compares two models' answers with the usual Python tool; the last line is a digest of what was computed, as JSON.

usage: compare.py make FOLDER    draws a test set of a million examples and two models' answers
       compare.py WHAT FOLDER

  bootstrap   pandas reads the three files, SciPy's paired bootstrap of the difference of accuracies (percentile, 9,999
              resamples): one figure with its interval
  mcnemar     the same files, McNemar's exact test by SciPy's binomial test
  bootstrap-numbers, mcnemar-numbers
              the same of a file of numbers, which costs nothing to read
"""
import json
import os
import shutil
import sys


def make(folder):
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(0)
    rows, k = 1_000_000, 100
    names = np.array([f"label_{i:03d}" for i in range(k)])
    gold = rng.choice(k, rows, p=rng.dirichlet(np.ones(k) * 5))
    luck = rng.random(rows)

    def answers(share):
        own = np.where(rng.random(rows) < 0.8, luck, rng.random(rows))
        return np.where(own < share, gold, rng.integers(0, k, rows))

    part = folder + ".part"
    os.makedirs(part, exist_ok=True)
    ids = np.arange(rows)
    source = rng.integers(0, 20, rows)
    pq.write_table(pa.table({"id": ids, "label": names[gold], "source": source}), f"{part}/gold.parquet")
    numbers = [gold]
    for file, share in (("old", 0.88), ("new", 0.881)):
        numbers.append(answers(share))
        pq.write_table(pa.table({"id": ids, "label": names[numbers[-1]]}), f"{part}/{file}.parquet")
    np.stack(numbers, axis=1).astype("<u4").tofile(f"{part}/numbers.bin")
    shutil.rmtree(folder, ignore_errors=True)
    os.rename(part, folder)


def read(folder):
    import pandas as pd

    gold, old, new = (pd.read_parquet(f"{folder}/{name}.parquet") for name in ("gold", "old", "new"))
    joined = gold.merge(old, on="id", suffixes=("", "_old")).merge(new, on="id", suffixes=("", "_new"))
    return (joined.label == joined.label_old).to_numpy(), (joined.label == joined.label_new).to_numpy()


def read_numbers(folder):
    import numpy as np

    gold, old, new = np.fromfile(f"{folder}/numbers.bin", dtype="<u4").reshape(-1, 3).T
    return gold == old, gold == new


def bootstrap(folder, read=read):
    import numpy as np
    from scipy import stats

    a, b = read(folder)
    difference = b.astype(np.float64) - a
    found = stats.bootstrap((difference,), np.mean, n_resamples=9999, method="percentile", batch=20, vectorized=True)
    return {"difference": float(difference.mean()), "ends": [float(x) for x in found.confidence_interval]}


def mcnemar(folder, read=read):
    from scipy import stats

    a, b = read(folder)
    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    return {"p": float(stats.binomtest(only_a, only_a + only_b).pvalue)}


WHAT = {
    "bootstrap": bootstrap,
    "mcnemar": mcnemar,
    "bootstrap-numbers": lambda folder: bootstrap(folder, read_numbers),
    "mcnemar-numbers": lambda folder: mcnemar(folder, read_numbers),
}

if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2])
    else:
        print(json.dumps(WHAT[sys.argv[1]](sys.argv[2])))
