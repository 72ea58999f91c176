"""Every doctest of the formulation runs, and every component has one."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import landfront.models as models
from tests.models.test_golden import NOT_COMPONENTS

MODULES = sorted(module.name for module in pkgutil.iter_modules(models.__path__))


@pytest.mark.parametrize("name", MODULES)
def test_doctests(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"landfront.models.{name}"))
    assert result.failed == 0
    assert result.attempted or name in NOT_COMPONENTS
