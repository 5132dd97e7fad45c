"""What spaCy sees in files: DocBins (.spacy), training JSON (.json) as `spacy convert` reads it, and pairs of text and
annotations (.pairs) as `Example.from_dict` takes them.

    python spacy_docbin.py FILE...

Prints a JSON object: for each file, in order, a list of documents.
"""

import json
import sys
import warnings

import spacy
from spacy.tokens import DocBin
from spacy.training import Example
from spacy.training.converters import json_to_docs

warnings.filterwarnings("ignore")


def span(one):
    return [one.start_char, one.end_char, one.label_, one.kb_id_, one.id_]


def document(doc):
    known = len(doc) > 0 and doc.has_annotation("ENT_IOB")
    return {
        "text": doc.text,
        "tokens": [token.text for token in doc],
        "unknown_spaces": doc.has_unknown_spaces,
        "ents": [span(one) for one in doc.ents] if known else None,
        "iob": [token.ent_iob_ for token in doc],
        "cats": doc.cats,
        "groups": {
            name: {"attrs": group.attrs, "spans": [span(one) for one in group]} for name, group in doc.spans.items()
        },
        "pos": [token.pos_ for token in doc],
        "tag": [token.tag_ for token in doc],
        "heads": [token.head.i for token in doc],
        "user_data": [[list(key) if isinstance(key, tuple) else key, value] for key, value in doc.user_data.items()],
    }


def read(path):
    nlp = spacy.blank("xx")
    if path.endswith(".pairs"):
        with open(path, encoding="utf-8") as file:
            return [document(Example.from_dict(nlp.make_doc(text), said).reference) for text, said in json.load(file)]
    if path.endswith(".json"):
        with open(path, "rb") as file:
            return [document(doc) for doc in json_to_docs(file.read())]
    return [document(doc) for doc in DocBin().from_disk(path).get_docs(nlp.vocab)]


json.dump([read(path) for path in sys.argv[1:]], sys.stdout, ensure_ascii=False)
