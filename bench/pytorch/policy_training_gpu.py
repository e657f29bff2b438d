"""One side of policy-training-gpu.bench.ts: updates of transformers' Qwen2 in PyTorch.

Reads a specification as JSON from the first line of standard input. Then makes one update per line and
answers each with a line of JSON.
"""

import contextlib
import json
import sys
import time

import torch
import torch.nn.functional as F
from transformers import Qwen2Config, Qwen2ForCausalLM


def main():
    spec = json.loads(sys.stdin.readline())
    device, precision = spec["device"], spec["precision"]
    torch.manual_seed(0)
    torch.set_num_threads(spec["threads"])
    torch.set_float32_matmul_precision("high" if precision == "tensorfloat32" else "highest")
    c = spec["config"]
    config = Qwen2Config(
        vocab_size=c["vocabularySize"],
        hidden_size=c["hiddenSize"],
        intermediate_size=c["intermediateSize"],
        num_hidden_layers=c["numLayers"],
        num_attention_heads=c["numHeads"],
        num_key_value_heads=c["numKeyValueHeads"],
        max_position_embeddings=c["maxSequenceTokens"],
        rms_norm_eps=c["normEpsilon"],
        tie_word_embeddings=c["tiedEmbeddings"],
        use_cache=False,
        attn_implementation="sdpa",
    )
    with torch.device(device):
        model = Qwen2ForCausalLM(config).float()
    if spec["recomputeLayers"]:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, weight_decay=0.01, fused=True)
    tokens = torch.tensor(spec["rows"], device=device)
    size = spec["microbatchRows"]

    def mixed():
        if precision in ("bfloat16", "float16"):
            return torch.autocast(device, dtype=getattr(torch, precision))
        return contextlib.nullcontext()

    scaler = torch.amp.GradScaler(device, enabled=precision == "float16")
    is_gpu = device == "cuda"

    def finish():
        if is_gpu:
            torch.cuda.synchronize()

    def update():
        total = 0.0
        for start in range(0, len(tokens), size):
            part = tokens[start : start + size]
            with mixed():
                logits = model(input_ids=part).logits[:, :-1]
            losses = F.cross_entropy(
                logits.reshape(-1, logits.shape[-1]).float(), part[:, 1:].reshape(-1), reduction="sum"
            )
            loss = losses / (tokens.shape[0] * (tokens.shape[1] - 1))
            scaler.scale(loss).backward()
            total += loss.detach()
        scaler.unscale_(optimizer)
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad(set_to_none=True)
        return float(total), float(norm)

    def answer(**values):
        print(json.dumps(values), flush=True)

    answer(
        version=f"PyTorch {torch.__version__}",
        device=torch.cuda.get_device_name() if is_gpu else device,
    )
    for _ in sys.stdin:
        finish()
        begin = time.perf_counter()
        loss, norm = update()
        finish()
        answer(
            seconds=time.perf_counter() - begin,
            loss=loss,
            gradientNorm=norm,
            peakBytes=torch.cuda.max_memory_reserved() if is_gpu else None,
        )


main()
