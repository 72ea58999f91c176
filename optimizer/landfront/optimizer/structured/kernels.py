"""Passes over groups, compiled: what each group chooses at given prices, and how that changes with them.

Every pass works on the groups ``first ... last - 1`` and releases the interpreter's lock, so
that parts of a pass run in threads. ``row_price`` holds a price per row (see `compact.Arrays`): the reduced
cost of a column is the sum of its coefficients times these prices. ``priced`` is the table times the prices
of its terms' rows, shape (terms, kinds).

Arrays are taken out of the tuple once per pass and handed on one by one: each look into the tuple counts
references, which made a pass five times slower. Places in arrays are unsigned numbers (`U`): of those with a
sign each one is looked at for a minus first, which made a pass half as fast.
"""

from __future__ import annotations

from math import exp, log
from typing import Any

import numpy as np

from landfront.optimizer.kernels import U, compiled, inlined
from landfront.optimizer.structured.compact import Arrays

FAR = 20.0
"""Columns that are worse than the best by more than so many smoothing widths have no share: below 2e-9."""

ROOM = 64
"""Rows of a group, besides the dense ones, for which there is room at first."""


@inlined
def _terms(amount_start: Any, term: Any, amount: Any, priced: Any, group: int, out: Any) -> None:
    """Amounts of a group times the priced table into ``out``, one number per kind.

    Eight kinds at a time; tables have a multiple of eight (`compact.LANES`).
    """
    for first in range(0, priced.shape[1], 8):
        for k in range(8):
            out[U(first + k)] = 0.0
        for q in range(amount_start[U(group)], amount_start[U(group + 1)]):
            x, t = amount[U(q)], U(term[U(q)])
            for k in range(8):
                out[U(first + k)] += x * priced[t, U(first + k)]


@inlined
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


@inlined
def _eight(
    begin: int,
    left: int,
    kind: Any,
    by_kind: Any,
    dense: Any,
    dense_price: Any,
    noise: float,
    name: int,
    option: int,
) -> tuple[int, float, float]:
    """Of the reduced costs of eight columns from ``begin`` on, the first ``left`` of which count: the place
    of the least from ``option`` on, the least and the second least.

    In variables of their own the eight stay in the processor, which made this twice as fast as a loop.
    """
    j0, j1, j2, j3 = U(begin), U(begin + 1), U(begin + 2), U(begin + 3)
    j4, j5, j6, j7 = U(begin + 4), U(begin + 5), U(begin + 6), U(begin + 7)
    x0, x1, x2, x3 = by_kind[U(kind[j0])], by_kind[U(kind[j1])], by_kind[U(kind[j2])], by_kind[U(kind[j3])]
    x4, x5, x6, x7 = by_kind[U(kind[j4])], by_kind[U(kind[j5])], by_kind[U(kind[j6])], by_kind[U(kind[j7])]
    for i in range(len(dense_price)):
        row, price = U(i), dense_price[U(i)]
        x0 += dense[row, j0] * price
        x1 += dense[row, j1] * price
        x2 += dense[row, j2] * price
        x3 += dense[row, j3] * price
        x4 += dense[row, j4] * price
        x5 += dense[row, j5] * price
        x6 += dense[row, j6] * price
        x7 += dense[row, j7] * price
    if noise > 0:
        x0 += noise * _mixed(name, option)
        x1 += noise * _mixed(name, option + 1)
        x2 += noise * _mixed(name, option + 2)
        x3 += noise * _mixed(name, option + 3)
        x4 += noise * _mixed(name, option + 4)
        x5 += noise * _mixed(name, option + 5)
        x6 += noise * _mixed(name, option + 6)
        x7 += noise * _mixed(name, option + 7)
    x1 = x1 if left > 1 else np.inf
    x2 = x2 if left > 2 else np.inf
    x3 = x3 if left > 3 else np.inf
    x4 = x4 if left > 4 else np.inf
    x5 = x5 if left > 5 else np.inf
    x6 = x6 if left > 6 else np.inf
    x7 = x7 if left > 7 else np.inf
    # Without branches: which one is the least, nobody can foresee.
    a, b = _two(x0 if x0 < x1 else x1, x1 if x0 < x1 else x0, x2 if x2 < x3 else x3, x3 if x2 < x3 else x2)
    c, d = _two(x4 if x4 < x5 else x5, x5 if x4 < x5 else x4, x6 if x6 < x7 else x7, x7 if x6 < x7 else x6)
    least, second = _two(a, b, c, d)
    at = 7
    at = 6 if x6 == least else at
    at = 5 if x5 == least else at
    at = 4 if x4 == least else at
    at = 3 if x3 == least else at
    at = 2 if x2 == least else at
    at = 1 if x1 == least else at
    at = 0 if x0 == least else at
    return option + at, least, second


@inlined
def _two(a: float, b: float, c: float, d: float) -> tuple[float, float]:
    """The two least of four numbers, where ``a <= b`` and ``c <= d``."""
    low, high, other = a if a < c else c, c if a < c else a, b if b < d else d
    return low, high if high < other else other


@inlined
def _best(
    begin: int, end: int, kind: Any, by_kind: Any, dense: Any, dense_price: Any, noise: float, name: int
) -> tuple[int, float, float]:
    """Of the reduced costs of the columns ``begin .. end``, where none has single coefficients: the place of
    the least, the least and the second least.
    """
    at, least, second = 0, np.inf, np.inf
    for option in range(0, end - begin, 8):
        first, left = begin + option, end - begin - option
        place, value, other = _eight(first, left, kind, by_kind, dense, dense_price, noise, name, option)
        if value < least:
            at, least, second = place, value, min(least, other)
        else:
            second = min(second, value)
    return at, least, second


@inlined
def _costs(
    begin: int,
    end: int,
    kind: Any,
    by_kind: Any,
    dense: Any,
    dense_price: Any,
    noise: float,
    name: int,
    entry_start: Any,
    entry_row: Any,
    entry: Any,
    row_price: Any,
    out: Any,
) -> tuple[int, float, float]:
    """Reduced costs of the columns ``begin .. end`` into ``out``, the same to the last digit as `_best` has
    them; the place of the least, the least and the second least.

    With ``noise`` ties are broken: each column costs some share of it more, by the number of its group.
    """
    at, least, second = 0, np.inf, np.inf
    for j in range(begin, end):
        x = by_kind[U(kind[U(j)])]
        for i in range(len(dense_price)):
            x += dense[U(i), U(j)] * dense_price[U(i)]
        if noise > 0:
            x += noise * _mixed(name, j - begin)
        if len(entry_start):
            for q in range(entry_start[U(j)], entry_start[U(j + 1)]):
                x += entry[U(q)] * row_price[U(entry_row[U(q)])]
        out[U(j - begin)] = x
        if x < least:
            at, least, second = j - begin, x, least
        elif x < second:
            second = x
    return at, least, second


@inlined
def _use_dense(dense: Any, dense_row: Any, column: int, usage: Any) -> None:
    for i in range(len(dense_row)):
        usage[U(dense_row[U(i)])] += dense[U(i), U(column)]


@inlined
def _use_singles(entry_start: Any, entry_row: Any, entry: Any, column: int, usage: Any) -> None:
    for q in range(entry_start[U(column)], entry_start[U(column + 1)]):
        usage[U(entry_row[U(q)])] += entry[U(q)]


@inlined
def _use_terms(
    amount_start: Any,
    term: Any,
    amount: Any,
    table: Any,
    term_row: Any,
    group: int,
    kind: int,
    usage: Any,
) -> None:
    for q in range(amount_start[U(group)], amount_start[U(group + 1)]):
        t = U(term[U(q)])
        usage[U(term_row[t])] += amount[U(q)] * table[t, U(kind)]


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
        begin, end = starts[U(group)], starts[U(group + 1)]
        if factored:
            _terms(amount_start, term, amount, priced, group, by_kind)
        name = number[U(group)] if numbered else group
        if single:
            at, least, second = _costs(
                begin, end, kind, by_kind, dense, dense_price, noise, name,
                entry_start, entry_row, entry, row_price, out,
            )  # fmt: skip
        else:
            at, least, second = _best(begin, end, kind, by_kind, dense, dense_price, noise, name)
        total += least
        if second <= least + most:
            _costs(
                begin, end, kind, by_kind, dense, dense_price, noise, name,
                entry_start, entry_row, entry, row_price, out,
            )  # fmt: skip
            for i in range(end - begin):
                if i != at and out[U(i)] <= least + most:
                    if found < len(columns):
                        columns[U(found)], loss[U(found)] = begin + i, out[U(i)] - least
                    found += 1
        column = begin + at
        best[U(group)] = column
        _use_dense(dense, dense_row, column, usage)
        if factored and not idle[U(kind[U(column)])]:
            _use_terms(amount_start, term, amount, table, term_row, group, kind[U(column)], usage)
        if single:
            _use_singles(entry_start, entry_row, entry, column, usage)
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
        begin, end = starts[U(group)], starts[U(group + 1)]
        if factored:
            _terms(amount_start, term, amount, priced, group, by_kind)
        name = number[U(group)] if numbered else group
        if single:
            at, least, second = _costs(
                begin, end, kind, by_kind, dense, dense_price, noise, name,
                entry_start, entry_row, entry, row_price, out,
            )  # fmt: skip
        else:
            at, least, second = _best(begin, end, kind, by_kind, dense, dense_price, noise, name)
        column = begin + at
        best[U(group)] = column
        tied[U(group)] = second <= least + most
        if second <= least + most:
            total += least
            continue
        rest += least
        _use_dense(dense, dense_row, column, usage)
        if factored and not idle[U(kind[U(column)])]:
            _use_terms(amount_start, term, amount, table, term_row, group, kind[U(column)], usage)
        if single:
            _use_singles(entry_start, entry_row, entry, column, usage)
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
        column = chosen[U(group)]
        if column < 0:
            continue
        _use_dense(dense, dense_row, column, usage)
        if factored and not idle[U(kind[U(column)])]:
            _use_terms(amount_start, term, amount, table, term_row, group, kind[U(column)], usage)
        if single:
            _use_singles(entry_start, entry_row, entry, column, usage)


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
        begin, end = starts[U(group)], starts[U(group + 1)]
        if factored:
            _terms(amount_start, term, amount, priced, group, by_kind)
        name = number[U(group)] if numbered else group
        if single:
            at, least, second = _costs(
                begin, end, kind, by_kind, dense, dense_price, noise, name,
                entry_start, entry_row, entry, row_price, out,
            )  # fmt: skip
        else:
            at, least, second = _best(begin, end, kind, by_kind, dense, dense_price, noise, name)
        total += least
        far = least + FAR * width
        if second >= far:
            column = begin + at
            _use_dense(dense, dense_row, column, usage)
            if factored and not idle[U(kind[U(column)])]:
                _use_terms(amount_start, term, amount, table, term_row, group, kind[U(column)], usage)
            if single:
                _use_singles(entry_start, entry_row, entry, column, usage)
            continue
        near += 1
        _costs(
            begin, end, kind, by_kind, dense, dense_price, noise, name,
            entry_start, entry_row, entry, row_price, out,
        )  # fmt: skip
        count, together = 0, 0.0
        for i in range(end - begin):
            if out[U(i)] < far:
                tied[U(count)] = begin + i
                share[U(count)] = exp((least - out[U(i)]) / width)
                together += share[U(count)]
                count += 1
        for c in range(count):
            share[U(c)] /= together
        total -= width * log(together)
        need = len(dense_row)
        if factored:
            need += amount_start[U(group + 1)] - amount_start[U(group)]
        if single:
            need += entry_start[U(end)] - entry_start[U(begin)]
        if need > len(rows):
            rows, values = np.empty(need, np.int64), np.empty((need, largest))
        found = 0
        for i in range(len(dense_row)):
            if not bounded[U(dense_row[U(i)])]:
                continue
            rows[U(found)] = dense_row[U(i)]
            for c in range(count):
                values[U(found), U(c)] = dense[U(i), U(tied[U(c)])]
            found += 1
        if factored:
            for q in range(amount_start[U(group)], amount_start[U(group + 1)]):
                t = U(term[U(q)])
                if not bounded[U(term_row[t])]:
                    continue
                rows[U(found)] = term_row[t]
                for c in range(count):
                    values[U(found), U(c)] = amount[U(q)] * table[t, U(kind[U(tied[U(c)])])]
                found += 1
        if single:
            for c in range(count):
                for q in range(entry_start[U(tied[U(c)])], entry_start[U(tied[U(c)] + 1)]):
                    rows[U(found)] = entry_row[U(q)]
                    for other in range(count):
                        values[U(found), U(other)] = 0.0
                    values[U(found), U(c)] = entry[U(q)]
                    found += 1
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
            average += share[U(c)] * values[U(k), U(c)]
            varied |= values[U(k), U(c)] != values[U(k), U(0)]
        row = rows[U(k)]
        usage[U(row)] += average
        if not varied:
            continue
        rows[U(kept)] = row
        for c in range(count):
            values[U(kept), U(c)] = values[U(k), U(c)] - average
        for other in range(kept + 1):
            together = 0.0
            for c in range(count):
                together += share[U(c)] * values[U(kept), U(c)] * values[U(other), U(c)]
            high, low = max(row, rows[U(other)]), min(row, rows[U(other)])
            if other != kept and high == low:
                together *= 2.0
            curvature[U(high), U(low)] += together
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
        begin, end = starts[U(group)], starts[U(group + 1)]
        if factored:
            _terms(amount_start, term, amount, priced, group, by_kind)
        name = number[U(group)] if numbered else group
        if single:
            at, least, second = _costs(
                begin, end, kind, by_kind, dense, dense_price, noise, name,
                entry_start, entry_row, entry, row_price, out,
            )  # fmt: skip
        else:
            at, least, second = _best(begin, end, kind, by_kind, dense, dense_price, noise, name)
        against = reference[U(group)] - begin if referred else at
        if against == at and second - least > most:
            continue
        _costs(
            begin, end, kind, by_kind, dense, dense_price, noise, name,
            entry_start, entry_row, entry, row_price, out,
        )  # fmt: skip
        bar = out[U(against)]
        if least - bar > most:
            continue
        for i in range(end - begin):
            if i != against and out[U(i)] - bar <= most:
                if found < len(columns):
                    columns[U(found)], loss[U(found)] = begin + i, out[U(i)] - bar
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
    factored = len(old_amount_start) > 0
    for at in range(first, last):
        group, new = groups[U(at)], starts[U(at)]
        for j in range(old_starts[U(group)], old_starts[U(group + 1)]):
            columns[U(new)], kind[U(new)] = j, old_kind[U(j)]
            for i in range(len(old_dense)):
                dense[U(i), U(new)] = old_dense[U(i), U(j)]
            new += 1
        if factored:
            new = amount_start[U(at)]
            for q in range(old_amount_start[U(group)], old_amount_start[U(group + 1)]):
                term[U(new)], amount[U(new)] = old_term[U(q)], old_amount[U(q)]
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
            rows[q], values[q] = dense_row[i], dense[i, column]
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
        at, most = starts[U(group)], -1.0
        for j in range(starts[U(group)], starts[U(group + 1)]):
            share = x[U(open_columns[U(j)])] if len(open_columns) else x[U(j)]
            if share > most:
                at, most = j, share
        best[U(group)] = at
