"""verifiers' `MultiTurnEnv` (legacy API, 2026-08). Its v1 has `OpenEnvTaskset(base_url=...)`, which needs no code."""

from __future__ import annotations

import asyncio
from typing import Any

from ..environment import Environment


def multi_turn_env(environment: Environment, split: str = "train", **options: Any) -> Any:
    """`MultiTurnEnv` with the return as reward; `info["index"]` of a row is the position of the task."""
    import verifiers.legacy as vf

    async def episode_return(state: Any) -> float:
        return float(state["turnwise_return"])

    class TurnwiseEnv(vf.MultiTurnEnv):
        async def setup_state(self, state: Any) -> Any:
            state["turnwise"], state["turnwise_return"] = environment.session(), 0.0
            result = await asyncio.to_thread(state["turnwise"].reset, split=split, index=state["info"]["index"])
            state["prompt"] = [*state["prompt"], vf.UserMessage(content=result.observation.text)]
            return state

        async def env_response(self, messages: Any, state: Any, **_: Any) -> Any:
            result = await asyncio.to_thread(state["turnwise"].step, str(messages[-1].content))
            state["turnwise_return"] += result.reward
            reply = [vf.UserMessage(content=result.observation.text)]
            if result.done:
                state["final_env_response"] = reply
            return reply

        @vf.cleanup
        async def close_session(self, state: Any) -> None:
            await asyncio.to_thread(state.pop("turnwise").close)

    return TurnwiseEnv(rubric=vf.Rubric(funcs=[episode_return]), **options)
