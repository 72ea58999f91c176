"""Solves again what a run's proofs take on the solver's word, by another solver where one is installed."""

from __future__ import annotations

from dataclasses import dataclass

from landfront.instances.faults import Fault, InputError
from landfront.optimizer.engine import Engine, choose_engine
from landfront.optimizer.front import Fact, Front
from landfront.optimizer.program import Program
from landfront.optimizer.replay import Verdict, judge

OTHER = "scip"
"""Asked where it is installed and nothing else is said: it shares no code with HiGHS."""


@dataclass(frozen=True)
class Replay:
    """How claimed facts are solved again.

    Attributes
    ----------
    solver
        Who solves, or None for another solver than the first time where one is installed.
    seconds
        For each fact.
    """

    solver: str | None = None
    seconds: float = 60.0


@dataclass(frozen=True)
class Replayed:
    """What solving again came to.

    Attributes
    ----------
    solver
        Name and version of who solved.
    verdicts
        Of each claimed fact, by its position among the facts.
    """

    solver: str
    verdicts: dict[int, Verdict]

    def count(self, verdict: Verdict) -> int:
        """How many facts got it."""
        return sum(found == verdict for found in self.verdicts.values())


def replay_claims(program: Program, front: Front, asked: Replay) -> Replayed:
    """Solve every claimed fact of a front again.

    Raises
    ------
    InputError
        If the solver asked for is not installed.
    """
    engine = _engine(program, front.solver, asked.solver)
    claims: dict[int, Fact] = {at: fact for at, fact in enumerate(front.facts) if fact.proof == "claimed"}
    verdicts = {at: judge(program, fact, engine, time_limit=asked.seconds) for at, fact in claims.items()}
    return Replayed(engine.name, verdicts)


def _engine(program: Program, first: str, asked: str | None) -> Engine:
    """The solver that is asked for, else another one than the first time."""
    if asked is None and first.upper().startswith(OTHER.upper()):
        return choose_engine(program)[0]
    try:
        return choose_engine(program, asked or OTHER)[0]
    except ValueError as error:
        if asked is not None:
            fix = "Or leave it out: what is installed is taken."
            raise InputError([Fault("verify", "solver", str(error), fix)]) from error
        return choose_engine(program)[0]
