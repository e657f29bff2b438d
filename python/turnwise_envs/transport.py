"""Transports of calls to a server: JSON lines of a child process, or HTTP."""

from __future__ import annotations

import base64
import http.client
import json
import os
import pathlib
import queue
import shlex
import shutil
import subprocess
import threading
import time
from typing import Any, Protocol, Sequence
from urllib.parse import urlsplit


class ServerError(RuntimeError):
    """Error that the server answers. `code` is one of its error codes, such as `VALIDATION_ERROR`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{message} ({code})")
        self.code = code


class Transport(Protocol):
    """Sends a call and returns its result; may be used from several threads."""

    def call(self, method: str, params: dict[str, Any]) -> dict[str, Any]: ...

    def close(self) -> None: ...


def find_command() -> list[str]:
    """Command line of Turnwise: `$TURNWISE_COMMAND`, `turnwise` on the path, or the built checkout of this file."""
    given = os.environ.get("TURNWISE_COMMAND")
    if given:
        return shlex.split(given)
    installed = shutil.which("turnwise")
    if installed:
        return [installed]
    built = pathlib.Path(__file__).parents[2] / "apps/trainer/dist/main.js"
    if built.exists():
        return ["node", str(built)]
    raise FileNotFoundError(
        "turnwise must be on the path, in a built checkout (npm test -- build), or in TURNWISE_COMMAND, got none"
    )


class ChildProcess:
    """A server that this process starts and stops. It opens no port."""

    def __init__(self, arguments: Sequence[str], command: Sequence[str] | None = None) -> None:
        self._process = subprocess.Popen(
            [*(command or find_command()), "serve", *arguments, "--stdio", "--quiet"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        self._answers: dict[int, queue.Queue[dict[str, Any]]] = {}
        self._lock = threading.Lock()
        self._next_id = 0
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            answer = json.loads(line)
            waiting = self._answers.pop(answer["id"], None)
            if waiting is not None:
                waiting.put(answer)
        code = self._process.wait()
        ended = {"error": {"code": "SERVER_ENDED", "message": f"the server has ended with exit code {code}"}}
        with self._lock:
            for waiting in self._answers.values():
                waiting.put(ended)
            self._answers.clear()

    def call(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        waiting: queue.Queue[dict[str, Any]] = queue.Queue()
        with self._lock:
            if self._process.poll() is not None or self._process.stdin is None or self._process.stdin.closed:
                raise ServerError("SERVER_ENDED", f"the server has ended with exit code {self._process.poll()}")
            self._next_id += 1
            self._answers[self._next_id] = waiting
            self._process.stdin.write(json.dumps({"id": self._next_id, "method": method, "params": params}) + "\n")
            self._process.stdin.flush()
        answer = waiting.get()
        if "error" in answer:
            raise ServerError(answer["error"]["code"], answer["error"]["message"])
        result: dict[str, Any] = answer["result"]
        return result

    def close(self) -> None:
        """Ends all sessions and the process."""
        with self._lock:
            if self._process.stdin is not None and not self._process.stdin.closed:
                self._process.stdin.close()  # the server ends with its input
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        if self._process.stdout is not None:
            self._process.stdout.close()


#: Idle time after which a connection is not used again, seconds. Servers close idle ones; Node's do so after 5 s.
MAX_IDLE_SECONDS = 2.0


class HttpServer:
    """A running server: `http://127.0.0.1:8000`, or `http://:TOKEN@host:8000`. Each thread keeps a connection."""

    def __init__(self, url: str, token: str | None = None, timeout_seconds: float = 120) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or parts.hostname is None:
            raise ValueError(f"url must have the form http://host:port, got {url}")
        token = token or parts.password or None
        self._headers = {"Content-Type": "application/json"}
        if token is not None:
            basic = base64.b64encode(f":{token}".encode()).decode()
            self._headers["Authorization"] = f"Basic {basic}"
        self._create = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._address = (parts.hostname, parts.port)
        self._prefix = parts.path.rstrip("/")
        self._timeout = timeout_seconds
        self._local = threading.local()

    def call(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        body = json.dumps(params).encode()
        if time.monotonic() - getattr(self._local, "used_at", 0.0) > MAX_IDLE_SECONDS:
            self.close()
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._create(*self._address, timeout=self._timeout)
        try:
            connection.request("POST", f"{self._prefix}/{method}", body, self._headers)
            response = connection.getresponse()
            text = response.read()
            self._local.used_at = time.monotonic()
        except Exception:
            # The state of the connection is unknown. A step must not be repeated, so the caller decides.
            connection.close()
            self._local.connection = None
            raise
        answer: dict[str, Any] = json.loads(text) if text else {}
        if response.status != 200:
            error = answer.get("error", {})
            raise ServerError(error.get("code", str(response.status)), error.get("message", str(answer.get("detail"))))
        return answer

    def close(self) -> None:
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._local.connection = None
