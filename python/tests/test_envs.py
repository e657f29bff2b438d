"""Tests of turnwise_envs against two real servers: ALFWorld as a child process, WebShop over HTTP.

Trainers that are not installed are replaced by stand-ins of the classes that an adapter extends; the last
line of the output names them.
"""

import asyncio
import importlib.util
import os
import pathlib
import re
import shlex
import subprocess
import sys
import types
import unittest
import unittest.mock

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "python"))
from turnwise_envs import ALFWorld, Client, Environment, ServerError, WebShop  # noqa: E402
from turnwise_envs.alfworld_env import AlfredTWEnv, find_game, get_environment  # noqa: E402
from turnwise_envs.environment import Batch  # noqa: E402
from turnwise_envs.webshop_env import WebAgentTextEnv  # noqa: E402

#: The sources, so that the tests need no build.
COMMAND = shlex.split(os.environ.get("TURNWISE_COMMAND", "")) or [
    "node",
    str(ROOT / "node_modules/tsx/dist/cli.mjs"),
    "--conditions=turnwise-source",
    str(ROOT / "apps/trainer/src/main.ts"),
]
HAS_NUMPY = importlib.util.find_spec("numpy") is not None

games: ALFWorld
shop: WebShop
shop_url: str
stand_ins: list[str] = []


def setUpModule():
    global games, shop, shop_url, web
    token = "a token for the tests"
    web = subprocess.Popen(
        [*COMMAND, "serve", "webshop", "--port", "0", "--num-tasks", "4", "--quiet", "--token", token, "--success-reward", "1"],
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    games = ALFWorld.start("--num-tasks", "8", command=COMMAND)
    line = web.stdout.readline()
    shop_url = line.split()[0].replace("http://", f"http://:{token}@")
    shop = WebShop.connect(shop_url)


def tearDownModule():
    games.close()
    shop.close()
    web.terminate()
    web.wait()
    web.stdout.close()
    if stand_ins:
        print(f"\nStand-ins, because the libraries are not installed: {', '.join(stand_ins)}")


def provide(test, library, modules):
    """Provides stand-ins for the modules of a library that is not installed."""
    if importlib.util.find_spec(library) is not None:
        return
    stand_ins.append(library)
    for name, members in modules.items():
        parts = name.split(".")
        for i in range(1, len(parts) + 1):
            whole = ".".join(parts[:i])
            if whole not in sys.modules:
                sys.modules[whole] = types.ModuleType(whole)
                test.addCleanup(sys.modules.pop, whole)
            if i > 1:
                setattr(sys.modules[".".join(parts[: i - 1])], parts[i - 1], sys.modules[whole])
        sys.modules[name].__dict__.update(members)


def solve(session):
    """Yields the commands that win a game of the kind pick_and_place_simple."""
    observation = session.last.observation
    thing, target = re.search(r"put (?:some|an?) (\w+) (?:in|on) (\w+)", observation.text).groups()
    places = [action for action in observation.admissible_actions if action.startswith("go to ")]
    for place in places:
        yield place
        opened = [a for a in session.last.observation.admissible_actions if a.startswith("open ")]
        yield from opened
        for action in session.last.observation.admissible_actions:
            if action.startswith(f"take {thing} ") and not place.startswith(f"go to {target}"):
                yield action
                for goal in (p for p in places if p.startswith(f"go to {target}")):
                    yield goal
                    yield from (a for a in session.last.observation.admissible_actions if a.startswith("open "))
                    yield from (a for a in session.last.observation.admissible_actions if a.startswith(f"move {thing} "))


def play(session, step):
    """Plays until the end. @returns The last result of `step`."""
    for command in solve(session):
        result = step(command)
        if session.last.done:
            return result
    raise AssertionError("not solved")


class ClientTest(unittest.TestCase):
    def test_environments(self):
        (info,) = games.client.environments()
        self.assertEqual((info.name, info.max_turns, info.splits["train"], info.error), ("alfworld", 50, 8, None))

    def test_an_unavailable_environment(self):
        error = {"code": "FACTORY_ERROR", "message": "swebench: a Docker Engine must answer, got none"}
        entry = {"name": "swebench", "description": "", "max_turns": 50, "splits": [], "error": error}
        transport = types.SimpleNamespace(call=lambda method, params: {"environments": [entry]})
        (info,) = Client(transport).environments()
        self.assertEqual((info.splits, info.error.code), ({}, "FACTORY_ERROR"))
        with self.assertRaisesRegex(ServerError, "a Docker Engine must answer"):
            Environment(Client(transport), "swebench").splits()

    def test_episode_with_success(self):
        session = games.session()
        session.reset(split="train", seed=1, kinds=["pick_and_place_simple"])
        result = play(session, session.step)
        self.assertTrue(result.done and result.observation.success and result.observation.terminated)
        self.assertEqual(result.reward, 10)
        with self.assertRaisesRegex(ServerError, "EXECUTION_ERROR"):
            session.step("look")
        session.close()

    def test_many_sessions(self):
        results = games.reset_many([{"split": "train", "index": i, "max_turns": 2} for i in (3, 5)])
        self.assertEqual([(r.observation.index, r.reward, r.done) for r in results], [(3, 0, False), (5, 0, False)])
        ids = [r.session for r in results]
        stepped = games.step_many([(ids[1], "look"), (ids[0], "inventory")])
        self.assertEqual([r.session for r in stepped], [ids[1], ids[0]])
        self.assertEqual(stepped[1].observation.text, "You are not carrying anything.")
        ended = games.step_many([(ids[0], "look")])
        self.assertTrue(ended[0].done and ended[0].observation.truncated)
        games.client.close_many(ids)
        self.assertEqual(games.step_many([]), [])

    def test_errors(self):
        with self.assertRaisesRegex(ServerError, "reset.split.*VALIDATION_ERROR|split.*got"):
            games.reset_many([{"split": "nowhere"}])
        with self.assertRaisesRegex(ServerError, "colour"):
            games.session().reset(colour="red")
        with self.assertRaisesRegex(ServerError, "SESSION_ERROR"):
            games.step_many([("no session", "look")])
        with self.assertRaisesRegex(ValueError, "url must have the form"):
            Client.connect("localhost:8000")

    def test_the_token_is_required(self):
        with Client.connect(re.sub(r"//.*@", "//", shop_url)) as client, self.assertRaisesRegex(ServerError, "token"):
            client.environments()

    def test_idle_connections(self):
        # The server closes connections that were idle for 5 s, so the client must not use them.
        now = 100.0
        with (
            Client.connect(shop_url) as client,
            unittest.mock.patch("turnwise_envs.transport.time", types.SimpleNamespace(monotonic=lambda: now)),
        ):
            connections = []
            for now in (100.0, 101.0, 105.0):
                client.environments()
                connections.append(client._transport._local.connection)
        self.assertIs(connections[0], connections[1])
        self.assertIsNot(connections[1], connections[2])

    def test_a_server_that_ends(self):
        client = Client.start(command=[sys.executable, "-c", "import sys; sys.stdin.readline(); sys.exit(3)"])
        with self.assertRaisesRegex(ServerError, "the server has ended with exit code 3"):
            client.environments()
        client.close()

    def test_a_batch_keeps_finished_sessions(self):
        batch = Batch(games)
        batch.reset([{"split": "train", "index": 0, "max_turns": 1}, {"split": "train", "index": 1}])
        batch.step(["look", "look"])
        self.assertEqual([r.done for r in batch.step(["look", "look"])], [True, False])
        batch.restart([True, False])
        self.assertEqual([r.observation.turn for r in batch.results], [0, 2])
        batch.close()


#: The settings of ALFWorld's base_config.yaml that the environment reads.
CONFIG = {
    "dataset": {
        "data_path": "/nowhere/json_2.1.1/train",
        "eval_id_data_path": "/nowhere/json_2.1.1/valid_seen",
        "eval_ood_data_path": "/nowhere/json_2.1.1/valid_unseen",
        "num_train_games": -1,
        "num_eval_games": -1,
    },
    "env": {"domain_randomization": False, "task_types": [1, 2, 3, 4, 5, 6], "goal_desc_human_anns_prob": 0.0},
    "general": {"training_method": "dqn"},
    "rl": {"training": {"max_nb_steps_per_episode": 3}},
}


class AlfredTest(unittest.TestCase):
    def test_batch(self):
        env = get_environment("AlfredTWEnv")(CONFIG, train_eval="train", games=games).init_env(batch_size=2)
        obs, infos = env.reset()
        self.assertEqual(len(obs), 2)
        self.assertTrue(all(text.startswith("-= Welcome to TextWorld, ALFRED! =-\n\n") for text in obs))
        self.assertEqual(set(infos), {"admissible_commands", "won", "extra.gamefile"})
        self.assertEqual(infos["won"], [False, False])
        self.assertIn("look", infos["admissible_commands"][0])
        self.assertTrue(all(path.endswith("/game.tw-pddl") for path in infos["extra.gamefile"]))
        first = infos["extra.gamefile"]
        for turn in range(4):
            obs, scores, dones, infos = env.step(["look", "inventory"])
            self.assertEqual((scores, dones), ([0.0, 0.0], [turn >= 2, turn >= 2]))
        self.assertEqual(obs[1], "You are not carrying anything.")
        self.assertEqual(infos["extra.gamefile"], first)
        second = env.reset()[1]["extra.gamefile"]
        self.assertFalse(set(first) & set(second))
        env.seed(1234)
        self.assertEqual(env.reset()[1]["extra.gamefile"], first)
        env.close()

    def test_kinds(self):
        config = {**CONFIG, "env": {**CONFIG["env"], "task_types": [1]}}
        env = AlfredTWEnv(config, games=games).init_env(batch_size=1)
        for _ in range(3):
            self.assertIn("pick_and_place_simple", env.reset()[1]["extra.gamefile"][0])
        env.close()

    def test_paths_of_games(self):
        released = find_game("/data/json_2.1.1/train/", "train/pick-1/trial/game.tw-pddl")
        self.assertEqual(released, "/data/json_2.1.1/train/pick-1/trial/game.tw-pddl")
        self.assertEqual(find_game("", "pick-1/trial"), "pick-1/trial/game.tw-pddl")

    def test_refusals(self):
        with self.assertRaisesRegex(FileNotFoundError, r"config\['dataset'\]\['data_path'\] must be a folder of games"):
            AlfredTWEnv(CONFIG)
        with self.assertRaisesRegex(ValueError, "train_eval must be one of train"):
            AlfredTWEnv(CONFIG, "test", games=games)
        with self.assertRaisesRegex(ValueError, r"config\['env'\]\['domain_randomization'\] must be False, got True"):
            AlfredTWEnv({**CONFIG, "env": {**CONFIG["env"], "domain_randomization": True}}, games=games)
        with self.assertRaises(NotImplementedError):
            get_environment("AlfredThorEnv")


class WebShopTest(unittest.TestCase):
    def test_purchase(self):
        env = WebAgentTextEnv(observation_mode="text", server=shop, num_prev_actions=1)
        observation, info = env.reset(session=2)
        self.assertIsNone(info)
        self.assertTrue(observation.startswith("WebShop [SEP] Instruction: [SEP] "))
        self.assertIn(env.instruction_text, observation)
        self.assertEqual(env.get_available_actions(), {"has_search_bar": True, "clickables": ["search"]})
        text, reward, done, info = env.step(f"search[{env.instruction_text}]")
        self.assertTrue(text.startswith("search[") and " [SEP] " in text)
        self.assertEqual((reward, done, info), (0, False, None))
        actions = env.get_available_actions()
        self.assertFalse(actions["has_search_bar"])
        product = next(name for name in actions["clickables"] if re.fullmatch(r"t\w{9}", name))
        env.step(f"click[{product}]")
        self.assertIn("buy now", env.get_available_actions()["clickables"])
        _, reward, done, _ = env.step("click[buy now]")
        self.assertTrue(done and 0 <= reward <= 1)
        env.close()

    def test_refusals(self):
        with self.assertRaisesRegex(ValueError, "observation_mode must be 'text', got 'html'"):
            WebAgentTextEnv(observation_mode="html", server=shop)
        with self.assertRaisesRegex(ValueError, "get_image must be absent"):
            WebAgentTextEnv(server=shop, get_image=1)


class Base:
    """Stand-in of a base class without behaviour."""

    def __init__(self, *_, **__):
        pass

    def __class_getitem__(cls, _):
        return cls


class AdapterTest(unittest.TestCase):
    def test_trl(self):
        from turnwise_envs.adapters.trl import environment_factory

        episode = environment_factory(games)()
        self.assertIn("Your task is to", episode.reset(index=1, prompt="a column of the data set"))
        episode._session.reset(split="train", seed=1, kinds=["pick_and_place_simple"])
        play(episode._session, episode.act)
        self.assertEqual(episode.get_reward(), 10)
        with self.assertRaisesRegex(ValueError, "The episode is over"):
            episode.act("look")
        shopping = environment_factory(shop)()
        shopping.reset(index=0)
        self.assertIn("Back to Search", shopping.search("shoes"))
        self.assertIn("Instruction", shopping.click("Back to Search"))
        names = [name for name in dir(shopping) if not name.startswith("_")]
        self.assertEqual(names, ["click", "get_reward", "reset", "search"])

    def test_skyrl(self):
        provide(self, "skyrl_gym", {"skyrl_gym.envs.base_text_env": {
            "BaseTextEnv": type("BaseTextEnv", (), {"__init__": lambda self: setattr(self, "turns", 0)}),
            "BaseTextEnvStepOutput": dict,
        }})  # fmt: skip
        from turnwise_envs.adapters.skyrl import text_env

        env = text_env(games)(None, {"index": 2})
        messages, _ = env.init([{"role": "system", "content": "Play."}])
        self.assertEqual([message["role"] for message in messages], ["system", "user"])
        output = env.step("inventory")
        self.assertEqual(output["observations"], [{"role": "user", "content": "You are not carrying anything."}])
        self.assertEqual((output["reward"], output["done"], env.turns, env.max_turns), (0, False, 1, 50))
        env.close()

    def test_verifiers(self):
        provide(self, "verifiers", {"verifiers.legacy": {
            "MultiTurnEnv": Base,
            "Rubric": Base,
            "cleanup": lambda function: function,
            "UserMessage": lambda content: types.SimpleNamespace(role="user", content=content),
        }})  # fmt: skip
        from turnwise_envs.adapters.verifiers import multi_turn_env

        env = multi_turn_env(games)
        state = {"prompt": [], "info": {"index": 0}}
        asyncio.run(env.setup_state(state))
        self.assertIn("Your task is to", state["prompt"][0].content)
        (reply,) = asyncio.run(env.env_response([types.SimpleNamespace(content="inventory")], state))
        self.assertEqual(reply.content, "You are not carrying anything.")
        self.assertEqual(state["turnwise_return"], 0)
        asyncio.run(env.close_session(state))

    def test_verl(self):
        class AgentLoopBase:
            config = types.SimpleNamespace(
                actor_rollout_ref=types.SimpleNamespace(rollout=types.SimpleNamespace(response_length=40))
            )
            tokenizer = types.SimpleNamespace(decode=lambda tokens, skip_special_tokens: "inventory")

            async def apply_chat_template(self, messages, remove_system_prompt=False):
                return [len(messages)] * (5 if remove_system_prompt else 7)

            class server_manager:
                async def generate(request_id, prompt_ids, sampling_params):
                    return types.SimpleNamespace(token_ids=[1, 2, 3])

        registered = {}
        provide(self, "verl", {"verl.experimental.agent_loop.agent_loop": {
            "AgentLoopBase": AgentLoopBase,
            "AgentLoopOutput": types.SimpleNamespace,
            "register": lambda name: lambda cls: registered.setdefault(name, cls),
        }})  # fmt: skip
        from turnwise_envs.adapters.verl import agent_loop

        loop = agent_loop(games)
        self.assertIs(registered["turnwise"], loop)
        output = asyncio.run(loop().run({}, index=0, raw_prompt=[{"role": "system", "content": "Play."}]))
        self.assertEqual(output.prompt_ids, [2] * 7)
        self.assertEqual(output.response_mask, ([1] * 3 + [0] * 5) * 5)
        self.assertEqual((len(output.response_ids), output.reward_score, output.num_turns), (40, 0, 11))

    @unittest.skipUnless(HAS_NUMPY, "numpy is not installed")
    def test_gymnasium(self):
        spaces = types.SimpleNamespace(Text=lambda *_, **__: None, Tuple=lambda parts: parts)
        vector = types.SimpleNamespace(VectorEnv=Base, AutoresetMode=types.SimpleNamespace(NEXT_STEP="next"))
        provide(self, "gymnasium", {"gymnasium": {"spaces": spaces, "vector": vector}})
        from turnwise_envs.adapters.gymnasium import vector_env

        envs = vector_env(games, 2)
        observations, infos = envs.reset(seed=3, options={"max_turns": 2})
        self.assertEqual(len(observations), 2)
        first = [o.index for o in infos["observation"]]
        envs.step(["look", "look"])
        _, rewards, terminated, truncated, _ = envs.step(["look", "look"])
        self.assertEqual((rewards.tolist(), terminated.any(), truncated.all()), ([0, 0], False, True))
        _, _, _, truncated, infos = envs.step(["look", "look"])
        self.assertFalse(truncated.any())
        self.assertEqual([o.turn for o in infos["observation"]], [0, 0])
        self.assertNotEqual([o.index for o in infos["observation"]], first)
        envs.close_extras()

    @unittest.skipUnless(HAS_NUMPY, "numpy is not installed")
    def test_verl_agent(self):
        provide(self, "agent_system", {"agent_system.environments.base": {"EnvironmentManagerBase": Base}})
        from turnwise_envs.adapters.verl_agent import environment_manager

        for environment, response in (
            (games, "<think>I look around.</think><action>look</action>"),
            (shop, "<think>I search.</think><action>search[shoes]</action>"),
        ):
            manager = environment_manager(environment, num_groups=2, group_size=2, seed=3)
            observations, infos = manager.reset()
            texts, anchors = observations["text"], observations["anchor"]
            self.assertEqual((texts[0], texts[2]), (texts[1], texts[3]))
            self.assertNotEqual(texts[0], texts[2])
            self.assertTrue(all("<think>" in text and anchor in text for text, anchor in zip(texts, anchors)))
            self.assertTrue(all("<think>" not in anchor for anchor in anchors))
            observations, rewards, dones, infos = manager.step([response] * 3 + ["nonsense"])
            self.assertEqual([bool(info["is_action_valid"]) for info in infos], [True] * 3 + [False])
            self.assertEqual(len(rewards), 4)
            self.assertFalse(dones.any())
            self.assertTrue(all("<think>" not in anchor for anchor in observations["anchor"]))
            games_before = [info["extra.gamefile"] for info in infos]
            self.assertNotEqual([info["extra.gamefile"] for info in manager.reset()[1]], games_before)
            manager.close()


if __name__ == "__main__":
    unittest.main()
