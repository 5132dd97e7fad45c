"""Figures of other tools, for Trueup's tests to compare its own with.

    python make.py FAMILY OUT [--data DIR]     thousands of random cases, and real files where DIR has them
    python make.py FAMILY OUT --small          the few cases that are committed in ../small

OUT is a JSON file; of the families of real sets, a folder. A family is a module of this folder whose
`make(small, data)` gives its cases; it needs the tools of its `PEERS` alone, so that each environment makes its own families. Everything is
seeded: the same versions write the same file. null stands for 0/0, where a tool may write 0 with a warning.
"""

import argparse
import importlib
import json
import sys
import time
import warnings
from importlib.metadata import version
from pathlib import Path

sys.dont_write_bytecode = True  # nothing but OUT is written
warnings.filterwarnings("ignore")  # 0/0 is warned of in every other case

MODULES = {
    "review": "review_cases",
    "labels": "label_cases",
    "statistics": "statistics_cases",
    "spans": "span_cases",
    "schemes": "scheme_cases",
    "comparison": "comparison_cases",
    "statsmodels": "statsmodels_cases",
    "agreement": "agreement_cases",
    "nervaluate": "nervaluate_cases",
    "spacy": "spacy_cases",
    "real": "real_cases",
    "real-nervaluate": "real_nervaluate",
    "real-spacy": "real_spacy",
}


def short(value):
    """Floats to 12 digits, so that committed files stay small; the tests allow 1e-9."""
    if isinstance(value, dict):
        return {key: short(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [short(item) for item in value]
    if isinstance(value, float):
        value = float(f"{value:.12g}")
        return int(value) if value.is_integer() and abs(value) < 1e15 else value
    return value


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("family", choices=MODULES)
    parser.add_argument("out", type=Path)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--data", type=Path)
    asked = parser.parse_args()
    start = time.perf_counter()
    module = importlib.import_module(MODULES[asked.family])
    peers = {name: version(name) for name in module.PEERS}
    if hasattr(module, "write"):
        asked.out.mkdir(parents=True, exist_ok=True)
        said = module.write(asked.out, asked.data, peers)
    else:
        document = {"peers": peers, "cases": module.make(asked.small, asked.data)}
        document = short(document) if asked.small else document
        text = json.dumps(document, allow_nan=False, separators=(",", ":"))
        # A committed file has lines, so that a change of it can be read.
        text = text.replace("},{", "},\n{").replace("]],[", "]],\n[") if asked.small else text
        asked.out.write_text(text + "\n")
        said = f"{len(text):,} bytes"
    print(f"{asked.family}: {said}, {time.perf_counter() - start:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
