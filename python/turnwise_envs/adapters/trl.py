"""TRL's `environment_factory` (1.13.0). Public methods of the instances become the model's tools."""

from __future__ import annotations

from typing import Any, Callable

from ..environment import Environment, WebShop


def environment_factory(environment: Environment, split: str = "train") -> Callable[[], Any]:
    """`GRPOTrainer(..., environment_factory=environment_factory(ALFWorld.start()))`; the column `index` picks the task."""

    class Episode:
        def __init__(self) -> None:
            self._session = environment.session()
            self._return = 0.0

        def reset(self, index: int = 0, **_: Any) -> str:
            self._return = 0.0
            return self._session.reset(split=split, index=index).observation.text

        def get_reward(self) -> float:
            return self._return

        def _act(self, command: str) -> str:
            if self._session.last is not None and self._session.last.done:
                raise ValueError("The episode is over.")  # TRL shows it to the model
            result = self._session.step(command)
            self._return += result.reward
            return result.observation.text

    class Household(Episode):
        def act(self, command: str) -> str:
            """Performs a command.

            Args:
                command: A command such as "go to fridge 1", "open fridge 1" or "take apple 1 from fridge 1".
            """
            return self._act(command)

    class Shop(Episode):
        def search(self, keywords: str) -> str:
            """Searches the shop.

            Args:
                keywords: Words to search for.
            """
            return self._act(f"search[{keywords}]")

        def click(self, item: str) -> str:
            """Clicks a button, a product or an option of the page.

            Args:
                item: Its text, such as "buy now" or "back to search".
            """
            return self._act(f"click[{item}]")

    return Shop if isinstance(environment, WebShop) else Household
