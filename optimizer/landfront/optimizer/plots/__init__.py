"""Figures of fronts: two criteria, three, or any number on parallel axes, by a lazy matplotlib."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from landfront.optimizer.front import Front
from landfront.optimizer.program import Program

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Kind = Literal["auto", "two", "three", "parallel"]


def plot(
    front: Front,
    path: str | Path | None = None,
    *,
    kind: Kind = "auto",
    program: Program | None = None,
    title: str = "",
) -> Figure:
    """Draw a front.

    Parameters
    ----------
    front
        With at least one point.
    path
        Where to save the figure too; the ending says as what (png, svg, pdf).
    kind
        "two": points, the area that no proof has closed yet, ideal, nadir and knee. "three": each pair of
        three criteria, coloured by the third. "parallel": an axis per criterion, a line per point. "auto"
        goes by the number of criteria.
    program
        The program of the front. Without it nothing is drawn between points, as it says which mixes are
        solutions.
    title
        Above the figure.

    Returns
    -------
    matplotlib.figure.Figure
        Where no font can draw a name, it has other words, and a `UserWarning` says so.

    Raises
    ------
    ValueError
        For an empty front, or a kind that does not fit the number of criteria.
    """
    from landfront.optimizer.plots import fonts
    from landfront.optimizer.plots.many import parallel_figure, three_figure
    from landfront.optimizer.plots.sheet import save
    from landfront.optimizer.plots.two import two_figure

    chosen = _kind(front, kind)
    if chosen == "two":
        figure = two_figure(front, title, mixes=program is not None and not program.integer.any())
    else:
        figure = three_figure(front, title) if chosen == "three" else parallel_figure(front, title)
    lost = fonts.warning([title, *front.criteria, *front.units])
    if lost:
        warnings.warn(lost, stacklevel=2)
    if path is not None:
        save(figure, Path(path))
    return figure


def _kind(front: Front, kind: Kind) -> Kind:
    count = len(front.criteria)
    if len(front) == 0:
        raise ValueError("an empty front cannot be drawn")
    if kind == "auto":
        return "two" if count == 2 else "three" if count == 3 else "parallel"
    fits = {"two": count == 2, "three": count == 3, "parallel": True}
    if kind not in fits:
        raise ValueError(f"unknown kind of plot {kind!r}: use auto, {', '.join(fits)}")
    if not fits[kind]:
        raise ValueError(f'a front of {count} criteria cannot be drawn as "{kind}": use kind="auto"')
    return kind
