"""Environments of Turnwise for Python: ALFWorld, WebShop and others, without their Python packages.

    from turnwise_envs import ALFWorld

    with ALFWorld.start() as games:            # or ALFWorld.connect("http://127.0.0.1:8000")
        session = games.session()
        result = session.reset(split="train", index=0)
        while not result.done:
            result = session.step(result.observation.admissible_actions[0])
"""

from .client import Client, EnvironmentInfo, ServerError
from .environment import ALFWorld, Environment, Session, WebShop
from .records import Observation, Result

__all__ = [
    "ALFWorld",
    "Client",
    "Environment",
    "EnvironmentInfo",
    "Observation",
    "Result",
    "ServerError",
    "Session",
    "WebShop",
]
