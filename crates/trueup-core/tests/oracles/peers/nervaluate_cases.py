"""What nervaluate makes of random spans and tags; each version has a file of its own.

An empty first document, and types that no gold has, are among them; ends of spans are exclusive here.
"""

from importlib.metadata import version

from nervaluate.evaluator import Evaluator
from nervaluate.loaders import ListLoader
from peer_spans import TYPES, span_cases, tag_cases

PEERS = ("nervaluate",)
COLUMNS = ("correct", "incorrect", "partial", "missed", "spurious", "precision", "recall", "f1")


def row(cells):
    """Figures by way of matching."""
    return {way: [getattr(cell, name) for name in COLUMNS] for way, cell in sorted(cells.items())}


def evaluated(gold, predicted, types, loader, **options):
    result = Evaluator(gold, predicted, tags=types, loader=loader, **options).evaluate()
    return {
        "all": row(result["overall"]),
        "types": {tag: row(cells) for tag, cells in sorted(result["entities"].items())},
    }


def of_spans(case):
    # Ends are those of the last token in nervaluate.
    sides = [
        [[{"label": TYPES[k], "start": s, "end": e - 1} for s, e, k in pair[side]] for pair in case["documents"]]
        for side in (0, 1)
    ]
    if version("nervaluate") == "1.0.0":
        return None if case["least"] != 1.0 else evaluated(*sides, TYPES, "dict")
    return evaluated(*sides, TYPES, "dict", min_overlap_percentage=case["least"])


def loaded(tags):
    """The spans of a line of tags; None where nervaluate stops, at a chunk that begins with neither B nor I."""
    try:
        (entities,) = ListLoader().load([tags.split()])
    except ValueError:
        return None
    return [[e.start, e.end + 1, TYPES.index(e.label)] for e in entities]


def make(small, data):
    spans, tags = span_cases(small), tag_cases(small)
    return {
        "types": TYPES,
        "spans": [case | {"figures": of_spans(case)} for case in spans],
        "tags": [[line, loaded(line)] for line in tags],
    }
