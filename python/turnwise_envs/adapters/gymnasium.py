"""Gymnasium's `VectorEnv` (1.x) with text observations and text actions. A finished episode restarts in the next step."""

from __future__ import annotations

import string
from typing import Any, Sequence

from ..environment import Batch, Environment


def vector_env(environment: Environment, num_envs: int, split: str = "train", max_length: int = 100_000) -> Any:
    """`num_envs` sessions; `reset(seed=s)` starts the shuffled orders of the seeds `s`, `s + 1`, ..."""
    import gymnasium as gym
    import numpy as np

    class TurnwiseVectorEnv(gym.vector.VectorEnv[Any, Any, Any]):
        metadata = {"autoreset_mode": gym.vector.AutoresetMode.NEXT_STEP}

        def __init__(self) -> None:
            self.num_envs, self._batch = num_envs, Batch(environment)
            self.single_observation_space = gym.spaces.Text(max_length, charset=string.printable)
            self.single_action_space = self.single_observation_space
            self.observation_space = self.action_space = gym.spaces.Tuple([self.single_action_space] * num_envs)

        def reset(self, *, seed: int | Sequence[int] | None = None, options: Any = None) -> Any:
            seeds = range(seed, seed + num_envs) if isinstance(seed, int) else seed
            chosen = [{"seed": one} for one in seeds] if seeds is not None else [{}] * num_envs
            self._batch.reset([{"split": split, **(options or {}), **row} for row in chosen])
            return self._read()[0], self._read()[-1]

        def step(self, actions: Sequence[str]) -> Any:
            ended = [result.done for result in self._batch.results]
            self._batch.step(actions)
            self._batch.restart(ended)
            return self._read()

        def _read(self) -> tuple[Any, ...]:
            seen = [result.observation for result in self._batch.results]
            rewards = np.array([result.reward for result in self._batch.results])
            terminated = np.array([o.terminated for o in seen])
            truncated = np.array([o.truncated or o.failure is not None for o in seen])
            return tuple(o.text for o in seen), rewards, terminated, truncated, {"observation": seen}

        def close_extras(self, **_: Any) -> None:
            self._batch.close()

    return TurnwiseVectorEnv()
