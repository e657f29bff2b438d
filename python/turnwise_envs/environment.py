"""One environment of a server, and its sessions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar, Iterable, Mapping, Sequence, TypeVar

from .client import Client
from .records import Result

Self = TypeVar("Self", bound="Environment")


class Environment:
    """Sessions of one environment, one by one or many at once.

    Args:
        client: Server of the environment.
        name: Name of the environment on the server. Default: the class's `name`.
    """

    name: ClassVar[str] = ""

    def __init__(self, client: Client, name: str | None = None) -> None:
        self.client = client
        self._name = name or self.name

    @classmethod
    def start(cls: type[Self], *arguments: str, command: Sequence[str] | None = None) -> Self:
        """Starts a server as a child process, with options of `turnwise serve`: `start("--games", path)`."""
        return cls(Client.start(cls.name, *arguments, command=command))

    @classmethod
    def connect(cls: type[Self], url: str, token: str | None = None) -> Self:
        """Uses a running server: `http://127.0.0.1:8000`."""
        return cls(Client.connect(url, token))

    def splits(self) -> Mapping[str, int]:
        """Number of tasks of each split.

        Raises:
            ServerError: The environment is unavailable on the server.
        """
        for info in self.client.environments():
            if info.name == self._name:
                if info.error is not None:
                    raise info.error
                return info.splits
        raise ValueError(f"environment must be one of the server's, got {self._name}")

    def session(self) -> Session:
        """Creates a session, which plays one episode after another."""
        return Session(self)

    def reset_many(self, resets: Iterable[Mapping[str, Any]]) -> list[Result]:
        """Starts an episode per row, in a new session or the row's `session`; see `Client.reset_many`."""
        return self.client.reset_many(
            row if "session" in row else {"environment": self._name, **row} for row in resets
        )

    def step_many(self, steps: Iterable[tuple[str, str]]) -> list[Result]:
        """Performs a command in each session: pairs of session and command."""
        return self.client.step_many(steps)

    def close(self) -> None:
        """Closes the client."""
        self.client.close()

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Session:
    """One session; its environment instance exists from the first reset to `close`."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self.id: str | None = None
        self.last: Result | None = None

    def reset(self, **options: Any) -> Result:
        """Starts an episode: `reset(split="train", index=0)`, `reset(seed=7)`, `reset(prompts=True)`."""
        known = {} if self.id is None else {"session": self.id}
        (self.last,) = self._environment.reset_many([{**known, **options}])
        self.id = self.last.session
        return self.last

    def step(self, command: str) -> Result:
        """Performs a command, or with `prompts` takes a whole response."""
        if self.id is None:
            raise ValueError("step must follow a reset")
        (self.last,) = self._environment.step_many([(self.id, command)])
        return self.last

    def close(self) -> None:
        """Releases the environment instance. No effect without one."""
        if self.id is not None:
            self._environment.client.close_many([self.id])
            self.id = None


class Batch:
    """Sessions that are reset and stepped together. A finished session keeps its last result, with reward 0."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self.results: list[Result] = []

    def reset(self, rows: Sequence[Mapping[str, Any]]) -> list[Result]:
        """Starts an episode per row; later resets use the same sessions."""
        known = [{"session": result.session} for result in self.results] or [{}] * len(rows)
        self.results = self._environment.reset_many({**row, **own} for row, own in zip(rows, known, strict=True))
        return self.results

    def step(self, commands: Sequence[str]) -> list[Result]:
        """Performs a command in each unfinished session; ignores the commands of finished sessions."""
        if len(commands) != len(self.results):
            raise ValueError(f"commands must have {len(self.results)} entries, got {len(commands)}")
        pairs = [(r.session, c) for r, c in zip(self.results, commands) if not r.done]
        stepped = iter(self._environment.step_many(pairs))
        self.results = [replace(r, reward=0.0) if r.done else next(stepped) for r in self.results]
        return self.results

    def restart(self, chosen: Sequence[bool]) -> None:
        """Starts the next episode in the chosen sessions."""
        rows = [{"session": r.session} for r, is_chosen in zip(self.results, chosen, strict=True) if is_chosen]
        restarted = iter(self._environment.reset_many(rows))
        self.results = [next(restarted) if is_chosen else r for r, is_chosen in zip(self.results, chosen)]

    def close(self) -> None:
        """Ends the sessions."""
        self._environment.client.close_many(result.session for result in self.results)
        self.results = []


class ALFWorld(Environment):
    """Household games: generated ones by default, released ones with `start("--games", path)`."""

    name = "alfworld"


class WebShop(Environment):
    """Shopping: a generated catalogue by default, another with `start("--catalogue", folder)`."""

    name = "webshop"
