"""What the library `datasets` sees in Parquet files and in folders of `save_to_disk`.

    python hf_parquet.py FILE...

Prints a JSON list: for each file, in order, its features and its rows; for a folder with splits, these by split.
"""

import json
import os
import sys
import tempfile

from datasets import ClassLabel, Dataset, DatasetDict, disable_progress_bars, load_from_disk

disable_progress_bars()


def feature(one):
    """A feature by its kind; the names of labels where it has them."""
    if isinstance(one, ClassLabel):
        return {"labels": one.names}
    if isinstance(one, dict):
        return {name: feature(inner) for name, inner in one.items()}
    if isinstance(one, list):
        return [feature(inner) for inner in one]
    inner = getattr(one, "feature", None)
    return {"list": feature(inner)} if inner is not None else str(getattr(one, "dtype", one))


def seen(data):
    if isinstance(data, DatasetDict):
        return {split: seen(inner) for split, inner in data.items()}
    return {"features": {name: feature(one) for name, one in data.features.items()}, "rows": data.to_list()}


def read(path, cache):
    return seen(load_from_disk(path) if os.path.isdir(path) else Dataset.from_parquet(path, cache_dir=cache))


with tempfile.TemporaryDirectory() as cache:
    json.dump([read(path, cache) for path in sys.argv[1:]], sys.stdout, ensure_ascii=False, default=str)
