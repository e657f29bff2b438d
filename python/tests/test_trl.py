"""Two optimizer steps of TRL's own GRPOTrainer in ALFWorld, several turns per episode, with and without AEM.

The model is a tiny one with random weights, which would never write a tool call. So its sampling is restricted: in
the first turn it chooses between `look`, which it then repeats, and a plan that solves the game. The rest is TRL's:
prompts, parsing of tool calls, the tool loop, rewards, advantages, loss and optimizer.
"""

import importlib.util
import inspect
import json
import re
import subprocess
import tempfile
import unittest

from test_envs import COMMAND, play
from turnwise_envs import ALFWorld
from turnwise_envs.adapters.trl import environment_factory


def find_obstacle():
    """Why the tests cannot run; None if they can."""
    missing = [name for name in ("torch", "trl", "datasets") if importlib.util.find_spec(name) is None]
    if missing:
        return f"{', '.join(missing)} not installed"
    import trl

    if "environment_factory" not in inspect.signature(trl.GRPOTrainer.__init__).parameters:
        return f"trl {trl.__version__} has no environment_factory"
    return None


OBSTACLE = find_obstacle()
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
MARKS = ["<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>", "<think>", "</think>"]


def find_plans(environment, count):
    """Games of the kind pick_and_place_simple: `{index: (first observation, commands that solve it)}`."""
    plans = {}
    session = environment.session()
    for index in range(environment.splits()["train"]):
        first = session.reset(split="train", index=index).observation
        if first.task_kind != "pick_and_place_simple":
            continue
        commands = []
        play(session, lambda command: (commands.append(command), session.step(command))[1])
        take = max(i for i, command in enumerate(commands) if command.startswith("take "))
        start = max(i for i in range(take) if commands[i].startswith("go to "))
        plans[index] = (first.text, commands[start:])
        if len(plans) == count:
            break
    session.close()
    return plans


def build_tokenizer(texts):
    """A byte-level BPE tokenizer, trained on `texts`, with Qwen3's chat template as TRL ships it."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast
    from trl.chat_template_utils import qwen3_chat_template

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=600, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    fast.add_tokens(MARKS)
    fast.chat_template = qwen3_chat_template
    return fast


def write_call(command):
    """The text of a tool call."""
    return f'<tool_call>\n{json.dumps({"name": "act", "arguments": {"command": command}})}\n</tool_call><|im_end|>'


def choose_responses(text, plans):
    """Responses between which the model may choose after a conversation: its first turn decides the others."""
    plan = next(commands for first, commands in plans.values() if first in text)
    made = re.findall(r'"arguments": \{"command": "([^"]*)"\}', text)
    if not made:
        commands = [plan[0], "look"]
    elif made[0] == "look":
        commands = ["look"] if len(made) < 3 else []
    else:
        commands = plan[len(made) :][:1]
    return [write_call(command) for command in commands] or ["I am done.<|im_end|>"]


def build_model(tokenizer, plans):
    """A Qwen3 of two layers with random weights and restricted sampling."""
    from transformers import Qwen3Config, Qwen3ForCausalLM

    class RestrictedModel(Qwen3ForCausalLM):
        def generate(self, input_ids, **options):
            length = input_ids.shape[1]
            allowed = [
                [tokenizer.encode(response) for response in choose_responses(text, plans)]
                for text in tokenizer.batch_decode(input_ids)
            ]

            def list_tokens(row, ids):
                written = ids[length:].tolist()
                size = len(written)
                next_tokens = [own[size] for own in allowed[row] if own[:size] == written and len(own) > size]
                return next_tokens or [tokenizer.pad_token_id]

            return super().generate(input_ids, prefix_allowed_tokens_fn=list_tokens, **options)

    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "head_dim": 16}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 8192}
    special = {"eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id}
    return RestrictedModel(Qwen3Config(vocab_size=len(tokenizer), **sizes, **heads, **special))


@unittest.skipIf(OBSTACLE, OBSTACLE)
class TrainerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = subprocess.Popen(
            [*COMMAND, "serve", "alfworld", "--port", "0", "--num-tasks", "16", "--quiet"],
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        cls.games = ALFWorld.connect(cls.server.stdout.readline().split()[0])
        cls.plans = find_plans(cls.games, 2)

    @classmethod
    def tearDownClass(cls):
        cls.games.close()
        cls.server.terminate()
        cls.server.wait()
        cls.server.stdout.close()

    def train(self, base):
        """Trains for two steps. @returns The log of each step, and what each batch was trained on."""
        import torch
        from datasets import Dataset
        from trl import GRPOConfig

        texts = [first for first, _ in self.plans.values()] + [write_call(c) for _, p in self.plans.values() for c in p]
        torch.manual_seed(1)
        tokenizer = build_tokenizer(texts * 3)
        model = build_model(tokenizer, self.plans)
        before = [parameter.detach().clone() for parameter in model.parameters()]
        batches = []

        class RecordingTrainer(base):
            def _generate_and_score_completions(self, inputs):
                output = super()._generate_and_score_completions(inputs)
                rewards = [environment.get_reward() for environment in self.environments]
                turns = [environment._session.last.observation.turn for environment in self.environments]
                batches.append({**output, "rewards": rewards, "turns": turns})
                return output

        system = {"role": "system", "content": "You are in a house. Solve the task."}
        task = {"role": "user", "content": "Act with the tool.\n"}
        rows = [{"prompt": [system, task], "index": index} for index in self.plans for _ in range(2)]
        with tempfile.TemporaryDirectory() as folder:
            trainer = RecordingTrainer(
                model=model,
                processing_class=tokenizer,
                train_dataset=Dataset.from_list(rows),
                environment_factory=environment_factory(self.games),
                args=GRPOConfig(
                    output_dir=folder,
                    max_steps=2,
                    per_device_train_batch_size=8,
                    num_generations=4,
                    max_completion_length=4096,
                    learning_rate=1e-3,
                    logging_steps=1,
                    save_strategy="no",
                    report_to=[],
                    use_cpu=True,
                    disable_tqdm=True,
                    seed=1,
                ),
            )
            trainer.train()
        self.assertEqual(trainer.state.global_step, 2)
        moved = [not torch.equal(old, new.detach()) for old, new in zip(before, model.parameters(), strict=True)]
        self.assertTrue(all(moved))
        return [log for log in trainer.state.log_history if "loss" in log], batches

    def check(self, logs, batches):
        """Checks what both trainers must have done."""
        self.assertEqual((len(logs), len(batches)), (2, 2))
        self.assertEqual({reward for batch in batches for reward in batch["rewards"]}, {0, 10})
        for log, batch in zip(logs, batches, strict=True):
            self.assertAlmostEqual(log["rewards/Household/mean"], sum(batch["rewards"]) / 8, places=4)
            self.assertEqual(log["tools/failure_frequency"], 0)
            self.assertGreater(min(batch["turns"]), 1)
            self.assertAlmostEqual(log["tools/call_frequency"], sum(batch["turns"]) / 8, places=4)
            # Responses and the environment's replies alternate: a response for each turn, and the last words.
            mask = batch["completion_mask"] * batch["tool_mask"]
            starts = (mask[:, 1:] > mask[:, :-1]).sum(1) + mask[:, 0]
            self.assertEqual(starts.tolist(), [turns + 1 for turns in batch["turns"]])

    def test_grpo(self):
        from trl import GRPOTrainer

        logs, batches = self.train(GRPOTrainer)
        self.check(logs, batches)
        for batch in batches:
            self.assertEqual(batch["advantages"].shape, (8,))

    def test_grpo_with_aem(self):
        from trl import GRPOTrainer
        from turnwise_aem import aem_trainer, find_spans

        logs, batches = self.train(aem_trainer(GRPOTrainer, min_entropy_range=0.0))
        self.check(logs, batches)
        differences = 0
        for batch in batches:
            mask, advantages = batch["completion_mask"] * batch["tool_mask"], batch["advantages"]
            self.assertEqual(advantages.shape, mask.shape)
            self.assertEqual(float((advantages * (1 - mask)).abs().max()), 0)
            for row, flags in zip(advantages, mask, strict=True):
                spans = [row[start:stop] for start, stop in find_spans(flags)]
                self.assertTrue(all(span.max() == span.min() for span in spans))
                differences += len({float(span[0]) for span in spans}) > 1
        self.assertGreater(differences, 0)


if __name__ == "__main__":
    unittest.main()
