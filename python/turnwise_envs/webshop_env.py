"""Drop-in for WebShop's `web_agent_site.envs.WebAgentTextEnv`, without Flask, Java and torch.

Follows WebShop at commit 64fa2a5. Differences: only `observation_mode="text"`; goals are those of the
server; `session` must be a number or absent; `get_image`, `filter_goals` and `instruction_text` are refused.
"""

from __future__ import annotations

from typing import Any, Sequence

from .environment import Session, WebShop
from .records import Result


class WebAgentTextEnv:
    """`WebAgentTextEnv(observation_mode="text")`: `reset(session)`, `step(action)`, `get_available_actions()`.

    Args:
        observation_mode: Must be `"text"`.
        file_path: Catalogue folder of `turnwise webshop convert`. Default: a generated catalogue.
        server: A `WebShop` to use. Default: a new server with `file_path`, and practically no turn limit.
        split: Split of the goals, whose positions are the sessions.
        kwargs: `num_prev_obs`, `num_prev_actions`, `limit_goals`, `session`, as in WebShop; options of
            `turnwise serve webshop` as `arguments`.
    """

    def __init__(
        self,
        observation_mode: str = "text",
        file_path: str | None = None,
        server: WebShop | None = None,
        split: str = "train",
        arguments: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        if observation_mode != "text":
            raise ValueError(f"observation_mode must be 'text', got {observation_mode!r}")
        known = {"num_prev_obs", "num_prev_actions", "limit_goals", "session"}
        for name in kwargs.keys() - known:
            if kwargs[name]:
                raise ValueError(f"{name} must be absent: the server chooses products and goals")
        self.observation_mode = observation_mode
        self.num_prev_obs: int = kwargs.get("num_prev_obs", 0)
        self.num_prev_actions: int = kwargs.get("num_prev_actions", 0)
        self._owned = server is None
        if server is None:
            catalogue = [] if file_path is None else ["--catalogue", file_path]
            # WebShop itself has no turn limit.
            server = WebShop.start("--max-turns", "1000", *catalogue, *arguments)
        self.server = server
        self.session = kwargs.get("session")
        self._split = split
        limit: int = kwargs.get("limit_goals", -1)
        self._limit = limit if limit > 0 else server.splits()[split]
        self._next = 0
        self._session: Session = server.session()
        self.reset(self.session)

    def reset(self, session: int | str | None = None, instruction_text: str | None = None) -> tuple[str, None]:
        """Starts goal number `session` of the split; without a number the next one."""
        if instruction_text is not None:
            raise ValueError("instruction_text must be absent: the goal has its own")
        position = self._next if session is None else int(session)
        self._next = (position + 1) % self._limit
        self.session = position % self._limit
        self._session.reset(split=self._split, index=self.session)
        self.prev_obs = [self.observation]
        self.prev_actions: list[str] = []
        return self.observation, None

    def step(self, action: str) -> tuple[str, float, bool, None]:
        """Performs `search[keywords]` or `click[value]`; the reward in [0, 1] comes with the purchase."""
        result = self._session.step(action)
        observation = result.observation
        parts = [observation.text]
        self.prev_actions.append(action)
        for i in range(1, 1 + max(self.num_prev_obs, self.num_prev_actions)):
            if len(self.prev_actions) >= i and self.num_prev_actions >= i:
                parts.append(self.prev_actions[-i])
            if len(self.prev_obs) >= i and self.num_prev_obs >= i:
                parts.append(self.prev_obs[-i])
        self.prev_obs.append(observation.text)
        reward = (observation.score or 0.0) if result.done else 0.0
        return " [SEP] ".join(reversed(parts)), reward, result.done, None

    def get_available_actions(self) -> dict[str, Any]:
        """`has_search_bar` and the list `clickables`."""
        actions = self._last.observation.admissible_actions or []
        clicks = [action[len("click[") : -1] for action in actions if action.startswith("click[")]
        return {"has_search_bar": any(action.startswith("search[") for action in actions), "clickables": clicks}

    def get_instruction_text(self) -> str:
        """Text of the goal, as on the pages: `Instruction: [SEP] ...`."""
        start = self.prev_obs[0].index("Instruction:")
        return self.prev_obs[0][start:].split(" [SEP] ")[1]

    @property
    def instruction_text(self) -> str:
        return self.get_instruction_text()

    @property
    def observation(self) -> str:
        return self._last.observation.text

    @property
    def state(self) -> dict[str, str]:
        return {"instruction_text": self.instruction_text}

    @property
    def _last(self) -> Result:
        assert self._session.last is not None
        return self._session.last

    def close(self) -> None:
        """Releases the session, and stops the server that the constructor started."""
        self._session.close()
        if self._owned:
            self.server.close()
