"""SkyRL's `BaseTextEnv` (skyrl-gym, 2026-08)."""

from __future__ import annotations

from typing import Any

from ..environment import Environment


def text_env(environment: Environment, split: str = "train") -> type:
    """Class for `skyrl_gym.register`; `extras["index"]` of a row is the position of the task."""
    from skyrl_gym.envs.base_text_env import BaseTextEnv, BaseTextEnvStepOutput

    class TurnwiseEnv(BaseTextEnv):
        def __init__(self, env_config: Any = None, extras: dict[str, Any] | None = None) -> None:
            super().__init__()
            self._index = int((extras or {})["index"])
            self._session = environment.session()

        def init(self, prompt: list[dict[str, str]]) -> tuple[list[dict[str, str]], dict[str, Any]]:
            result = self._session.reset(split=split, index=self._index)
            self.max_turns = result.observation.max_turns
            return [*prompt, {"role": "user", "content": result.observation.text}], {}

        def step(self, action: str) -> Any:
            self.turns += 1
            result = self._session.step(action)
            reply = [] if result.done else [{"role": "user", "content": result.observation.text}]
            metadata = {"success": result.observation.success}
            return BaseTextEnvStepOutput(observations=reply, reward=result.reward, done=result.done, metadata=metadata)

        def close(self) -> None:
            self._session.close()

    return TurnwiseEnv
