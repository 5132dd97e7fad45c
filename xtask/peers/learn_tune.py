#!/usr/bin/env python3
"""Whether the gain that `trueup tune` forecasts is the gain on new data: one case.

usage: learn_tune.py BINARY FOLDER SET DRAW

Draws a subset of a set (seeded by DRAW), tunes on it, trains with the defaults, with the settings that scored best, and with
those to take, and scores all three on the other examples (at most 20,000), which tuning never saw. Prints one line of numbers:

  score of the defaults, gain of the best settings, gain of those to take with the low and high end of its 95 % interval,
  forecast of the gain of the best with the low and high end of its 90 % interval, and 1 where the settings to take are not
  the defaults; scores and gains in points.
"""
import json
import os
import random
import subprocess
import sys
import tempfile

import numpy as np

import learn_score
from learn_data import NER, read_conll, read_rows, write_conll, write_rows

# Examples to tune on.
SIZES = {"banking77": 2000, "clinc150": 3000, "trec": 1000, "tweeteval_emoji": 3000, "goemotions": 3000, "ncbi_disease": 800}
MOST = 20_000


def draw(folder, name, number, scratch):
    """Files of the subset and of the rest."""
    ending = "conll" if name in NER else "jsonl"
    files = [f"{folder}/{name}.{part}.{ending}" for part in ("train", "dev", "test")]
    read, write = (read_conll, write_conll) if name in NER else (read_rows, write_rows)
    rows = [row for file in files if os.path.exists(file) for row in read(file)]
    random.Random(f"{name} {number}").shuffle(rows)
    size = SIZES[name]
    subset, rest = f"{scratch}/subset.{ending}", f"{scratch}/rest.{ending}"
    write(subset, rows[:size])
    write(rest, rows[size : size + MOST])
    return subset, rest


def main():
    binary, folder, name, number = sys.argv[1:]
    with tempfile.TemporaryDirectory() as scratch:
        subset, rest = draw(folder, name, number, scratch)

        def trueup(*words):
            return subprocess.run([binary, *words, "--quiet"], check=True, stdout=subprocess.PIPE).stdout

        def counts(settings):
            key = json.dumps(settings, sort_keys=True)
            if key not in known:
                model, out = f"{scratch}/model{len(known)}", f"{scratch}/out.{rest.rsplit('.', 1)[1]}"
                # An ensemble and thresholds have options of their own.
                own = ("ensemble", "thresholds")
                option = lambda name, value: (f"--{name}", value) if name in own else ("--set", f"{name}={value}")
                words = [word for name, value in settings.items() for word in option(name, value)]
                trueup("train", subset, "-o", model, "--no-review", *words)
                trueup("predict", model, rest, "-o", out)
                known[key] = learn_score.scored(out)
            return known[key]

        known = {}
        tuned = json.loads(trueup("tune", subset, "--json", "-"))
        settings = [tuned["tried"][place]["settings"] for place in (0, tuned["best"], tuned["chosen"])]
        (base, score), (_, best), (take, chosen) = map(counts, settings)
        ends = np.quantile(learn_score.differences(take, base, base[0].shape[0]), [0.025, 0.975])
        gain = tuned["gain"]
        figures = [score, best - score, chosen - score, *ends, gain["value"], gain["low"], gain["high"]]
        print(*(f"{100 * figure:.4f}" for figure in figures), int(bool(settings[2])))


if __name__ == "__main__":
    main()
