"""verl's agent loop (0.8.0.dev, 2026-01): one growing conversation; observations are masked out of the loss."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

from ..environment import Environment


def agent_loop(environment: Environment, name: str = "turnwise", split: str = "train") -> type:
    """Registers the agent loop `name`; rows of the data set have `agent_name` and `index`, the position of the task."""
    from verl.experimental.agent_loop.agent_loop import AgentLoopBase, AgentLoopOutput, register

    @register(name)
    class TurnwiseAgentLoop(AgentLoopBase):
        async def run(self, sampling_params: dict[str, Any], **row: Any) -> Any:
            session, limit = environment.session(), self.config.actor_rollout_ref.rollout.response_length
            result = await asyncio.to_thread(session.reset, split=split, index=int(row["index"]))
            first = [*row["raw_prompt"], {"role": "user", "content": result.observation.text}]
            prompt = await self.apply_chat_template(first)
            ids: list[int] = []
            mask: list[int] = []
            total, turns, request = 0.0, 1, uuid4().hex
            while not result.done and len(ids) < limit:
                output = await self.server_manager.generate(
                    request_id=request, prompt_ids=prompt + ids, sampling_params=sampling_params
                )
                ids, mask = ids + output.token_ids, mask + [1] * len(output.token_ids)
                text = self.tokenizer.decode(output.token_ids, skip_special_tokens=True)
                result = await asyncio.to_thread(session.step, text)
                total, turns = total + result.reward, turns + 2
                reply = [{"role": "user", "content": result.observation.text}]
                tokens = [] if result.done else await self.apply_chat_template(reply, remove_system_prompt=True)
                ids, mask = ids + tokens, mask + [0] * len(tokens)
            await asyncio.to_thread(session.close)
            return AgentLoopOutput(
                prompt_ids=prompt, response_ids=ids[:limit], response_mask=mask[:limit],
                reward_score=total, num_turns=turns, metrics={},
            )  # fmt: skip

    return TurnwiseAgentLoop
