"""Holds turnwise_aem.py to the conformance fixture of @turnwise/aem, in NumPy and, if installed, torch."""

import json
import pathlib
import sys
import types
import unittest
import unittest.mock

try:
    import numpy as np
except ImportError:
    raise unittest.SkipTest("numpy is not installed: turnwise_aem.py was not tested") from None

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
import turnwise_aem as aem  # noqa: E402

try:
    import torch
except ImportError:
    torch = None

FIXTURE = pathlib.Path(__file__).parents[2] / "packages/aem/conformance.json"
NAMES = {"minEntropyRange": "min_entropy_range"}


def to_options(options):
    return {NAMES.get(name, name): float(v) if v in ("NaN", "Infinity") else v for name, v in options.items()}


class Conformance(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fixture = json.loads(FIXTURE.read_text())

    def near(self, found, expected):
        np.testing.assert_allclose(found, expected, rtol=self.fixture["tolerance"], atol=0)

    def test_groups(self):
        for case in self.fixture["groups"]:
            with self.subTest(case["name"]):
                found = aem.modulation_coefficients(case["entropies"], **to_options(case["options"]))
                self.near(found, case["coefficients"])
                # The same formula from its definition, one response at a time.
                if len(set(found)) > 1:
                    low, high = min(case["entropies"]), max(case["entropies"])
                    strength = case["options"].get("strength", 1)
                    weights = [np.exp(-strength * ((h - low) / (high - low))) for h in case["entropies"]]
                    self.near(found, [w * len(weights) / sum(weights) for w in weights])

    def test_batches(self):
        for case in self.fixture["batches"]:
            with self.subTest(case["name"]):
                rows, options = case["responses"], to_options(case["options"])
                # A response without tokens takes part in no scope.
                kept = [row for row in rows if row["entropies"]]
                found = aem.batch_coefficients(
                    [[float(np.mean(row["entropies"]))] for row in kept],
                    [row["group"] for row in kept],
                    [row["trajectory"] for row in kept],
                    [row["turn"] for row in kept],
                    **options,
                )
                expected = [c for c, row in zip(case["coefficients"], rows) if row["entropies"]]
                self.near(np.concatenate([*found, []]), expected)
                empty = [c for c, row in zip(case["coefficients"], rows) if not row["entropies"]]
                self.assertEqual(empty, [1] * len(empty))

    def test_errors(self):
        for case in self.fixture["errors"]:
            with self.subTest(case["name"]), self.assertRaises(ValueError):
                aem.modulation_coefficients([float(h) for h in case["entropies"]], **to_options(case["options"]))

    def test_messages(self):
        with self.assertRaisesRegex(ValueError, r"entropies\[1\] must be finite and >= 0, got -1"):
            aem.modulation_coefficients([1, -1])
        with self.assertRaisesRegex(ValueError, "scope must be one of group, .*, got 'all'"):
            aem.batch_coefficients([[1]], [0], scope="all")
        with self.assertRaisesRegex(ValueError, "advantages and entropies and groups must have the same length"):
            aem.modulate([1], [1, 2], [0])


#: Two rows of one group: responses with the entropies 0.2 and 0.5, and 1.2. NaN is never read.
MASK = [[1, 1, 0, 1], [0, 1, 1, 0]]
ENTROPIES = [[0.1, 0.3, np.nan, 0.5], [np.nan, 1.1, 1.3, np.nan]]
FACTORS = [[1.4227, 1.4227, 1, 1.0539], [1, 0.5234, 0.5234, 1]]


class Rows(unittest.TestCase):
    def test_worked_example(self):
        found = aem.modulate([1, -1, -1], [0.2, 0.5, 1.2], ["a", "a", "a"])
        np.testing.assert_allclose(found, [1.4227, -1.0539, -0.5234], atol=5e-5)

    def test_numpy(self):
        found = aem.modulate_rows(np.ones((2, 4), np.float32), np.array(ENTROPIES), np.array(MASK), [7, 7])
        np.testing.assert_allclose(found, FACTORS, atol=5e-5)
        self.assertEqual(found.dtype, np.float32)
        per_row = aem.modulate_rows(np.array([2.0, 1.0]), np.array(ENTROPIES), np.array(MASK), [7, 7])
        np.testing.assert_allclose(per_row, np.array(FACTORS) * MASK * [[2], [1]], atol=1e-4)

    def test_scopes_of_rows(self):
        means = [[0.2, 1.0], [0.6]]
        turn = aem.batch_coefficients(means, ["a", "a"], scope="turn")
        self.assertGreater(turn[0][0], 1)
        self.assertEqual(turn[0][1], 1)
        rows = aem.batch_coefficients([[0.2], [1.0], [0.6]], ["a"] * 3, [0, 0, 1], [0, 1, 0], scope="turn")
        self.assertEqual([float(c[0]) for c in rows], [turn[0][0], turn[0][1], turn[1][0]])

    @unittest.skipIf(torch is None, "torch is not installed")
    def test_torch(self):
        for dtype in (torch.float32, torch.bfloat16):
            found = aem.modulate_rows(
                torch.ones(2, 4, dtype=dtype), torch.tensor(ENTROPIES), torch.tensor(MASK), [7, 7]
            )
            self.assertEqual(found.dtype, dtype)
            torch.testing.assert_close(found.float(), torch.tensor(FACTORS), atol=1e-2, rtol=0)


class Verl(unittest.TestCase):
    """verl is not installed: a stand-in for its registration and its call of an estimator."""

    def test_registration(self):
        registry = {}

        def register_adv_est(name):
            return lambda function: registry.setdefault(name, function)

        def grpo(token_level_rewards, response_mask, index, norm_adv_by_std_in_grpo=True, config=None):
            self.assertFalse(norm_adv_by_std_in_grpo)
            scores = token_level_rewards.sum(-1)
            advantages = (scores - scores.mean())[:, None] * response_mask
            return advantages, advantages

        registry["grpo"] = grpo
        core = types.SimpleNamespace(register_adv_est=register_adv_est, get_adv_estimator_fn=registry.get)

        class Trainer:
            def _compute_old_log_prob(self, batch):
                return types.SimpleNamespace(batch={"entropys": np.array(ENTROPIES)}), 0.0

        aem.register_verl(core, Trainer)
        Trainer()._compute_old_log_prob(None)[0].batch.pop("entropys")  # as verl drops them
        mask = np.array(MASK)
        rewards = np.array([[0, 0, 0, 1], [0, 0, 0, 0]], np.float32)
        advantages, returns = registry["aem"](
            token_level_rewards=rewards,
            response_mask=mask,
            index=np.array(["u", "u"], dtype=object),
            config={"norm_adv_by_std_in_grpo": False},
        )
        np.testing.assert_allclose(advantages, np.array([[0.5], [-0.5]]) * mask * FACTORS, atol=5e-5)
        np.testing.assert_allclose(returns, np.array([[0.5], [-0.5]]) * mask)


@unittest.skipIf(torch is None, "torch is not installed")
class Trl(unittest.TestCase):
    """A stand-in for the two methods of TRL that the subclass calls, and one process; test_trl.py trains with TRL."""

    def test_subclass(self):
        class GRPOTrainer:
            num_generations = 2
            args = types.SimpleNamespace(per_device_train_batch_size=2)
            accelerator = types.SimpleNamespace(process_index=0)
            model = types.SimpleNamespace(training=True)

            def _generate_and_score_completions(self, inputs):
                return {
                    "prompt_ids": torch.zeros(2, 3, dtype=torch.long),
                    "prompt_mask": torch.ones(2, 3, dtype=torch.long),
                    "completion_ids": torch.zeros(2, 4, dtype=torch.long),
                    "completion_mask": torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]]),
                    "tool_mask": torch.tensor([[1, 1, 0, 1], [0, 1, 1, 1]]),
                    "advantages": torch.tensor([1.0, -1.0]),
                }

            def _get_per_token_logps_and_entropies(
                self, model, input_ids, attention_mask, logits_to_keep, batch_size=None, compute_entropy=False
            ):
                assert input_ids.shape == attention_mask.shape == (2, 7) and logits_to_keep == 4 and compute_entropy
                return None, torch.tensor(ENTROPIES), None

        accelerate = types.ModuleType("accelerate")
        accelerate.utils = types.ModuleType("accelerate.utils")
        accelerate.utils.gather_object = lambda rows: rows
        with unittest.mock.patch.dict(sys.modules, {"accelerate": accelerate, "accelerate.utils": accelerate.utils}):
            output = aem.aem_trainer(GRPOTrainer)()._generate_and_score_completions([])
        expected = torch.tensor(FACTORS) * torch.tensor(MASK) * torch.tensor([[1.0], [-1.0]])
        torch.testing.assert_close(output["advantages"], expected, atol=5e-5, rtol=0)


class Rllm(unittest.TestCase):
    """rLLM is not installed: records with the fields that its advantages use."""

    def test_groups(self):
        def step(*surprisals, advantage):
            return types.SimpleNamespace(logprobs=[-value for value in surprisals], advantage=advantage)

        first = types.SimpleNamespace(steps=[step(0.1, 0.3, advantage=1.0), step(0.5, advantage=1.0)])
        second = types.SimpleNamespace(steps=[step(1.1, 1.3, advantage=[-1.0, -2.0])])
        group = types.SimpleNamespace(trajectories=[first, second])
        module = types.SimpleNamespace(
            collect_reward_and_advantage_from_trajectory_groups=lambda groups, config, collect: {"metric": 1}
        )
        aem.patch_rllm(module)
        metrics = module.collect_reward_and_advantage_from_trajectory_groups([group], None)
        self.assertEqual(metrics, {"metric": 1})
        np.testing.assert_allclose([s.advantage for s in first.steps], [1.4227, 1.0539], atol=5e-5)
        np.testing.assert_allclose(second.steps[0].advantage, [-0.5234, -1.0468], atol=1e-4)


@unittest.skipIf(torch is None, "torch is not installed")
class Slime(unittest.TestCase):
    """slime and Megatron are not installed: stand-ins for the calls of the plug-in, and two ranks."""

    def test_advantages(self):
        def stub(name, **members):
            module = types.ModuleType(name)
            module.__dict__.update(members)
            sys.modules[name] = module
            self.addCleanup(sys.modules.pop, name)
            return module

        mpu = types.SimpleNamespace(
            get_data_parallel_world_size=lambda: 2,
            get_data_parallel_rank=lambda: 1,
            get_data_parallel_group=lambda: None,
        )
        stub("megatron")
        stub("megatron.core", mpu=mpu)
        stub("slime")
        stub("slime.utils")
        stub(
            "slime.utils.ppo_utils",
            get_grpo_returns=lambda rewards, kl: [torch.ones_like(k) * r for r, k in zip(rewards, kl)],
        )
        original = torch.distributed.all_gather_object
        self.addCleanup(setattr, torch.distributed, "all_gather_object", original)

        def gather(shards, own, group=None):
            shards[:] = [[(4, [1.2])], own]  # the other rank has a sample of the same prompt

        torch.distributed.all_gather_object = gather
        data = {
            "kl": [torch.zeros(4)],
            "rewards": [2.0],
            "loss_masks": [torch.tensor(MASK[0])],
            "log_probs": [-torch.tensor(ENTROPIES[0])],
            "sample_indices": [33],
        }
        aem.slime_advantages(types.SimpleNamespace(n_samples_per_prompt=8), data)
        torch.testing.assert_close(data["advantages"][0], 2 * torch.tensor(FACTORS[0]), atol=1e-4, rtol=0)
        torch.testing.assert_close(data["returns"][0], torch.full((4,), 2.0))


if __name__ == "__main__":
    unittest.main()
