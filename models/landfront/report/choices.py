r"""What is chosen in all, none or some of the near-optimal plans, for every option of every parcel.

Formula, in minimisation form, for near-optimal plans of value at most T, with the bound L and the losses of
the prices (`landfront.optimizer.reduced`), and s = 1 for whole parcels, 1/2 for shares:

    none    L + s * loss_j > T
    all     L + s * loss_k > T for every other option k of the parcel
    some    a near-optimal plan with the option is known, and one without

A solve's own bound may stand for L + loss_j of whole parcels. An option of a study in shares counts as chosen
where it holds half of the parcel or more. What no proof and no plan decides is *undecided*.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from landfront.models.formulate import Formulation
from landfront.optimizer.forcing import Forced, force, resolved
from landfront.optimizer.front import Floats
from landfront.optimizer.program import Ints
from landfront.optimizer.show import table
from landfront.report.standing import Standing

if TYPE_CHECKING:
    import pandas as pd

NONE, SOME, ALL, UNDECIDED = range(4)
WORDS = ("none", "some", "all", "undecided")
HALF = 0.5
"""Share of a parcel from which on an option counts as chosen where parcels are shared."""


@dataclass(frozen=True)
class Choices:
    """The class of every option.

    Attributes
    ----------
    kind
        `NONE`, `SOME`, `ALL` or `UNDECIDED`, shape (options,).
    starts
        Options of parcel p are ``starts[p]:starts[p + 1]``, shape (n + 1,).
    shared
        Whether parcels are shared.
    """

    kind: NDArray[np.int8]
    starts: Ints
    shared: bool

    def counts(self) -> dict[str, int]:
        """Options of each class."""
        found = np.bincount(self.kind, minlength=len(WORDS)).tolist()
        return dict(zip(WORDS, found, strict=True))

    def parcels(self) -> NDArray[np.int8]:
        """`ALL` where one option is in all plans, `SOME` where several are possible, shape (n,)."""
        heads = self.starts[:-1]
        fixed = np.maximum.reduceat(self.kind == ALL, heads)
        some = np.maximum.reduceat(self.kind == SOME, heads)
        return np.where(fixed, ALL, np.where(some, SOME, UNDECIDED)).astype(np.int8)

    def to_frame(self, formulation: Formulation) -> pd.DataFrame:
        """``parcel, intervention, chosen_in`` of every option."""
        import pandas as pd

        menu = formulation.menu
        return pd.DataFrame(
            {
                "parcel": formulation.landscape.ids.take(menu.parcel),
                "intervention": pd.Categorical.from_codes(menu.kind, pd.Index(menu.interventions)),
                "chosen_in": pd.Categorical.from_codes(self.kind, pd.Index(WORDS)),
            }
        )

    def __str__(self) -> str:
        """Say it in words."""
        counts, parcels = self.counts(), np.bincount(self.parcels(), minlength=len(WORDS))
        rows = [
            [f"in {word} of them" if word != "undecided" else word, f"{counts[word]:,}"] for word in WORDS
        ]
        what = " (half a parcel or more counts as chosen)" if self.shared else ""
        return (
            f"Of all plans within the loss, differing or not{what}:\n{table(('options', 'count'), rows)}\n"
            f"{parcels[ALL]:,} parcels have the same option in all of them, {parcels[SOME]:,} have options "
            f"that can be exchanged, {parcels[UNDECIDED]:,} are undecided."
        )


def choices_of(
    standing: Standing, most: float, plans: Sequence[Floats], *, share: float, seconds: float
) -> Choices:
    """Classify every option.

    Parameters
    ----------
    standing
        The best plan.
    most
        The worst value that is near-optimal, in minimisation form.
    plans
        Near-optimal plans that are known, each of shape (m,).
    share, seconds
        Gap of what is solved for options that stay undecided, and for how long.
    """
    program = standing.program
    options, shared = int(program.starts[-1]), not bool(program.integer[: program.starts[-1]].all())
    level = HALF if shared else 1.0
    first = force(standing.best, targets=np.zeros(0, np.int64))
    near = np.flatnonzero(first.low <= most)
    forced = force(standing.best, targets=near)
    held = np.array([x[:options] >= level for x in plans])
    known = np.any(held, axis=0, keepdims=True)[0], np.any(~held, axis=0, keepdims=True)[0]
    kind = _classes(forced, most, known, level)
    open_ = np.flatnonzero((kind == UNDECIDED) & np.isfinite(forced.low))
    forced = resolved(forced, open_, share=share, seconds=seconds, enough=0.0)
    return Choices(_classes(forced, most, known, level), program.starts, shared)


def _classes(
    forced: Forced, most: float, known: tuple[NDArray[np.bool_], NDArray[np.bool_]], level: float
) -> NDArray[np.int8]:
    """Classes by what is proven and what is known."""
    starts = forced.best.program.starts
    out = forced.reduced.bound + level * forced.reduced.loss > most
    if level == 1.0:
        out |= forced.low > most
    possible = forced.high <= most
    inside = known[0] | possible
    outside = known[1] | _another(possible, starts)
    kind = np.where(inside & outside, SOME, UNDECIDED)
    kind = np.where(~_another(~out, starts), ALL, kind)
    return np.where(out, NONE, kind).astype(np.int8)


def _another(flags: NDArray[np.bool_], starts: Ints) -> NDArray[np.bool_]:
    """Whether another option of the same parcel has a flag, shape (options,)."""
    count = np.add.reduceat(flags.astype(np.int64), starts[:-1])
    return np.asarray(np.repeat(count, np.diff(starts)) - flags > 0)
