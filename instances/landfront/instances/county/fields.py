"""Random fields that are smooth in space, and monotone maps that give them a wanted distribution."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.fft
from numpy.typing import NDArray

Singles = NDArray[np.float32]


def noise(
    rng: np.random.Generator, shape: tuple[int, int], *, wavelength: float, roughness: float
) -> Singles:
    """Gaussian random field with mean 0 and deviation 1, shape `shape`.

    White noise is filtered in the frequency domain by ``(k0^2 + k^2)^(-roughness / 2)`` with
    ``k0 = 1 / wavelength`` (a von Karman spectrum): flat above the wavelength (in cells), rougher for
    smaller `roughness` below it. The padded edge breaks the periodicity of the transform.
    """
    padded = tuple(scipy.fft.next_fast_len(size + min(size, int(wavelength)), real=True) for size in shape)
    spectrum = scipy.fft.rfft2(rng.standard_normal(padded, dtype=np.float32))
    k2 = np.add.outer(scipy.fft.fftfreq(padded[0]) ** 2, scipy.fft.rfftfreq(padded[1]) ** 2)
    spectrum *= ((wavelength**-2 + k2) ** (-roughness / 2)).astype(np.float32)
    field = scipy.fft.irfft2(spectrum, s=padded)[: shape[0], : shape[1]]
    return np.asarray((field - field.mean()) / field.std(), dtype=np.float32)


def steepness(height: Singles) -> Singles:
    """Length of the gradient of a field, scaled to deviation 1."""
    down, across = np.gradient(height)
    gradient = np.hypot(down, across)
    return np.asarray(gradient / gradient.std(), dtype=np.float32)


def calibrated(
    score: Singles,
    weight: NDArray[np.float64],
    inside: NDArray[np.bool_],
    *,
    shares: NDArray[np.float64],
    edges: Sequence[float],
) -> NDArray[np.float64]:
    """Values that rise with `score` such that classes hold the wanted shares of the weight inside.

    Class c lies between ``edges[c]`` and ``edges[c + 1]`` and holds ``shares[c]`` of the weight of the items
    `inside` (exact up to one item). The map is piecewise linear and the same outside: a field stays smooth.

    Parameters
    ----------
    score, weight, inside
        Shape (n,).
    shares
        Shape (classes,), any positive sum.
    edges
        Rising, classes + 1 of them.
    """
    order = np.argsort(score[inside], kind="stable")
    ranked = score[inside][order].astype(np.float64)
    heap = np.cumsum(weight[inside][order])
    cut = np.searchsorted(heap, heap[-1] * np.cumsum(shares / shares.sum())[:-1])
    knots = np.concatenate([[score.min()], ranked[np.minimum(cut, len(ranked) - 1)], [score.max()]])
    return np.interp(score, knots, edges)


def split(score: Singles, weight: NDArray[np.float64], shares: NDArray[np.float64]) -> NDArray[np.int64]:
    """Class of each item: the highest scores fill the first class up to its share of weight, and so on."""
    order = np.argsort(-score, kind="stable")
    heap = np.cumsum(weight[order]) - weight[order] / 2
    classes = np.empty(len(score), dtype=np.int64)
    bounds = heap[-1] * np.cumsum(shares / shares.sum())[:-1] if len(score) else np.zeros(0)
    classes[order] = np.searchsorted(bounds, heap, side="right")
    return classes
