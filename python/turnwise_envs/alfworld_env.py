"""Drop-in for `alfworld.agents.environment` (ALFWorld's text environment), without TextWorld.

Follows alfworld at commit ca98194 (2025-07) and TextWorld's batch environment. Differences:

- `extra.expert_plan` (training method `dagger`) is absent.
- `domain_randomization` and `goal_desc_human_anns_prob` must be off.
- The order of games is TextWorld's for the server's list of games: the reference lists them in the order
  of the file system.
"""

from __future__ import annotations

import os
from typing import Any, Mapping, Sequence

from .environment import ALFWorld, Batch

TASK_TYPES = {
    1: "pick_and_place_simple",
    2: "look_at_obj_in_light",
    3: "pick_clean_then_place_in_recep",
    4: "pick_heat_then_place_in_recep",
    5: "pick_cool_then_place_in_recep",
    6: "pick_two_obj_and_place",
}

#: Key of the data path in the configuration, of the number of games, and the split of the server.
_SETS = {
    "train": ("data_path", "num_train_games", "train"),
    "eval_in_distribution": ("eval_id_data_path", "num_eval_games", "valid_seen"),
    "eval_out_of_distribution": ("eval_ood_data_path", "num_eval_games", "valid_unseen"),
}

#: Seed of TextWorld's batch environment.
_DEFAULT_SEED = 1234


class AlfredTWEnv:
    """`AlfredTWEnv(config, train_eval)`, then `init_env(batch_size)`.

    Args:
        config: ALFWorld's configuration (`base_config.yaml` as a dictionary).
        train_eval: `"train"`, `"eval_in_distribution"` or `"eval_out_of_distribution"`.
        games: Server to use. Default: a new one with the games of the configuration's data path.
        split: Split of the server. Default: that of the released games, `train`, `valid_seen` or `valid_unseen`.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        train_eval: str = "train",
        games: ALFWorld | None = None,
        split: str | None = None,
    ) -> None:
        if train_eval not in _SETS:
            raise ValueError(f"train_eval must be one of {', '.join(_SETS)}, got {train_eval!r}")
        self.config = config
        self.train_eval = train_eval
        path_key, number_key, self._split = _SETS[train_eval]
        self._split = split or self._split
        env, data = config["env"], config["dataset"]
        for name, off in {"domain_randomization": False, "goal_desc_human_anns_prob": 0}.items():
            if env.get(name, off) != off and (name != "domain_randomization" or train_eval == "train"):
                raise ValueError(f"config['env'][{name!r}] must be {off}, got {env[name]}")
        method = config["general"]["training_method"]
        if method not in ("dqn", "dagger"):
            raise NotImplementedError(f"training_method must be dqn or dagger, got {method}")
        self._max_turns = int(config["rl" if method == "dqn" else "dagger"]["training"]["max_nb_steps_per_episode"])
        self._kinds = [TASK_TYPES[number] for number in env["task_types"] if number in TASK_TYPES]
        if not self._kinds:
            raise ValueError(f"config['env']['task_types'] must name a type of 1 to 6, got {env['task_types']}")
        limit = int(data.get(number_key, -1))
        self._root = "" if games is not None else os.path.expandvars(data[path_key])
        if games is None:
            if not os.path.isdir(self._root):
                raise FileNotFoundError(
                    f"config['dataset'][{path_key!r}] must be a folder of games, got {self._root}; "
                    "for generated games: AlfredTWEnv(config, games=ALFWorld.start())"
                )
            options = ["--games", os.path.dirname(self._root.rstrip("/")), "--max-turns", str(self._max_turns)]
            games = ALFWorld.start(*options, *(["--num-tasks", str(limit)] if limit > 0 else []))
        elif limit > 0:
            raise ValueError(f"config['dataset'][{number_key!r}] must be <= 0 with a server, got {limit}")
        self._games = games
        self.num_games = games.splits()[self._split]

    def init_env(self, batch_size: int) -> AlfredBatchEnv:
        """Creates the environment that plays `batch_size` games at once."""
        options: dict[str, Any] = {"split": self._split, "max_turns": self._max_turns}
        if len(self._kinds) < len(TASK_TYPES):
            options["kinds"] = self._kinds
        return AlfredBatchEnv(self._games, batch_size, options, self._root)


class AlfredBatchEnv:
    """Games that are played at once: `reset() -> obs, infos` and `step(commands) -> obs, scores, dones, infos`.

    `infos` has the lists `admissible_commands`, `won` and `extra.gamefile`. A finished game keeps its last
    state in later steps. Scores are accumulated: 1 for a game that is won.
    """

    def __init__(self, games: ALFWorld, batch_size: int, options: Mapping[str, Any], root: str) -> None:
        self.batch_size = batch_size
        self._games = games
        self._options = options
        self._root = root
        self._order: str | None = None
        self._batch = Batch(games)
        self.seed(_DEFAULT_SEED)

    def seed(self, seed: int | None = None) -> list[int | None]:
        """Restarts the shuffled order of the games."""
        self._seed: int | None = _DEFAULT_SEED if seed is None else seed
        return [seed]

    def _draw(self, count: int) -> list[int]:
        """Positions of the next games in the order, drawn by a separate session."""
        positions = []
        for _ in range(count):
            row: dict[str, Any] = {**self._options, "admissible_actions": False}
            if self._order is not None:
                row["session"] = self._order
            if self._seed is not None:
                row["seed"], self._seed = self._seed, None
            (drawn,) = self._games.reset_many([row])
            self._order = drawn.session
            positions.append(drawn.observation.index)
        return positions

    def skip(self, nb_games: int = 1) -> None:
        """Skips games of the order."""
        self._draw(nb_games)

    def reset(self) -> tuple[list[str], dict[str, list[Any]]]:
        self._batch.reset([{**self._options, "index": index} for index in self._draw(self.batch_size)])
        return self._texts(), self._infos()

    def step(self, commands: Sequence[str]) -> tuple[list[str], list[float], list[bool], dict[str, list[Any]]]:
        results = self._batch.step(commands)
        infos = self._infos()
        return self._texts(), [float(won) for won in infos["won"]], [result.done for result in results], infos

    def close(self) -> None:
        """Releases the games."""
        self._batch.close()
        if self._order is not None:
            self._games.client.close_many([self._order])
            self._order = None

    def _texts(self) -> list[str]:
        return [result.observation.text for result in self._batch.results]

    def _infos(self) -> dict[str, list[Any]]:
        observations = [result.observation for result in self._batch.results]
        return {
            "admissible_commands": [list(o.admissible_actions or []) for o in observations],
            "won": [o.success for o in observations],
            "extra.gamefile": [find_game(self._root, o.task_id) for o in observations],
        }


def find_game(root: str, task_id: str) -> str:
    """Path of a game. The ids of released games are paths below the parent of the data path `root`."""
    if task_id.endswith("game.tw-pddl"):
        return os.path.join(os.path.dirname(root.rstrip("/")), task_id)
    return os.path.join(root, task_id, "game.tw-pddl")


def get_environment(env_type: str) -> type[AlfredTWEnv]:
    """`get_environment("AlfredTWEnv")`, as in alfworld; the visual environments are not available."""
    if env_type != "AlfredTWEnv":
        raise NotImplementedError(f"env_type must be AlfredTWEnv, got {env_type}")
    return AlfredTWEnv
