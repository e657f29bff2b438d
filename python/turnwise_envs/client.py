"""Client of a server of environments: many sessions with one call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable, Mapping, Sequence

from .records import Result, read_result
from .transport import ChildProcess, HttpServer, ServerError, Transport

__all__ = ["Client", "EnvironmentInfo", "ServerError"]


@dataclass(frozen=True)
class EnvironmentInfo:
    """An environment of a server."""

    name: str
    description: str
    max_turns: int
    splits: Mapping[str, int]
    """Number of tasks of each split; none if the environment is unavailable."""
    error: ServerError | None = None
    """Why the environment is unavailable, such as SWE-bench without Docker; None if it can be played."""


class Client:
    """Calls of a server. Methods may be used from several threads.

    Raises:
        ServerError: The server refuses a call, or a row of it; the message names field, rule and value.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    @classmethod
    def start(cls, *arguments: str, command: Sequence[str] | None = None) -> Client:
        """Starts `turnwise serve ARGUMENTS --stdio`, such as `Client.start("webshop", "--catalogue", path)`.

        Args:
            command: Command line of Turnwise. Default: `$TURNWISE_COMMAND`, `turnwise`, or the built checkout.
        """
        return cls(ChildProcess(arguments, command))

    @classmethod
    def connect(cls, url: str, token: str | None = None) -> Client:
        """Uses a running server: `http://127.0.0.1:8000`."""
        return cls(HttpServer(url, token))

    def environments(self) -> list[EnvironmentInfo]:
        """Lists the environments with their splits."""
        answer = self._transport.call("environments", {})
        return [
            EnvironmentInfo(
                entry["name"],
                entry["description"],
                entry["max_turns"],
                {split["name"]: split["num_tasks"] for split in entry["splits"]},
                _read_error(entry.get("error")),
            )
            for entry in answer["environments"]
        ]

    def reset_many(self, resets: Iterable[Mapping[str, Any]]) -> list[Result]:
        """Starts an episode per row. A row without `session` opens a session.

        Rows have the options of a reset: `split`, `index`, `task_id`, `seed`, `max_turns`, `prompts`, ...
        """
        rows = [dict(row) for row in resets]
        answer = self._transport.call("reset_many", {"resets": rows}) if rows else {"results": []}
        if any("error" in result for result in answer["results"]):
            # The caller learns no ids of sessions, so none must stay open.
            self.close_many(
                result["session"]
                for row, result in zip(rows, answer["results"])
                if "session" not in row and "error" not in result
            )
        return self._read(answer)

    def step_many(self, steps: Iterable[tuple[str, str]]) -> list[Result]:
        """Performs a command in each session: pairs of session and command. Waits for actions that take long."""
        results = self._step([{"session": session, "command": command} for session, command in steps])
        while waiting := [i for i, result in enumerate(results) if result.observation.pending]:
            # A step after a pending one performs no command of its own.
            again = self._step([{"session": results[i].session, "command": ""} for i in waiting])
            for i, result in zip(waiting, again):
                results[i] = result
        return results

    def close_many(self, sessions: Iterable[str]) -> None:
        """Ends sessions and releases their environments."""
        self._transport.call("close_many", {"sessions": list(sessions)})

    def close(self) -> None:
        """Stops the server if this client started it, and closes the connection of this thread otherwise."""
        self._transport.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _step(self, steps: list[dict[str, str]]) -> list[Result]:
        return self._read(self._transport.call("step_many", {"steps": steps}) if steps else {"results": []})

    @staticmethod
    def _read(answer: Mapping[str, Any]) -> list[Result]:
        for row in answer["results"]:
            if error := _read_error(row.get("error")):
                raise error
        return [read_result(row) for row in answer["results"]]


def _read_error(wire: Mapping[str, str] | None) -> ServerError | None:
    return None if wire is None else ServerError(wire["code"], wire["message"])
