"""nervaluate's figures of the predictions that `real_cases.py` left in OUT, by the names that Trueup gives them."""

import json

from nervaluate_cases import COLUMNS, evaluated

PEERS = ("nervaluate",)


def sides(path):
    """Gold and predicted tags of a file of three columns."""
    blocks = [block.split("\n") for block in path.read_text(encoding="utf-8").strip().split("\n\n")]
    return [[[line.split("\t")[column] for line in block] for block in blocks] for column in (1, 2)]


def named(result):
    rows = {"": result["all"]} | {f"{tag} ": rows for tag, rows in result["types"].items()}
    return {
        f"{head}{way} {name}": float(value)
        for head, ways in rows.items()
        for way, cells in ways.items()
        for name, value in zip(COLUMNS, cells)
    }


def figures(path, types):
    """None where nervaluate stops, at a chunk that it cannot read."""
    try:
        return named(evaluated(*sides(path), types, "list"))
    except ValueError:
        return None


def tagged_cases(out):
    """The files of gold and prediction side by side: (name, path, scheme, types)."""
    for case in json.loads((out / "real.json").read_text(encoding="utf-8"))["cases"]:
        path = out / f"{case['name']}.conll"
        if path.is_file():
            yield case["name"], path, case["arguments"][-1], case["labels"]


def write_figures(out, tool, figures, peers):
    """OUT/real-TOOL.json: what to read, and the tool's figures."""
    cases = [
        {"name": name, "arguments": [f"OUT/{path.name}", "--scheme", scheme], "as": {tool: figures(path, types)}}
        for name, path, scheme, types in tagged_cases(out)
    ]
    (out / f"real-{tool}.json").write_text(json.dumps({"peers": peers, "cases": cases}) + "\n")
    return f"{len(cases)} sets"


def write(out, data, peers):
    return write_figures(out, "nervaluate", figures, peers)
