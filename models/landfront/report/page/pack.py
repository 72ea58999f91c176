"""Packs what a page tells, and its arrays, into one text that a browser unpacks by itself."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

ALIGNED = 8
"""Bytes on which each array begins, so that a browser can look at it in place."""
LEVEL = 6


def packed(content: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> str:
    """Content and arrays as base64 of gzip, which cannot be mistaken for HTML whatever it holds.

    The bytes are: length of the head (8 bytes, little endian), the head as JSON, then the arrays. The head
    is ``{"content": ..., "arrays": {name: {dtype, shape, at}}}``; ``at`` counts from the end of the head.

    Parameters
    ----------
    content
        Plain values; nan and infinity become null.
    arrays
        Of any shape, of types that browsers have: ``uint8`` to ``int32``, ``float32`` and ``float64``.
    """
    parts: list[bytes] = []
    places: dict[str, Any] = {}
    at = 0
    for name, array in arrays.items():
        data = np.ascontiguousarray(array).tobytes()
        places[name] = {"dtype": array.dtype.name, "shape": list(array.shape), "at": at}
        data += bytes(-len(data) % ALIGNED)
        parts.append(data)
        at += len(data)
    text = json.dumps({"content": plain(content), "arrays": places}, ensure_ascii=False, allow_nan=False)
    head = text.encode()
    head += b" " * (-len(head) % ALIGNED)
    body = b"".join([len(head).to_bytes(ALIGNED, "little"), head, *parts])
    # Without a time of its own the same run gives the same file.
    return base64.b64encode(gzip.compress(body, LEVEL, mtime=0)).decode("ascii")


def plain(data: Any) -> Any:
    """Values as JSON has them: numbers of numpy as Python's, nan and infinity as None."""
    if isinstance(data, Mapping):
        return {str(name): plain(value) for name, value in data.items()}
    if isinstance(data, np.ndarray):
        return plain(data.tolist())
    if isinstance(data, list | tuple):
        return [plain(value) for value in data]
    if isinstance(data, np.generic):
        data = data.item()
    if isinstance(data, float) and data - data != 0:
        return None
    return data


def differences(rows: NDArray[Any]) -> NDArray[Any]:
    """Each row minus the one before, with wrap-around: neighbours on a front are alike, zeros pack well."""
    found = rows.copy()
    found[1:] -= rows[:-1]
    return found
