"""What label-studio-sdk sees in Label Studio JSON exports, with the labelling configuration that belongs to them.

    python label_studio_sdk.py CONFIG.xml FILE...

CONFIG.xml may be `-`: then no results are checked against it. Prints a JSON list: for each file, in order, its tasks
with the results of their annotations and predictions, and what the configuration's own check says of each.
"""

import json
import sys

# The package, not this script.
sys.path.pop(0)

from label_studio_sdk.label_interface import LabelInterface  # noqa: E402
from label_studio_sdk.label_interface.objects import AnnotationValue, PredictionValue  # noqa: E402


def results(items, kind):
    """The results as the SDK's own objects hold them."""
    found = []
    for item in items:
        value = kind(**{key: item[key] for key in ("result", "score", "model_version") if item.get(key) is not None})
        found.append([one if isinstance(one, dict) else one.model_dump() for one in value.result])
    return found


def check(interface, method, items):
    return [bool(getattr(interface, method)(item)) for item in items] if interface else None


def read(path, interface):
    with open(path, encoding="utf-8") as file:
        tasks = json.load(file)
    seen = []
    for task in tasks:
        annotations, predictions = task.get("annotations") or [], task.get("predictions") or []
        seen.append(
            {
                "data": task["data"],
                "annotations": results(annotations, AnnotationValue),
                "predictions": results(predictions, PredictionValue),
                "valid_annotations": check(interface, "validate_annotation", annotations),
                "valid_predictions": check(interface, "validate_prediction", predictions),
            }
        )
    return seen


config, *files = sys.argv[1:]
interface = None
if config != "-":
    with open(config, encoding="utf-8") as file:
        interface = LabelInterface(file.read())
json.dump([read(path, interface) for path in files], sys.stdout, ensure_ascii=False, default=str)
