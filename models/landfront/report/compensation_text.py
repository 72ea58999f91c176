"""A compensation in words, and the folder that its tables are written to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from landfront.report.cascade_text import grid
from landfront.report.folder import new_folder
from landfront.report.quantities import number, quantity, scale

if TYPE_CHECKING:
    from landfront.report.compensation import Compensation

MOST_REGIONS, MOST_TRANSFERS = 40, 20


def as_text(found: Compensation) -> str:
    """All that is said of a compensation."""
    return "\n".join([*_asked(found), "", *_verdict(found), "", *_balances(found), "", *_transfers(found)])


def _currency(found: Compensation) -> str:
    return found.plan.formulation.study.study.currency


def _asked(found: Compensation) -> list[str]:
    effects, money = found.plan.formulation.effects, _currency(found)
    prices = [
        f"{name} {_price(price)} {money} per {effects[name].unit}" for name, price in found.prices.items()
    ]
    return [
        f"{found.plan.formulation.study.title}: balances by {found.level.name}",
        f"Prices: {'; '.join(prices)}. Cost counts with -1.",
        _crediting(found),
    ]


def _price(price: np.ndarray) -> str:
    low, high = float(price.min()), float(price.max())
    return number(low) if low == high else f"{number(low)} to {number(high)}"


def _crediting(found: Compensation) -> str:
    stocks = [name for name in found.prices if found.crediting.is_stock(name)]
    basis = f"baseline and change of {', '.join(stocks)}" if stocks else "the change"
    quota = "above a quota per region" if found.crediting.quota is not None else "in full"
    scope = "only within the same outer region" if found.crediting.scope == "own" else "between any regions"
    return f"Credited: {basis}, {quota}. Transfers: {scope}."


def _verdict(found: Compensation) -> list[str]:
    money = _currency(found)
    total = float(found.balance.sum())
    losers = int(np.count_nonzero(found.balance < 0))
    lines = [
        f"All balances sum to {quantity(total, money, signed=True)}; {losers} of {len(found.level)} regions "
        "are worse off before transfers.",
        _moved(found),
    ]
    fund = float(found.fund.sum())
    if fund > 0:
        lines.append(
            f"What regions have does not suffice: an outside fund of {quantity(fund, money)} is needed at "
            "least."
        )
    return lines


def _moved(found: Compensation) -> str:
    """How much money moves between regions, and what every region has then."""
    if not found.moved:
        return "No money moves between regions."
    end = "an equal share of the surplus" if found.crediting.share == "equal" else "0 or more"
    with_fund = " with the outside fund" if found.fund.any() else ""
    return (
        f"{quantity(found.moved, _currency(found))} move from {len(set(found.payer.tolist()))} regions to "
        f"{len(set(found.receiver.tolist()))}; then every region has {end}{with_fund}."
    )


def _balances(found: Compensation) -> list[str]:
    """Balances, worst first."""
    largest = float(np.abs([found.balance, found.cost, found.after]).max())
    entry = scale(largest, _currency(found))
    order = np.argsort(found.balance, kind="stable")
    head = [found.level.name, "value", "cost", "balance", "transfer", "fund", "after"]
    value = found.balance + found.cost
    table = np.stack([value, found.cost, found.balance, found.transfer, found.fund, found.after], axis=1)
    small = 1e-9 * largest
    table = np.where(np.abs(table) <= small, 0.0, table) / entry.factor
    rows = [
        [found.level.regions[region], *(number(float(entry)) for entry in table[region])]
        for region in order[:MOST_REGIONS]
    ]
    more = len(order) - len(rows)
    rest = [f"  {more} more regions are in balances.csv."] if more > 0 else []
    return [f"Balances in {entry.unit}, worst first", *grid(head, rows), *rest]


def _transfers(found: Compensation) -> list[str]:
    """Who pays whom, the largest first."""
    frame = found.transfers_frame()
    if frame.empty:
        return ["No region pays another one."]
    money = _currency(found)
    lines = [
        f"  {row['payer']} pays {row['receiver']} {quantity(row['amount'], money)}"
        for row in frame.head(MOST_TRANSFERS).to_dict("records")
    ]
    more = len(frame) - len(lines)
    return ["Transfers", *lines, *([f"  {more} more are in transfers.csv."] if more > 0 else [])]


def write_compensation(found: Compensation, folder: Path) -> Path:
    """Write ``balances.csv``, ``transfers.csv``, ``matrix.csv`` and ``summary.txt`` to a new folder.

    Raises
    ------
    InputError
        If the folder is not new, cannot be written, or the disk is full.
    """
    with new_folder(folder):
        found.balances_frame().to_csv(folder / "balances.csv", index=False)
        found.transfers_frame().to_csv(folder / "transfers.csv", index=False)
        found.matrix_frame().to_csv(folder / "matrix.csv")
        (folder / "summary.txt").write_text(f"{found}\n", encoding="utf-8")
    return folder
