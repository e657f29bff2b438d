"""One side of policy-training-pytorch.bench.ts: the same update in eager PyTorch.

Reads one JSON object from the first line of standard input, then does one update for every further
line and answers each with one line of JSON. Answers once before the first update, when it is ready.

Rows with old log-probs get a policy-gradient update, rows without a likelihood update. Batches are laid
out as in TRL's GRPOTrainer: microbatches of a fixed number of rows in the given order, padded to the
longest row; logits at every position; the loss masked to the response tokens; accumulated gradients;
then clipping and AdamW.
"""

import json
import resource
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


class Norm(nn.Module):
    def __init__(self, size, epsilon):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.epsilon = epsilon

    def forward(self, x):
        if hasattr(F, "rms_norm"):
            return F.rms_norm(x, self.weight.shape, self.weight, self.epsilon)
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.epsilon) * self.weight


def turn(x, cos, sin):
    a, b = x.chunk(2, -1)
    return x * cos + torch.cat((-b, a), -1) * sin


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c = c
        size, heads, key_heads = c["headSize"], c["numHeads"], c["numKeyValueHeads"]
        self.q_proj = nn.Linear(c["hiddenSize"], heads * size, bias=False)
        self.k_proj = nn.Linear(c["hiddenSize"], key_heads * size, bias=False)
        self.v_proj = nn.Linear(c["hiddenSize"], key_heads * size, bias=False)
        self.o_proj = nn.Linear(heads * size, c["hiddenSize"], bias=False)
        self.q_norm = Norm(size, c["normEpsilon"])
        self.k_norm = Norm(size, c["normEpsilon"])

    def forward(self, x, cos, sin):
        batch, time_, _ = x.shape
        size = self.c["headSize"]
        group = self.c["numHeads"] // self.c["numKeyValueHeads"]

        def split(y):
            return y.view(batch, time_, -1, size)

        q = turn(self.q_norm(split(self.q_proj(x))).transpose(1, 2), cos, sin)
        k = turn(self.k_norm(split(self.k_proj(x))).transpose(1, 2), cos, sin)
        v = split(self.v_proj(x)).transpose(1, 2)
        k, v = (y.repeat_interleave(group, 1) for y in (k, v))
        # Padding comes after each row, where no real token attends.
        if hasattr(F, "scaled_dot_product_attention"):
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            scores = q @ k.transpose(-1, -2) / size**0.5
            ahead = torch.ones(time_, time_, dtype=torch.bool).triu(1)
            y = scores.masked_fill(ahead, -1e30).softmax(-1) @ v
        return self.o_proj(y.transpose(1, 2).reshape(batch, time_, -1))


class Gated(nn.Module):
    def __init__(self, c):
        super().__init__()
        d, inner = c["hiddenSize"], c["intermediateSize"]
        self.gate_proj = nn.Linear(d, inner, bias=False)
        self.up_proj = nn.Linear(d, inner, bias=False)
        self.down_proj = nn.Linear(inner, d, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.input_layernorm = Norm(c["hiddenSize"], c["normEpsilon"])
        self.self_attn = Attention(c)
        self.post_attention_layernorm = Norm(c["hiddenSize"], c["normEpsilon"])
        self.mlp = Gated(c)

    def forward(self, x, cos, sin):
        x = x + self.self_attn(self.input_layernorm(x), cos, sin)
        return x + self.mlp(self.post_attention_layernorm(x))


class Qwen3(nn.Module):
    """Qwen3 with tied embeddings."""

    def __init__(self, c):
        super().__init__()
        self.c = c
        self.embed_tokens = nn.Embedding(c["vocabularySize"], c["hiddenSize"])
        self.layers = nn.ModuleList(Layer(c) for _ in range(c["numLayers"]))
        self.norm = Norm(c["hiddenSize"], c["normEpsilon"])
        size = c["headSize"]
        frequencies = c["ropeTheta"] ** (-torch.arange(0, size, 2, dtype=torch.float64) / size)
        angles = torch.arange(c["maxSequenceTokens"], dtype=torch.float64)[:, None] * frequencies
        angles = torch.cat((angles, angles), -1)
        self.cos, self.sin = angles.cos().float(), angles.sin().float()

    def forward(self, tokens):
        x = self.embed_tokens(tokens)
        time_ = tokens.shape[1]
        cos, sin = self.cos[:time_], self.sin[:time_]
        for layer in self.layers:
            x = layer(x, cos, sin)
        return self.norm(x) @ self.embed_tokens.weight.t()

    def take(self, path, table):
        named = dict(self.named_parameters())
        with open(path, "rb") as file:
            for name, shape in table:
                parameter = named.pop(name[len("model."):])
                count = parameter.numel()
                values = torch.frombuffer(bytearray(file.read(4 * count)), dtype=torch.float32)
                parameter.data.copy_(values.view(shape))
        assert not named, sorted(named)


def log_probs_and_entropies(logits, targets):
    """Log-probs and entropies as TRL computes them: row by row, to avoid a second tensor of logits."""
    log_probs = torch.gather(logits, -1, targets[..., None]).squeeze(-1)
    log_probs = log_probs - torch.stack([torch.logsumexp(row, -1) for row in logits])
    with torch.no_grad():
        entropies = []
        for row in logits:
            log_p = row.log_softmax(-1)
            entropies.append(-(log_p.exp() * log_p).sum(-1))
    return log_probs, torch.stack(entropies)


def policy_gradient(model, microbatch, clip_low, clip_high):
    """Compute the clipped surrogate of a microbatch and accumulate its gradient."""
    log_probs, _ = log_probs_and_entropies(model(microbatch["tokens"])[:, :-1], microbatch["targets"])
    ratio = torch.exp(log_probs - microbatch["oldLogProbs"])
    clipped = ratio.clamp(1 - clip_low, 1 + clip_high)
    gain = torch.minimum(ratio * microbatch["advantages"], clipped * microbatch["advantages"])
    loss = -(gain * microbatch["weights"]).sum()
    loss.backward()
    return loss.item()


def likelihood(model, microbatch):
    """Compute the weighted negative log-likelihood of a microbatch and accumulate its gradient."""
    logits = model(microbatch["tokens"])[:, :-1]
    losses = F.cross_entropy(logits.transpose(1, 2), microbatch["targets"], reduction="none")
    loss = (losses * microbatch["weights"]).sum()
    loss.backward()
    return loss.item()


def pad(rows):
    length = max(len(row["tokens"]) for row in rows)
    tokens = torch.zeros(len(rows), length, dtype=torch.long)
    names = ("weights", "oldLogProbs", "advantages")
    per_token = {name: torch.zeros(len(rows), length) for name in names}
    for i, row in enumerate(rows):
        tokens[i, : len(row["tokens"])] = torch.tensor(row["tokens"])
        at = 0
        for start, count in row["spans"]:
            for name in names:
                if name not in row:
                    continue
                per_token[name][i, start : start + count] = torch.tensor(row[name][at : at + count])
            at += count
    shifted = {name: values[:, 1:].contiguous() for name, values in per_token.items()}
    return {"tokens": tokens, "targets": tokens[:, 1:].contiguous(), **shifted}


def product_rate(n=1024, seconds=0.5):
    """Measure floating-point operations per second of a large matrix product, the fastest of many."""
    a, b = torch.randn(n, n), torch.randn(n, n)
    a @ b
    begin, best = time.perf_counter(), float("inf")
    while time.perf_counter() - begin < seconds:
        begin_run = time.perf_counter()
        a @ b
        best = min(best, time.perf_counter() - begin_run)
    return 2 * n**3 / best


def main():
    spec = json.loads(sys.stdin.readline())
    torch.set_num_threads(spec["threads"])
    torch.manual_seed(0)
    model = Qwen3(spec["config"])
    for parameter in model.parameters():
        if parameter.dim() > 1:
            nn.init.normal_(parameter, std=0.02)
    if spec.get("parameters"):
        model.take(spec["parameters"], spec["table"])
    optimizer = torch.optim.AdamW(model.parameters(), **spec["adamw"])
    rows, size = spec["rows"], spec["microbatchRows"]
    microbatches = [rows[i : i + size] for i in range(0, len(rows), size)]

    def answer(**values):
        print(json.dumps(values), flush=True)

    answer(version=torch.__version__, productRate=product_rate())
    for _ in sys.stdin:
        begin, begin_cpu = time.perf_counter(), time.process_time()
        loss = 0.0
        for microbatch in microbatches:
            if "oldLogProbs" in microbatch[0]:
                loss += policy_gradient(model, pad(microbatch), spec["clipLow"], spec["clipHigh"])
            else:
                loss += likelihood(model, pad(microbatch))
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), spec["maxGradientNorm"]).item()
        optimizer.step()
        optimizer.zero_grad()
        answer(
            seconds=time.perf_counter() - begin,
            cpuSeconds=time.process_time() - begin_cpu,
            loss=loss,
            gradientNorm=norm,
            peakBytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        )


main()
