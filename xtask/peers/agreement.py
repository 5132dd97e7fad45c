#!/usr/bin/env python3
"""CPU seconds of crowd-kit's models on a table of one answer a row: agreement.py FILE

Prints one line a method: name, the least CPU seconds of three fits (imports and reading left out), share right by gold.
"""
import sys
import time
import warnings

import crowdkit.aggregation as ck
import pandas as pd

warnings.simplefilter("ignore")
table = pd.read_csv(sys.argv[1], sep="\t", dtype=str)
data = table.rename(columns={"orig_id": "task", "!amt_worker_ids": "worker", "response": "label"})
data = data.drop_duplicates(["task", "worker"], keep="last")[["task", "worker", "label"]]
gold = dict(zip(table.orig_id, table.gold))
for name, make in [
    ("dawid-skene", lambda: ck.DawidSkene(n_iter=100)),
    ("one-coin", lambda: ck.OneCoinDawidSkene(n_iter=100)),
    ("mace", lambda: ck.MACE(random_state=0)),
]:
    taken = []
    for _ in range(3):
        start = time.process_time()
        found = make().fit_predict(data)
        taken.append(time.process_time() - start)
    right = sum(label == gold[item] for item, label in found.items()) / len(found)
    print(name, f"{min(taken):.6f}", f"{right:.4f}")
