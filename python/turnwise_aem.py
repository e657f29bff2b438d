"""Adaptive entropy modulation (AEM, arXiv:2605.00425) for Python trainers: NumPy, and torch if installed.

AEM multiplies the finished advantage of each response by a coefficient. With `h` the response's mean
token entropy, scaled to [0, 1] over its prompt group:

    coefficient = exp(-strength * h) / mean(exp(-strength * h))

A group with an entropy range below `min_entropy_range` keeps its advantages. Entropies are those
of the policy before the update, over the whole vocabulary, in nats. Where a trainer knows only the
log-probs of the sampled tokens, their negatives replace the entropies: the same expectation, more noise.

This file depends on nothing else, so it can be copied. Its tests compare it with the reference
implementation, the npm package `@turnwise/aem`, by means of the package's `conformance.json`.
"""

from __future__ import annotations

import math
from typing import Any, Callable, Hashable, Sequence

import numpy as np

__all__ = [
    "aem_trainer",
    "batch_coefficients",
    "find_spans",
    "modulate",
    "modulate_rllm_groups",
    "modulate_rows",
    "modulation_coefficients",
    "patch_rllm",
    "register_verl",
    "slime_advantages",
    "span_means",
]

#: Sets of responses within which responses are compared.
SCOPES = ("group", "trajectory", "turn", "batch")


def _check(name: str, value: float) -> None:
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{name} must be finite and >= 0, got {value}")


def _same_length(**lists: Sequence[Any]) -> None:
    names, lengths = list(lists), [len(values) for values in lists.values()]
    if len(set(lengths)) > 1:
        raise ValueError(f"{' and '.join(names)} must have the same length, got {' and '.join(map(str, lengths))}")


def modulation_coefficients(
    entropies: Sequence[float],
    strength: float = 1.0,
    min_entropy_range: float = 0.1,
    direction: str = "certain",
) -> np.ndarray:
    """Coefficients of one group: above 1 where the entropy is low for the group, with mean 1.

    Args:
        entropies: Mean token entropy of each response, `[response]`, nats per token, `>= 0`.
        strength: The paper's lambda, `>= 0`; at 0 every coefficient is 1.
        min_entropy_range: Dead zone, nats per token, `>= 0`: a smaller range gives coefficients of 1.
        direction: `"certain"`; `"uncertain"` is the reversed ablation.
    Returns:
        float64, `[response]`; all 1 in a group of one or of equal entropies.
    Raises:
        ValueError: A number is negative or not finite, or `direction` is neither.
    """
    _check("strength", strength)
    _check("min_entropy_range", min_entropy_range)
    if direction not in ("certain", "uncertain"):
        raise ValueError(f"direction must be 'certain' or 'uncertain', got {direction!r}")
    values = np.asarray(entropies, dtype=np.float64)
    for i, value in enumerate(values):
        _check(f"entropies[{i}]", value)
    if values.size == 0:
        return values
    low, high = values.min(), values.max()
    spread = high - low
    # A smaller spread is sampling noise: scaling it to [0, 1] would amplify it.
    if not spread > 0 or spread < min_entropy_range:
        return np.ones_like(values)
    distances = (values - low if direction == "certain" else high - values) / spread
    weights: np.ndarray = np.exp(-strength * distances)
    scaled: np.ndarray = weights / weights.mean()
    return scaled


def modulate(
    advantages: Sequence[float], entropies: Sequence[float], groups: Sequence[Hashable], **options: Any
) -> np.ndarray:
    """Multiplies one advantage per response by its coefficient within its group, `[response]`."""
    _same_length(advantages=advantages, entropies=entropies, groups=groups)
    coefficients = batch_coefficients([[entropy] for entropy in entropies], groups, **options)
    modulated: np.ndarray = np.asarray(advantages, dtype=np.float64) * np.concatenate([*coefficients, []])
    return modulated


def find_spans(mask: Any) -> list[tuple[int, int]]:
    """Responses of a row: `(start, stop)` of each run of true entries."""
    flags = np.concatenate([[0], np.asarray(mask) != 0, [0]]).astype(np.int8)
    edges = np.flatnonzero(np.diff(flags))
    return [(int(start), int(stop)) for start, stop in zip(edges[::2], edges[1::2])]


def span_means(entropies: Any, mask: Any) -> list[float]:
    """Mean token entropy of each response of a row; entries outside responses are not read."""
    _same_length(entropies=entropies, mask=mask)
    values = np.asarray(entropies, dtype=np.float64)
    # Float32 rounding may make entropies slightly negative.
    rounded = np.where((values < 0) & (values > -1e-3), 0, values)
    return [float(rounded[start:stop].mean()) for start, stop in find_spans(mask)]


def batch_coefficients(
    means: Sequence[Sequence[float]],
    groups: Sequence[Hashable],
    trajectories: Sequence[Hashable] | None = None,
    turns: Sequence[int] | None = None,
    scope: str = "group",
    **options: Any,
) -> list[np.ndarray]:
    """Coefficients of a batch of rows.

    Args:
        means: Mean token entropy of each response, `[row][response]`.
        groups: Key of each row's prompt group, `[row]`.
        trajectories: Key of each row's trajectory in its group. Default: every row is a trajectory.
        turns: Turn of each row's first response. Default: 0.
        scope: `"group"` (the paper), `"trajectory"`, `"turn"` (the same turn of the group) or `"batch"`.
        options: Options of `modulation_coefficients`.
    Returns:
        `[row][response]`.
    """
    if scope not in SCOPES:
        raise ValueError(f"scope must be one of {', '.join(SCOPES)}, got {scope!r}")
    trajectories = range(len(means)) if trajectories is None else trajectories
    turns = [0] * len(means) if turns is None else turns
    _same_length(rows=means, groups=groups, trajectories=trajectories, turns=turns)
    members: dict[Hashable, list[tuple[int, int]]] = {}
    for row, own in enumerate(means):
        for i in range(len(own)):
            group = groups[row]
            keys = {
                "group": group,
                "trajectory": (group, trajectories[row]),
                "turn": (group, int(turns[row]) + i),
                "batch": None,
            }
            members.setdefault(keys[scope], []).append((row, i))
    coefficients = [np.ones(len(own)) for own in means]
    for places in members.values():
        values = modulation_coefficients([means[row][i] for row, i in places], **options)
        for (row, i), value in zip(places, values):
            coefficients[row][i] = value
    if not members:
        modulation_coefficients([], **options)  # checks the options
    return coefficients


def _to_numpy(values: Any) -> np.ndarray:
    if hasattr(values, "detach"):  # a tensor, on any device and of any type
        values = values.detach().float().cpu().numpy()
    return np.asarray(values)


def modulate_rows(
    advantages: Any, entropies: Any, mask: Any, groups: Sequence[Hashable], **options: Any
) -> Any:
    """Modulates the advantages of a padded batch of token rows.

    Args:
        advantages: `[row, position]`, or `[row]`; an array or a tensor.
        entropies: Token entropies under the policy before the update, `[row, position]`, nats.
        mask: True at the tokens of responses, `[row, position]`; each run is one response.
        groups: Key of each row's prompt group, `[row]`.
        options: Options of `batch_coefficients`.
    Returns:
        `[row, position]`, of the kind, type and device of `advantages`. Positions outside responses
        keep their values; with advantages `[row]` they are 0.
    """
    masks, values = _to_numpy(mask) != 0, _to_numpy(entropies)
    means = [span_means(row, flags) for row, flags in zip(values, masks, strict=True)]
    coefficients = batch_coefficients(means, groups, **options)
    return _multiply(advantages, masks, coefficients)


def _multiply(advantages: Any, masks: np.ndarray, coefficients: Sequence[np.ndarray]) -> Any:
    """Multiplies the advantages of each response by its coefficient; see `modulate_rows`."""
    factors = np.ones(masks.shape)
    for row, flags in enumerate(masks):
        for (start, stop), value in zip(find_spans(flags), coefficients[row]):
            factors[row, start:stop] = value
    if advantages.ndim == 1:
        factors *= masks
        advantages = advantages[:, None]
    if isinstance(advantages, np.ndarray):
        return (advantages * factors).astype(np.result_type(advantages.dtype, np.float32))
    import torch

    return advantages * torch.as_tensor(factors, dtype=advantages.dtype, device=advantages.device)


# Plug-ins. Each states the version whose source it was written against.


def register_verl(core_algos: Any, trainer: Any, name: str = "aem", base: str = "grpo", **options: Any) -> None:
    """verl 0.8.0.dev (2026-01): registers the estimator `name`, which modulates the estimator `base`.

    Call it before the trainer starts: `register_verl(verl.trainer.ppo.core_algos, RayPPOTrainer)`, and set
    `algorithm.adv_estimator=aem`. verl computes entropies with the old log-probs and drops them before the
    advantages, so the method that computes them keeps them here. Each run of the response mask is a response.
    """
    kept: dict[str, Any] = {}
    compute = trainer._compute_old_log_prob

    def compute_and_keep(self: Any, batch: Any) -> Any:
        result = compute(self, batch)
        kept["entropies"] = result[0].batch["entropys"]
        return result

    def estimate(token_level_rewards: Any, response_mask: Any, index: Any, config: Any = None, **more: Any) -> Any:
        if base == "grpo":
            more["norm_adv_by_std_in_grpo"] = config.get("norm_adv_by_std_in_grpo", True) if config else True
        advantages, returns = core_algos.get_adv_estimator_fn(base)(
            token_level_rewards=token_level_rewards, response_mask=response_mask, index=index, config=config, **more
        )
        if "entropies" not in kept:
            raise ValueError("register_verl: verl must recompute the old log-probs, because they come with entropies")
        return modulate_rows(advantages, kept.pop("entropies"), response_mask, list(index), **options), returns

    trainer._compute_old_log_prob = compute_and_keep
    core_algos.register_adv_est(name)(estimate)


def aem_trainer(base: Any, **options: Any) -> Any:
    """TRL 1.13.0: a subclass of `GRPOTrainer` with AEM: `aem_trainer(GRPOTrainer)(model=..., ...)`.

    It makes one more forward pass for the entropies, and gathers them from all processes, because a group may
    be spread over several. Text only; not with `use_liger_kernel`, which reads one advantage per row.
    """

    class AEMTrainer(base):  # type: ignore[misc]
        def _generate_and_score_completions(self, inputs: Any) -> Any:
            import torch
            from accelerate.utils import gather_object

            output = super()._generate_and_score_completions(inputs)
            ids = torch.cat([output["prompt_ids"], output["completion_ids"]], dim=1)
            attended = torch.cat([output["prompt_mask"], output["completion_mask"]], dim=1)
            mask = output["completion_mask"] * output.get("tool_mask", 1)
            with torch.no_grad():
                _, entropies, _ = self._get_per_token_logps_and_entropies(
                    self.model, ids, attended, mask.size(1), self.args.per_device_train_batch_size, compute_entropy=True
                )
            flags, values = _to_numpy(mask) != 0, _to_numpy(entropies)
            own = [span_means(row, flag) for row, flag in zip(values, flags)]
            means = gather_object(own)
            size = self.num_generations if self.model.training else self.num_generations_eval
            coefficients = batch_coefficients(means, [row // size for row in range(len(means))], **options)
            start = self.accelerator.process_index * len(own)
            output["advantages"] = _multiply(output["advantages"], flags, coefficients[start : start + len(own)])
            return output

    return AEMTrainer


def modulate_rllm_groups(groups: Sequence[Any], **options: Any) -> None:
    """rLLM: multiplies `step.advantage` of all `TrajectoryGroup`s, by the surprisal of the step's log-probs."""
    trajectories = [(key, trajectory) for key, group in enumerate(groups) for trajectory in group.trajectories]
    means = [
        [float(np.mean(np.maximum(0, -np.asarray(step.logprobs)))) for step in trajectory.steps]
        for _, trajectory in trajectories
    ]
    coefficients = batch_coefficients(means, [key for key, _ in trajectories], **options)
    for (_, trajectory), factors in zip(trajectories, coefficients):
        for step, factor in zip(trajectory.steps, factors):
            own = step.advantage
            step.advantage = [value * factor for value in own] if isinstance(own, list) else own * float(factor)


def patch_rllm(module: Any, **options: Any) -> None:
    """rLLM 0.3.0.pre (2026-08), Tinker backend: modulates the advantages that `module` collects.

    `module` is `rllm.trainer.tinker.transform`, or another that imports
    `collect_reward_and_advantage_from_trajectory_groups`. Not for rLLM's verl backend, which reads one
    advantage per trajectory: use `register_verl` there.
    """
    collect: Callable[..., Any] = module.collect_reward_and_advantage_from_trajectory_groups

    def collect_and_modulate(groups: Any, algorithm_config: Any, collect_advantage: bool = True) -> Any:
        metrics = collect(groups, algorithm_config, collect_advantage)
        if collect_advantage:
            modulate_rllm_groups(groups, **options)
        return metrics

    module.collect_reward_and_advantage_from_trajectory_groups = collect_and_modulate


def slime_advantages(args: Any, rollout_data: dict[str, Any]) -> None:
    """slime 0.3.1 (2026-08): `--custom-advantage-function-path turnwise_aem.slime_advantages`. GRPO with AEM.

    slime gives this function no entropies, so surprisals are used. Groups are the `n_samples_per_prompt`
    consecutive samples of a prompt, gathered over data-parallel ranks. Not with context parallelism.
    """
    import torch
    from megatron.core import mpu
    from slime.utils.ppo_utils import get_grpo_returns

    kl, masks = rollout_data["kl"], [_to_numpy(mask) for mask in rollout_data["loss_masks"]]
    rewards = torch.tensor(rollout_data["rewards"], dtype=torch.float32, device=kl[0].device)
    returns = get_grpo_returns(rewards, kl)
    log_probs = rollout_data.get("log_probs") or rollout_data["rollout_log_probs"]
    means = [span_means(np.maximum(0, -_to_numpy(row)), mask) for row, mask in zip(log_probs, masks)]
    own = [(index // args.n_samples_per_prompt, row) for index, row in zip(rollout_data["sample_indices"], means)]
    shards: list[Any] = [None] * mpu.get_data_parallel_world_size()
    torch.distributed.all_gather_object(shards, own, group=mpu.get_data_parallel_group())
    rows = [row for shard in shards for row in shard]
    coefficients = batch_coefficients([row for _, row in rows], [key for key, _ in rows])
    start = sum(len(shard) for shard in shards[: mpu.get_data_parallel_rank()])
    rollout_data["advantages"] = [row.clone() for row in returns]
    rollout_data["returns"] = returns
    for row, mask, factors in zip(rollout_data["advantages"], masks, coefficients[start:]):
        for (first, last), factor in zip(find_spans(mask), factors):
            row[first:last] *= float(factor)
