"""Records that a server of environments sends."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Mapping


@dataclass(frozen=True)
class Observation:
    """Observation after a reset or a step."""

    text: str
    """Observation, or the prompt if the session plays in prompts."""
    admissible_actions: list[str] | None
    """Actions that have an effect now; None if the environment does not list them."""
    environment: str
    split: str
    index: int
    """Position of the task in its split, from 0."""
    task_id: str
    task_kind: str
    turn: int
    """Number of turns so far."""
    max_turns: int
    action: str | None
    """Action that the environment received; None after a reset."""
    is_valid_action: bool | None
    """False for a response without the requested format; None after a reset."""
    success: bool
    terminated: bool
    """True if the environment ended the episode."""
    truncated: bool
    """True if the turn limit ended the episode."""
    failure: Mapping[str, str] | None
    """Fault that ended the episode: `kind` and `message`; None for none."""
    score: float | None
    """Score of the benchmark in [0, 1]; None for none."""
    pending: bool
    """True while an action that took too long still runs; `Client.step_many` waits for it."""


@dataclass(frozen=True)
class Result:
    """Result of a reset or a step."""

    session: str
    observation: Observation
    reward: float
    """Reward of the turn; 0 after a reset."""
    done: bool


_names = [field.name for field in fields(Observation)]


def read_result(row: Mapping[str, Any]) -> Result:
    """Reads a row of an answer; ignores fields that a newer server added."""
    wire = row["observation"]
    observation = Observation(**{name: wire[name] for name in _names})
    return Result(row["session"], observation, row["reward"] or 0.0, row["done"])
