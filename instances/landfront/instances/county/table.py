"""The land-survey table (DLTB) of the synthetic county, built in slices so that any size fits in memory."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from landfront.instances.county.attributes import Records
from landfront.instances.county.cover import Land, slope_class

if TYPE_CHECKING:
    import pandas as pd

COUNTY_CODE = "990101"
FIRST_BSM = 990_101_080_000_000_001
STATE, COLLECTIVE = "20", "30"


@dataclass(frozen=True)
class County:
    """A synthetic county: land cover and records of its parcels."""

    land: Land
    records: Records

    def __len__(self) -> int:
        """Number of parcels."""
        return len(self.land.kind)

    @cached_property
    def _village_codes(self) -> NDArray[np.object_]:
        """Administrative code of each village: county 6, town 3, village 3, then 7 zeros."""
        town = self.records.town
        order = np.argsort(town, kind="stable")
        within = np.empty(len(town), dtype=np.int64)
        within[order] = np.arange(len(town)) - np.searchsorted(town[order], town[order]) + 1
        codes = [f"{COUNTY_CODE}{t + 100:03d}{v + 200:03d}0000000" for t, v in zip(town, within, strict=True)]
        return np.array(codes, dtype=object)

    @cached_property
    def _number(self) -> NDArray[np.int64]:
        """Number of each parcel within its village, from 1."""
        village = self.records.village
        order = np.argsort(village, kind="stable")
        number = np.empty(len(village), dtype=np.int64)
        number[order] = np.arange(len(village)) - np.searchsorted(village[order], village[order]) + 1
        return number

    def frame(self, start: int = 0, stop: int | None = None) -> pd.DataFrame:
        """Rows ``start:stop`` of the table."""
        import pandas as pd

        rows = slice(start, len(self) if stop is None else min(stop, len(self)))
        frame = pd.DataFrame(self._survey(rows) | self._covariates(rows) | self._planning(rows))
        return frame

    def _survey(self, rows: slice) -> dict[str, object]:
        import pandas as pd

        land, kinds = self.land, self.land.kinds
        kind, village = land.kind[rows], self._village_codes[self.records.village[rows]]
        state = land.within("water", "wetland", "bare")[rows]
        serial = pd.Series(np.arange(rows.start, rows.stop))
        gradient = np.where(land.cropland[rows], slope_class(land.slope[rows]), 0)
        return {
            "BSM": (serial + FIRST_BSM).astype(str),
            "TBBH": pd.Series(self._number[rows]).astype(str),
            "DLBM": kinds["class"].to_numpy(object)[kind],
            "DLMC": kinds["name_zh"].to_numpy(object)[kind],
            "QSDWDM": village,
            "QSXZ": np.where(state, STATE, COLLECTIVE),
            "ZLDWDM": village,
            "TBMJ": land.gross[rows],
            "KCMJ": land.ridge[rows],
            "TBDLMJ": np.round(land.net[rows], 2),
            "GDPDJB": np.array(["", "1", "2", "3", "4", "5"], dtype=object)[gradient],
        }

    def _covariates(self, rows: slice) -> dict[str, object]:
        land, notes = self.land, self.records
        return {
            "MAP_MM": land.rain[rows],
            "ELEV_M": notes.elevation[rows],
            "SLOPE_DEG": land.slope[rows],
            "SOC_T_HA": notes.soil[rows],
            "SOC_POT_T_HA": notes.potential[rows],
            "YIELD_KG_MU": notes.yields[rows],
        }

    def _planning(self, rows: slice) -> dict[str, object]:
        land, notes = self.land, self.records
        tilled = land.within("cropland", "orchard")[rows] | notes.farmland[rows]
        zone = np.where(tilled, "农业空间", np.where(notes.urban[rows], "城镇空间", "生态空间"))
        towns = np.array(notes.towns, dtype=object)
        flags = {"LINE_EP": notes.redline, "LINE_PF": notes.farmland, "LINE_UD": notes.urban}
        return (
            {"ZONE3": zone}
            | {name: flag[rows].astype(np.int8) for name, flag in flags.items()}
            | {"CONSENT": notes.consent[rows].astype(np.int8)}
            | {"TOWNSHIP": towns[notes.town[notes.village[rows]]]}
        )
