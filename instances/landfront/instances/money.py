"""Money: amounts in the study's currency, through the study's exchange rate where that is needed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from landfront.instances.study import Study
from landfront.instances.units import UnitError, convert, same_kind


def to_currency(
    values: NDArray[np.float64], unit: str, study: Study, *, per: str = ""
) -> NDArray[np.float64]:
    """Convert amounts in `unit` (such as 10k CNY, or USD/mu with ``per="/ha"``) to the study's currency.

    Raises
    ------
    UnitError
        If the unit is no amount of money, or of another currency and the study gives no rate for it.
    """
    currency, rate = study.study.currency, study.study.exchange_rate
    if same_kind(unit, currency + per):
        return convert(values, unit, currency + per)
    if not same_kind(unit, "CNY" + per):
        return convert(values, unit, currency + per)  # raises, naming the units that would do
    if rate is None:
        raise UnitError(
            f"{unit!r} is in CNY and the study in {currency}: give study.exchange_rate ({currency} per CNY)"
        )
    return convert(values, unit, "CNY" + per) * rate
