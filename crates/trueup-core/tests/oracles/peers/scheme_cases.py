"""Random tag sequences with the entities that seqeval's strict mode reads from them."""

import numpy as np
from seqeval.scheme import BILOU, IOB1, IOB2, IOBES, IOE1, IOE2, Tokens

PEERS = ("seqeval",)
SCHEMES = {"IOB1": (IOB1, "IB"), "IOB2": (IOB2, "IB"), "IOE1": (IOE1, "IE"), "IOE2": (IOE2, "IE")}
SCHEMES |= {"IOBES": (IOBES, "BIES"), "BILOU": (BILOU, "BILU")}


def random_tags(rng, letters):
    """Any letter after any other; types stay more often than not, so that chunks of several tokens are common."""
    tags, kind = [], "X"
    for _ in range(int(rng.integers(1, 12))):
        kind = str(rng.choice(["X", "Y"])) if rng.random() < 0.4 else kind
        tags.append("O" if rng.random() < 0.15 else f"{rng.choice(list(letters))}-{kind}")
    return tags


def make(small, data):
    """For each scheme pairs: tags set apart by spaces, and entities as start, end and type."""
    count = 10 if small else 4000
    rng, out = np.random.default_rng(20261123), {}
    for name, (scheme, letters) in SCHEMES.items():
        out[name] = []
        for _ in range(count):
            tags = random_tags(rng, letters)
            out[name].append([" ".join(tags), [[e.start, e.end, e.tag] for e in Tokens(tags, scheme).entities]])
    return out
