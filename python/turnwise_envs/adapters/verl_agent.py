"""verl-agent's `EnvironmentManagerBase` (2025): prompts and parsing of the server, in verl-agent's formats."""

from __future__ import annotations

import re
from typing import Any, Sequence

from ..environment import Batch, Environment

#: Observation in a prompt of verl-agent; GiGPO's anchor, the same for equal states.
_ANCHOR = re.compile(r"our current observation is: (.*)\nYour admissible actions", re.DOTALL)


def environment_manager(
    environment: Environment, num_groups: int, group_size: int, seed: int = 0, split: str = "train", config: Any = None
) -> Any:
    """`num_groups * group_size` episodes; those of a group play the same task: `seed + group`, as in verl-agent."""
    import numpy as np
    from agent_system.environments.base import EnvironmentManagerBase

    class TurnwiseManager(EnvironmentManagerBase):
        def __init__(self) -> None:
            super().__init__(None, None, config)
            self._batch, self._seeds = Batch(environment), [{"seed": seed + i} for i in range(num_groups)]

        def reset(self, kwargs: Any = None) -> Any:
            rows = [row for row in self._seeds for _ in range(group_size)]
            self._batch.reset([{"prompts": True, "split": split, **row} for row in rows])
            self._seeds = [{}] * num_groups  # later resets play the next tasks of the orders
            return self._read()[0], self._read()[-1]

        def step(self, text_actions: Sequence[str]) -> Any:
            self._batch.step(text_actions)
            return self._read()

        def _read(self) -> tuple[Any, ...]:
            results = self._batch.results
            texts = [result.observation.text for result in results]
            anchors = [found.group(1) if (found := _ANCHOR.search(text)) else text for text in texts]
            infos = [
                {"won": o.success, "extra.gamefile": o.task_id, "task_score": o.score,
                 "is_action_valid": np.array(o.is_valid_action is not False)}
                for o in (result.observation for result in results)
            ]
            rewards, dones = np.array([r.reward for r in results]), np.array([r.done for r in results])
            return {"text": texts, "image": None, "anchor": anchors}, rewards, dones, infos

        def close(self) -> None:
            self._batch.close()

    return TurnwiseManager()
