"""Passes over groups, compiled: what each group chooses at given prices, and how that changes with them.

Every pass works on the groups ``first ... last - 1`` and releases the interpreter's lock, so
that parts of a pass run in threads. ``row_price`` holds a price per row (see `compact.Arrays`): the reduced
cost of a column is the sum of its coefficients times these prices. ``priced`` is the table times the prices
of its terms' rows, shape (terms, kinds).

Arrays are taken out of the tuple once per pass and handed on one by one: each look into the tuple counts
references, which made a pass five times slower.
"""

from __future__ import annotations

from math import exp, log
from typing import Any

import numpy as np

from landfront.optimizer.kernels import compiled
from landfront.optimizer.structured.compact import Arrays

FAR = 20.0
"""Columns that are worse than the best by more than so many smoothing widths have no share: below 2e-9."""

ROOM = 64
"""Rows of a group, besides the dense ones, for which there is room at first."""


@compiled
def _terms(amount_start: Any, term: Any, amount: Any, priced: Any, group: int, out: Any) -> None:
    """Amounts of a group times the priced table into ``out``, one number per kind.

    Eight kinds at a time, a number that is known when this is compiled, so that they go through the processor
    together; tables have a multiple of eight (`compact.LANES`).
    """
    for first in range(0, priced.shape[1], 8):
        eight = out[first : first + 8]
        for k in range(8):
            eight[k] = 0.0
        for q in range(amount_start[group], amount_start[group + 1]):
            x, prices = amount[q], priced[term[q], first : first + 8]
            for k in range(8):
                eight[k] += x * prices[k]


@compiled
def _mixed(group: int, option: int) -> float:
    """A number in [0, 1) that has nothing to do with the column but is always the same."""
    x = np.uint64((group << 16) + option) * np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    return float(x >> np.uint64(11)) * 1.1102230246251565e-16


@compiled
def mixed(group: Any, option: Any) -> Any:
    """Those numbers for the options of some groups, shape (n,)."""
    out = np.empty(len(group))
    for i in range(len(group)):
        out[i] = _mixed(group[i], option[i])
    return out


@compiled
def _columns(
    begin: int,
    end: int,
    kind: Any,
    by_kind: Any,
    dense: Any,
    dense_price: Any,
    noise: float,
    group: int,
    out: Any,
) -> tuple[int, float]:
    """Reduced costs of the columns ``begin .. end`` into ``out``, single coefficients left out; the least.

    With ``noise`` ties are broken: each column costs some share of it more, by the number of its group.
    """
    d, count = len(dense_price), end - begin
    for i in range(count):
        out[i] = by_kind[kind[begin + i]]
    # A loop over so few takes longer than what it does.
    if d == 1:
        for i in range(count):
            out[i] += dense[begin + i, 0] * dense_price[0]
    elif d == 2:
        for i in range(count):
            out[i] += dense[begin + i, 0] * dense_price[0] + dense[begin + i, 1] * dense_price[1]
    else:
        for i in range(count):
            for q in range(d):
                out[i] += dense[begin + i, q] * dense_price[q]
    if noise > 0:
        for i in range(count):
            out[i] += noise * _mixed(group, i)
    at, least = 0, out[0]
    for i in range(1, count):
        if out[i] < least:
            at, least = i, out[i]
    return at, least


@compiled
def _singles(
    begin: int, end: int, entry_start: Any, entry_row: Any, entry: Any, row_price: Any, out: Any
) -> tuple[int, float]:
    """Add the single coefficients; the least."""
    at, least = 0, np.inf
    for j in range(begin, end):
        total = out[j - begin]
        for q in range(entry_start[j], entry_start[j + 1]):
            total += entry[q] * row_price[entry_row[q]]
        out[j - begin] = total
        if total < least:
            at, least = j - begin, total
    return at, least


@compiled
def _use_dense(dense: Any, dense_row: Any, column: int, share: float, usage: Any) -> None:
    for i in range(len(dense_row)):
        usage[dense_row[i]] += share * dense[column, i]


@compiled
def _use_singles(entry_start: Any, entry_row: Any, entry: Any, column: int, share: float, usage: Any) -> None:
    for q in range(entry_start[column], entry_start[column + 1]):
        usage[entry_row[q]] += share * entry[q]


@compiled
def _use_terms(
    amount_start: Any,
    term: Any,
    amount: Any,
    table: Any,
    term_row: Any,
    group: int,
    kind: int,
    share: float,
    usage: Any,
) -> None:
    for q in range(amount_start[group], amount_start[group + 1]):
        usage[term_row[term[q]]] += share * amount[q] * table[term[q], kind]


@compiled
def choose(
    a: Arrays,
    row_price: Any,
    priced: Any,
    noise: float,
    first: int,
    last: int,
    best: Any,
    usage: Any,
    most: float,
    columns: Any,
    loss: Any,
) -> tuple[float, int]:
    """Best column of each group into ``best`` (n,), its use added to ``usage``; the sum of their costs.

    Other columns that cost at most ``most`` more, and how much more: see `within`.
    """
    starts, kind, dense, dense_row = a.starts, a.kind, a.dense, a.dense_row
    amount_start, term, amount, table = a.amount_start, a.term, a.amount, a.table
    term_row, idle = a.term_row, a.idle
    entry_start, entry_row, entry = a.entry_start, a.entry_row, a.entry
    factored, single = len(amount_start) > 0, len(entry_start) > 0
    number, numbered = a.number, len(a.number) > 0
    dense_price = row_price[dense_row]
    by_kind, out = np.zeros(priced.shape[1]), np.empty(a.largest)
    total, found = 0.0, 0
    for group in range(first, last):
        begin, end = starts[group], starts[group + 1]
        if factored:
            _terms(amount_start, term, amount, priced, group, by_kind)
        name = number[group] if numbered else group
        at, least = _columns(begin, end, kind, by_kind, dense, dense_price, noise, name, out)
        if single:
            at, least = _singles(begin, end, entry_start, entry_row, entry, row_price, out)
        total += least
        for i in range(end - begin):
            if i != at and out[i] <= least + most:
                if found < len(columns):
                    columns[found], loss[found] = begin + i, out[i] - least
                found += 1
        column = begin + at
        best[group] = column
        _use_dense(dense, dense_row, column, 1.0, usage)
        if factored and not idle[kind[column]]:
            _use_terms(amount_start, term, amount, table, term_row, group, kind[column], 1.0, usage)
        if single:
            _use_singles(entry_start, entry_row, entry, column, 1.0, usage)
    return total, found


@compiled
def screen(
    a: Arrays,
    row_price: Any,
    priced: Any,
    noise: float,
    first: int,
    last: int,
    most: float,
    best: Any,
    tied: Any,
    usage: Any,
) -> tuple[float, float]:
    """Best column of each group into ``best`` (n,), and whether another one costs at most ``most`` more into
    ``tied`` (n,); the use of those that are not tied is added to ``usage``.

    The sum of the least costs of those that are tied and of the others comes back.
    """
    starts, kind, dense, dense_row = a.starts, a.kind, a.dense, a.dense_row
    amount_start, term, amount, table = a.amount_start, a.term, a.amount, a.table
    term_row, idle = a.term_row, a.idle
    entry_start, entry_row, entry = a.entry_start, a.entry_row, a.entry
    factored, single = len(amount_start) > 0, len(entry_start) > 0
    number, numbered = a.number, len(a.number) > 0
    dense_price = row_price[dense_row]
    by_kind, out = np.zeros(priced.shape[1]), np.empty(a.largest)
    total, rest = 0.0, 0.0
    for group in range(first, last):
        begin, end = starts[group], starts[group + 1]
        if factored:
            _terms(amount_start, term, amount, priced, group, by_kind)
        name = number[group] if numbered else group
        at, least = _columns(begin, end, kind, by_kind, dense, dense_price, noise, name, out)
        if single:
            at, least = _singles(begin, end, entry_start, entry_row, entry, row_price, out)
        column = begin + at
        best[group] = column
        near = 0
        for i in range(end - begin):
            near += out[i] <= least + most
        tied[group] = near > 1
        if near > 1:
            total += least
            continue
        rest += least
        _use_dense(dense, dense_row, column, 1.0, usage)
        if factored and not idle[kind[column]]:
            _use_terms(amount_start, term, amount, table, term_row, group, kind[column], 1.0, usage)
        if single:
            _use_singles(entry_start, entry_row, entry, column, 1.0, usage)
    return total, rest


@compiled
def use(a: Arrays, chosen: Any, first: int, last: int, usage: Any) -> None:
    """Add what the chosen column of each group, if any (-1), uses of the rows to ``usage`` (k,)."""
    kind, dense, dense_row = a.kind, a.dense, a.dense_row
    amount_start, term, amount, table = a.amount_start, a.term, a.amount, a.table
    term_row, idle = a.term_row, a.idle
    entry_start, entry_row, entry = a.entry_start, a.entry_row, a.entry
    factored, single = len(amount_start) > 0, len(entry_start) > 0
    for group in range(first, last):
        column = chosen[group]
        if column < 0:
            continue
        _use_dense(dense, dense_row, column, 1.0, usage)
        if factored and not idle[kind[column]]:
            _use_terms(amount_start, term, amount, table, term_row, group, kind[column], 1.0, usage)
        if single:
            _use_singles(entry_start, entry_row, entry, column, 1.0, usage)


@compiled
def smooth(
    a: Arrays,
    row_price: Any,
    priced: Any,
    noise: float,
    first: int,
    last: int,
    width: float,
    bounded: Any,
    usage: Any,
    curvature: Any,
) -> tuple[float, int]:
    """Smoothed minima: their sum, and how many groups are near a tie.

    The least reduced cost of a group is replaced by ``-width * log(sum(exp(-reduced / width)))``. The shares
    are those of the exponentials; their use is added to ``usage`` (k,), and the covariance of the columns'
    coefficients under them to the lower half of ``curvature`` (k, k). Rows that are not ``bounded`` (k,) are
    left out where that saves work: their prices are 0 whatever they use.
    """
    starts, kind, dense, dense_row = a.starts, a.kind, a.dense, a.dense_row
    amount_start, term, amount, table = a.amount_start, a.term, a.amount, a.table
    term_row, idle = a.term_row, a.idle
    entry_start, entry_row, entry = a.entry_start, a.entry_row, a.entry
    factored, single = len(amount_start) > 0, len(entry_start) > 0
    number, numbered = a.number, len(a.number) > 0
    dense_price = row_price[dense_row]
    largest = a.largest
    by_kind, out, share = np.zeros(priced.shape[1]), np.empty(largest), np.empty(largest)
    tied = np.empty(largest, np.int64)
    room = len(dense_row) + ROOM
    rows, values = np.empty(room, np.int64), np.empty((room, largest))
    total, near = 0.0, 0
    for group in range(first, last):
        begin, end = starts[group], starts[group + 1]
        if factored:
            _terms(amount_start, term, amount, priced, group, by_kind)
        name = number[group] if numbered else group
        at, least = _columns(begin, end, kind, by_kind, dense, dense_price, noise, name, out)
        if single:
            at, least = _singles(begin, end, entry_start, entry_row, entry, row_price, out)
        total += least
        count, together = 0, 0.0
        far = least + FAR * width
        for i in range(end - begin):
            if i == at or out[i] < far:
                tied[count] = begin + i
                share[count] = exp((least - out[i]) / width)
                together += share[count]
                count += 1
        if count == 1:
            column = begin + at
            _use_dense(dense, dense_row, column, 1.0, usage)
            if factored and not idle[kind[column]]:
                _use_terms(amount_start, term, amount, table, term_row, group, kind[column], 1.0, usage)
            if single:
                _use_singles(entry_start, entry_row, entry, column, 1.0, usage)
            continue
        near += 1
        total -= width * log(together)
        need = len(dense_row)
        if factored:
            need += amount_start[group + 1] - amount_start[group]
        if single:
            need += entry_start[end] - entry_start[begin]
        if need > len(rows):
            rows, values = np.empty(need, np.int64), np.empty((need, largest))
        found = 0
        for i in range(len(dense_row)):
            if not bounded[dense_row[i]]:
                continue
            rows[found] = dense_row[i]
            for c in range(count):
                values[found, c] = dense[tied[c], i]
            found += 1
        if factored:
            for q in range(amount_start[group], amount_start[group + 1]):
                t = term[q]
                if not bounded[term_row[t]]:
                    continue
                rows[found] = term_row[t]
                for c in range(count):
                    values[found, c] = amount[q] * table[t, kind[tied[c]]]
                found += 1
        if single:
            for c in range(count):
                for q in range(entry_start[tied[c]], entry_start[tied[c] + 1]):
                    rows[found] = entry_row[q]
                    for other in range(count):
                        values[found, other] = 0.0
                    values[found, c] = entry[q]
                    found += 1
        for c in range(count):
            share[c] /= together
        _spread(rows, values, found, share, count, usage, curvature)
    return total, near


@compiled
def _spread(rows: Any, values: Any, found: int, share: Any, count: int, usage: Any, curvature: Any) -> None:
    """Add the means of rows of values under shares to ``usage``, and their covariance to ``curvature``.

    Values are overwritten. Of the covariance the lower half is filled.
    """
    kept = 0
    for k in range(found):
        average, varied = 0.0, False
        for c in range(count):
            average += share[c] * values[k, c]
            varied |= values[k, c] != values[k, 0]
        row = rows[k]
        usage[row] += average
        if not varied:
            continue
        rows[kept] = row
        for c in range(count):
            values[kept, c] = values[k, c] - average
        for other in range(kept + 1):
            together = 0.0
            for c in range(count):
                together += share[c] * values[kept, c] * values[other, c]
            high, low = max(row, rows[other]), min(row, rows[other])
            if other != kept and high == low:
                together *= 2.0
            curvature[high, low] += together
        kept += 1


@compiled
def within(
    a: Arrays,
    row_price: Any,
    priced: Any,
    noise: float,
    first: int,
    last: int,
    reference: Any,
    most: float,
    columns: Any,
    loss: Any,
) -> int:
    """Columns that cost at most ``most`` more than their group's reference, and their losses; how many.

    More than there is room for are counted but not stored. Without references (length 0) the group's best
    column is one.
    """
    starts, kind, dense = a.starts, a.kind, a.dense
    amount_start, term, amount = a.amount_start, a.term, a.amount
    entry_start, entry_row, entry = a.entry_start, a.entry_row, a.entry
    factored, single, referred = len(amount_start) > 0, len(entry_start) > 0, len(reference) > 0
    number, numbered = a.number, len(a.number) > 0
    dense_price = row_price[a.dense_row]
    by_kind, out = np.zeros(priced.shape[1]), np.empty(a.largest)
    found = 0
    for group in range(first, last):
        begin, end = starts[group], starts[group + 1]
        if factored:
            _terms(amount_start, term, amount, priced, group, by_kind)
        name = number[group] if numbered else group
        at, least = _columns(begin, end, kind, by_kind, dense, dense_price, noise, name, out)
        if single:
            at, least = _singles(begin, end, entry_start, entry_row, entry, row_price, out)
        if referred:
            at = reference[group] - begin
            if least - out[at] > most:
                continue
        for i in range(end - begin):
            if i != at and out[i] - out[at] <= most:
                if found < len(columns):
                    columns[found], loss[found] = begin + i, out[i] - out[at]
                found += 1
    return found


@compiled
def copy(
    a: Arrays,
    groups: Any,
    first: int,
    last: int,
    starts: Any,
    columns: Any,
    kind: Any,
    dense: Any,
    amount_start: Any,
    term: Any,
    amount: Any,
) -> None:
    """Columns of the groups ``groups[first:last]`` and what they have, from ``starts`` and ``amount_start``
    on.
    """
    old_starts, old_kind, old_dense = a.starts, a.kind, a.dense
    old_amount_start, old_term, old_amount = a.amount_start, a.term, a.amount
    d, factored = old_dense.shape[1], len(old_amount_start) > 0
    for at in range(first, last):
        group, new = groups[at], starts[at]
        for j in range(old_starts[group], old_starts[group + 1]):
            columns[new], kind[new] = j, old_kind[j]
            for i in range(d):
                dense[new, i] = old_dense[j, i]
            new += 1
        if factored:
            new = amount_start[at]
            for q in range(old_amount_start[group], old_amount_start[group + 1]):
                term[new], amount[new] = old_term[q], old_amount[q]
                new += 1


@compiled
def count_entries(a: Arrays, columns: Any, group: Any, sizes: Any) -> None:
    """Number of coefficients of some columns, those that are zero included, into ``sizes``."""
    amount_start, entry_start = a.amount_start, a.entry_start
    for at in range(len(columns)):
        size = len(a.dense_row)
        if len(amount_start):
            size += amount_start[group[at] + 1] - amount_start[group[at]]
        if len(entry_start):
            size += entry_start[columns[at] + 1] - entry_start[columns[at]]
        sizes[at] = size


@compiled
def entries(a: Arrays, columns: Any, group: Any, starts: Any, rows: Any, values: Any) -> None:
    """Coefficients of some columns, column by column from ``starts``; a row may come twice."""
    kind, dense, dense_row = a.kind, a.dense, a.dense_row
    amount_start, term, amount, table, term_row = a.amount_start, a.term, a.amount, a.table, a.term_row
    entry_start, entry_row, entry = a.entry_start, a.entry_row, a.entry
    for at in range(len(columns)):
        column, q = columns[at], starts[at]
        for i in range(len(dense_row)):
            rows[q], values[q] = dense_row[i], dense[column, i]
            q += 1
        if len(amount_start):
            for s in range(amount_start[group[at]], amount_start[group[at] + 1]):
                rows[q], values[q] = term_row[term[s]], amount[s] * table[term[s], kind[column]]
                q += 1
        if len(entry_start):
            for s in range(entry_start[column], entry_start[column + 1]):
                rows[q], values[q] = entry_row[s], entry[s]
                q += 1


@compiled
def largest(starts: Any, open_columns: Any, x: Any, first: int, last: int, best: Any) -> None:
    """Column with the largest share of each group into ``best``, the first of equal ones.

    ``open_columns`` are the places of the columns in ``x``, or nothing where they are the same.
    """
    for group in range(first, last):
        at, most = starts[group], -1.0
        for j in range(starts[group], starts[group + 1]):
            share = x[open_columns[j]] if len(open_columns) else x[j]
            if share > most:
                at, most = j, share
        best[group] = at
