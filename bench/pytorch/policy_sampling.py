"""One side of policy-sampling-pytorch.bench.ts: greedy sampling in a bare PyTorch loop.

Reads one JSON object from the first line of standard input, answers when the model is loaded, then
samples once for every further line, `{"prompts": [[...], ...], "maxTokens": n}` with prompts of one
length, and answers each with one line of JSON. The KV cache is static, with room for the whole sequence,
and nothing is computed twice or in vain. `"engine": "transformers"` samples with `generate` of
transformers; `"device": "cuda"` runs on a GPU, where `"products"` is the data type of matrix products.
"""

import json
import sys
import time

import numpy as np
import torch
from torch.nn import functional as F


def read_safetensors(path):
    """Read all tensors of a float32 file, by name."""
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    header.pop("__metadata__", None)
    return {
        name: torch.from_numpy(
            np.frombuffer(data, np.float32, int(np.prod(entry["shape"])), entry["data_offsets"][0])
            .reshape(entry["shape"])
            .copy()
        )
        for name, entry in header.items()
    }


class BareModel:
    """Qwen3 with tied embeddings, as plain functions on tensors."""

    def __init__(self, folder, device):
        with open(f"{folder}/config.json") as file:
            c = json.load(file)
        self.device = device
        w = read_safetensors(f"{folder}/model.safetensors")
        w = {name: tensor.to(device) for name, tensor in w.items()}
        self.heads, self.key_heads = c["num_attention_heads"], c["num_key_value_heads"]
        self.size, self.epsilon = c["head_dim"], c["rms_norm_eps"]
        self.embedding, self.norm = w["model.embed_tokens.weight"], w["model.norm.weight"]
        self.layers = []
        for i in range(c["num_hidden_layers"]):
            layer = {
                name[len(f"model.layers.{i}.") : -len(".weight")]: tensor
                for name, tensor in w.items()
                if name.startswith(f"model.layers.{i}.")
            }
            # Fuse three products into one, and two into one.
            layer["qkv"] = torch.cat([layer[f"self_attn.{part}_proj"] for part in "qkv"])
            layer["gate_up"] = torch.cat([layer["mlp.gate_proj"], layer["mlp.up_proj"]])
            self.layers.append(layer)
        frequencies = c["rope_theta"] ** (
            -torch.arange(0, self.size, 2, dtype=torch.float64) / self.size
        )
        positions = torch.arange(c["max_position_embeddings"], dtype=torch.float64)
        angles = torch.cat((positions[:, None] * frequencies,) * 2, -1)
        self.cos, self.sin = angles.cos().float().to(device), angles.sin().float().to(device)

    def normed(self, x, weight):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.epsilon) * weight

    def turned(self, x, cos, sin):
        a, b = x.chunk(2, -1)
        return x * cos + torch.cat((-b, a), -1) * sin

    def step(self, tokens, cache, start):
        """Compute logits after the last of new tokens `[batch, time]`, which start at a position."""
        batch, time_ = tokens.shape
        end = start + time_
        h, k_heads, size = self.heads, self.key_heads, self.size
        group = h // k_heads
        x = self.embedding[tokens]
        cos, sin = self.cos[start:end, None], self.sin[start:end, None]
        ahead = None
        if time_ > 1:
            ahead = torch.ones(time_, end, dtype=torch.bool, device=self.device).triu(1 + start).repeat(group, 1)
        for layer, (keys, values) in zip(self.layers, cache):
            qkv = F.linear(self.normed(x, layer["input_layernorm"]), layer["qkv"])
            qkv = qkv.view(batch, time_, h + 2 * k_heads, size)
            q = self.normed(qkv[:, :, :h], layer["self_attn.q_norm"])
            k = self.normed(qkv[:, :, h : h + k_heads], layer["self_attn.k_norm"])
            keys[:, :, start:end] = self.turned(k, cos, sin).transpose(1, 2)
            values[:, :, start:end] = qkv[:, :, h + k_heads :].transpose(1, 2)
            q = self.turned(q, cos, sin).view(batch, time_, k_heads, group, size)
            # Heads that share keys are rows of one product.
            q = q.permute(0, 2, 3, 1, 4).reshape(batch, k_heads, group * time_, size)
            scores = q @ keys[:, :, :end].transpose(-1, -2) / size**0.5
            if ahead is not None:
                scores = scores.masked_fill(ahead, -1e30)
            y = scores.softmax(-1) @ values[:, :, :end]
            y = y.view(batch, k_heads, group, time_, size).permute(0, 3, 1, 2, 4)
            x = x + F.linear(y.reshape(batch, time_, h * size), layer["self_attn.o_proj"])
            gate, up = F.linear(
                self.normed(x, layer["post_attention_layernorm"]), layer["gate_up"]
            ).chunk(2, -1)
            x = x + F.linear(F.silu(gate) * up, layer["mlp.down_proj"])
        return F.linear(self.normed(x[:, -1], self.norm), self.embedding)

    def generate(self, prompts, max_tokens):
        batch, length = prompts.shape
        shape = (batch, self.key_heads, length + max_tokens, self.size)
        empty = lambda: torch.empty(shape, device=self.device)
        cache = [(empty(), empty()) for _ in self.layers]
        tokens, start, sampled = prompts, 0, []
        for _ in range(max_tokens):
            logits = self.step(tokens, cache, start)
            start += tokens.shape[1]
            tokens = logits.argmax(-1, keepdim=True)
            sampled.append(tokens)
        return torch.cat(sampled, 1)


class TransformersModel:
    def __init__(self, folder, device):
        from transformers import AutoModelForCausalLM

        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        self.model = model.to(device)

    def generate(self, prompts, max_tokens):
        both = self.model.generate(
            prompts,
            attention_mask=torch.ones_like(prompts),
            max_new_tokens=max_tokens,
            min_new_tokens=max_tokens,
            do_sample=False,
            pad_token_id=0,
        )
        return both[:, prompts.shape[1] :]


def answer(value):
    print(json.dumps(value), flush=True)


def main():
    spec = json.loads(sys.stdin.readline())
    torch.set_num_threads(spec["threads"])
    engines = {"bare": BareModel, "transformers": TransformersModel}
    device = spec.get("device", "cpu")
    if spec.get("products", "float32") != "float32":
        torch.set_float32_matmul_precision("high")
    model = engines[spec["engine"]](spec["folder"], device)
    answer({"version": torch.__version__})
    for line in sys.stdin:
        request = json.loads(line)
        with torch.inference_mode():
            begin, begin_cpu = time.perf_counter(), time.process_time()
            prompts = torch.tensor(request["prompts"], device=device)
            # Copying to the CPU waits for pending computations.
            tokens = model.generate(prompts, request["maxTokens"]).cpu()
            seconds, cpu = time.perf_counter() - begin, time.process_time() - begin_cpu
        answer({"seconds": seconds, "cpuSeconds": cpu, "tokens": tokens.tolist()})


main()
