"""What label-studio-sdk sees in Label Studio JSON exports, with the labelling configuration that belongs to them.

    python label_studio_sdk.py CONFIG.xml FILE...

CONFIG.xml may be `-`: then no results are checked against it. Prints a JSON list: for each file, in order, its tasks
with the results of their annotations and predictions, and what the configuration's own check has against each.

    python label_studio_sdk.py --convert CONFIG.xml FILE FOLDER

has the SDK's converter turn a file into JSON-MIN, CSV and (spans) CoNLL, as `result.*` in the folder.
"""

import json
import sys

# The package, not this script.
sys.path.pop(0)

from label_studio_sdk.label_interface import LabelInterface  # noqa: E402
from label_studio_sdk.label_interface.objects import AnnotationValue, PredictionValue  # noqa: E402


def results(items, kind, **needed):
    """The results as the SDK's own objects hold them."""
    found = []
    for item in items:
        value = kind(**{key: item[key] for key in kind.model_fields if item.get(key) is not None} | needed)
        found.append(value.model_dump()["result"])
    return found


def complaints(interface, items):
    """What the configuration's own check has against the results; the SDK has one check for both kinds of answers."""
    return [interface.validate_prediction(item, return_errors=True) for item in items] if interface else []


def read(path, interface):
    with open(path, encoding="utf-8") as file:
        tasks = json.load(file)
    seen = []
    for task in tasks if isinstance(tasks, list) else [tasks]:
        # A small export has the numbers of predictions in place of them.
        annotations, predictions = (
            [one for one in task.get(kind) or [] if isinstance(one, dict)] for kind in ("annotations", "predictions")
        )
        seen.append(
            {
                "data": task["data"],
                # An export may name annotators by address or not at all; the SDK's object wants a number.
                "annotations": results(annotations, AnnotationValue, completed_by=1),
                "predictions": results(predictions, PredictionValue),
                "complaints": complaints(interface, annotations) + complaints(interface, predictions),
            }
        )
    return seen


def convert(config, file, folder):
    from label_studio_sdk.converter import Converter

    converter = Converter(config, None, download_resources=False)
    for kind in ("JSON_MIN", "CSV", "CONLL2003"):
        if kind in converter.supported_formats:
            converter.convert(file, folder, kind, is_dir=False)


if sys.argv[1] == "--convert":
    convert(*sys.argv[2:])
    sys.exit()

config, *files = sys.argv[1:]
interface = None
if config != "-":
    with open(config, encoding="utf-8") as file:
        interface = LabelInterface(file.read())
json.dump([read(path, interface) for path in files], sys.stdout, ensure_ascii=False, default=str)
