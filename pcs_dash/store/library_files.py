"""A saved version as a file, to hand to a machine that shares no database."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from pcs_dash.store.checks import MAX_DOCUMENT_BYTES, MAX_RULES_BYTES
from pcs_dash.store.documents import Saved
from pcs_dash.tables.errors import InputFileError

FILE_VERSION = 1
MAX_FILE_BYTES = 4 * MAX_DOCUMENT_BYTES + MAX_RULES_BYTES

_TYPES: dict[str, type[Any]] = {
    "name": str,
    "note": str,
    "author": str,
    "data_period": str,
    "data_fingerprint": str,
    "rules": list,
    "list_sizes": dict,
    "document": dict,
}
_JSON_WORDS: dict[type[Any], str] = {str: "text", list: "a list", dict: "an object"}


def to_file(saved: Saved, *, kind: str = "plan") -> str:
    """The version as JSON text, everything in it but its id."""
    content = {
        "format": f"pcs_dash {kind}",
        "format_version": FILE_VERSION,
        "name": saved.name,
        "note": saved.note,
        "author": saved.author,
        "version": saved.version,
        "saved_at": saved.saved_at.isoformat(),
        "data_period": saved.data_period,
        "data_fingerprint": saved.data_fingerprint,
        "rules": saved.rules,
        "list_sizes": saved.list_sizes,
        "document": saved.document,
    }
    # ASCII: text that UTF-8 can't carry comes back as it was.
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def from_file(data: bytes | str, file_name: str, *, kind: str = "plan") -> dict[str, Any]:
    """What such a file holds, as `DocumentLibrary.create` takes it; InputFileError, with every
    fault, for anything else.

    The document itself is for `Plan.from_dict` (or the story's reader) to judge.
    """
    content = _parse(data, file_name, kind)
    problems = []
    for key, wanted in _TYPES.items():
        if key in content and not isinstance(content[key], wanted):
            problems.append(f"'{key}' must be {_JSON_WORDS[wanted]}.")
    if "document" not in content:
        problems.append("'document' is missing.")
    if not problems:
        problems += [
            f"Rule {number} must be an object."
            for number, rule in enumerate(content.get("rules", []), start=1)
            if not isinstance(rule, dict)
        ]
        problems += [
            f"The list size of practice '{code}' must be a whole number."
            for code, patients in content.get("list_sizes", {}).items()
            if type(patients) is not int
        ]
    if problems:
        raise InputFileError(file_name, problems)
    return {key: content[key] for key in _TYPES if key in content}


def _parse(data: bytes | str, file_name: str, kind: str) -> Mapping[str, Any]:
    def refuse_constant(word: str) -> NoReturn:
        raise ValueError(f"{word} is no JSON")

    def refuse(words: str) -> NoReturn:
        raise InputFileError(file_name, [words]) from None

    wanted = f"pcs_dash {kind}"
    if len(data) > MAX_FILE_BYTES:
        refuse(f"The file has more than {MAX_FILE_BYTES:,} bytes: it is no {kind}.")
    try:
        text = data if isinstance(data, str) else data.decode("utf-8-sig")
        content = json.loads(text, parse_constant=refuse_constant)
    except (ValueError, RecursionError):
        refuse(f"The file is not JSON. Choose a file that was exported as a {kind}.")
    if not isinstance(content, dict) or content.get("format") != wanted:
        refuse(f"The file is not a {wanted}: its 'format' says otherwise.")
    if content.get("format_version") != FILE_VERSION:
        refuse(
            f"The file has format version {str(content.get('format_version'))[:20]}; this "
            f"program reads version {FILE_VERSION}. Update pcs_dash to open it."
        )
    return content
