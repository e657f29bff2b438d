import { join } from "node:path";
import { formatCount, crossEntropy } from "@turnwise/core";
import { readTokenizer } from "@turnwise/policy";
import type { ExperimentSettings } from "../experiment/experiment-schema.ts";
import { createLocalPolicy } from "@turnwise/policy/local";
import { toChatTokenizer } from "../policy/chat-format.ts";
import { toChatDemonstration, toPlainDemonstration } from "../loop/demonstration-text.ts";
import {
  selectImitated,
  toImitationRows,
  renameWords,
  toImitationBatch,
  type ImitationRow,
} from "../loop/imitation.ts";
import { writeFolderWhole } from "../files/write-folder-whole.ts";
import type { ResumePoint } from "./find-resume-point.ts";
import { InputError, readInput } from "../input-error.ts";
import { splitMinibatches } from "../loop/split-minibatches.ts";
import { createNewPolicy } from "../policy/new-model.ts";
import { buildTokenizer } from "./build-tokenizer.ts";
import {
  estimateSecondsLeft,
  formatDuration,
  formatPercent,
  formatThousands,
  formatTimeLeft,
} from "../report/format-numbers.ts";
import { freshState, createPolicyOptions, stopPoisoned, warmStartFolder, type Run } from "./run.ts";

/**
 * Number of tasks whose demonstrations are recorded. A new model builds its vocabulary from more
 * demonstrations than it imitates.
 */
export function countReadTasks({ model, warmStart }: ExperimentSettings): number {
  const { numDemonstrations } = warmStart;
  return model.source === "new" ? Math.max(numDemonstrations, 1000) : numDemonstrations;
}

/**
 * Creates a policy, trains it to imitate demonstrations, and saves it in the run's warm-start
 * folder. The folder is created after the last epoch.
 * @param point - Beginning of the run, or a checkpoint of this stage.
 */
export async function warmStart(
  run: Run,
  { state, checkpoint }: Pick<ResumePoint, "state" | "checkpoint">,
): Promise<void> {
  const { config, folder, tasks, reporter, random } = run;
  const { numDemonstrations, slipShare, renames, epochs, minibatchSize } = config.warmStart;
  const { learningRate, finalShare, contextWeight } = config.warmStart;
  const { model } = config;

  // The vocabulary is built from more tasks than are imitated, but never from evaluation tasks.
  const numRead = countReadTasks(config);
  const { demonstrator } = tasks;
  if (demonstrator === undefined && numDemonstrations > 0) {
    throw new InputError(
      `warmStart.numDemonstrations must be 0 for ${tasks.name}, because these tasks have no demonstrator, got ${numDemonstrations}`,
    );
  }
  reporter.now(`recording demonstrations of ${formatThousands(numRead)} tasks`);
  const demonstrations =
    (await demonstrator?.demonstrate(
      tasks.training.slice(0, numRead),
      slipShare,
      random.fork("demonstrations"),
    )) ?? [];
  await folder.writeAudit("warm-start", tasks.takeRecords?.() ?? []);
  const classes = demonstrator?.exchangeable?.(demonstrations) ?? [];
  if (model.source !== "new" && model.source !== "folder") {
    throw new InputError(`warmStart: model.source must be new or folder, got ${model.source}`);
  }
  const start =
    model.source === "new"
      ? createNewPolicy(model, buildTokenizer(demonstrations, classes, tasks))
      : await readInput(async () => ({
          model: model.path,
          tokenizer: await readTokenizer(model.path),
        }));
  const { tokenizer } = start;
  const isChat = model.source === "folder" && model.chat;
  const recorded = demonstrations.slice(0, numDemonstrations);
  const selected = selectImitated(recorded, demonstrator);
  if (selected.length === 0 && recorded.length > 0 && epochs > 0) {
    reporter.warn(
      `warm start: nothing to imitate, because none of ${recorded.length} demonstrations solved its task within ${config.episode.maxTurns} turns (episode.maxTurns)`,
    );
  }
  const imitated = selected.map((demonstration) =>
    isChat
      ? toChatDemonstration(demonstration, tokenizer)
      : toPlainDemonstration(demonstration, tasks, tokenizer),
  );
  const rowsOf = (epoch: number): ImitationRow[] => {
    const names = random.fork(`renames/${epoch}`);
    return imitated.flatMap((demonstration) =>
      toImitationRows(
        renames ? renameWords(demonstration, classes, names) : demonstration,
        tasks.format,
        isChat ? toChatTokenizer(tokenizer) : tokenizer,
        contextWeight,
      ),
    );
  };
  const numBatches = Math.max(1, Math.round(rowsOf(0).length / minibatchSize));
  reporter.now("preparing the policy");
  const policy = await createLocalPolicy({
    ...createPolicyOptions(config, random),
    ...start,
    optimizer: {
      weightDecay: config.training.weightDecay,
      maxGradientNorm: config.training.maxGradientNorm,
      beta1: config.training.beta1,
      beta2: config.training.beta2,
      epsilon: config.training.epsilon,
      learningRate: {
        peak: learningRate,
        warmupSteps: Math.min(20, numBatches * epochs),
        decay: "cosine",
        totalSteps: numBatches * epochs + 1,
        final: learningRate * finalShare,
      },
    },
  });
  try {
    if (checkpoint !== undefined) await readInput(() => policy.learner.restore(checkpoint));
    const first = state.warmStartEpochs;
    reporter.say(
      `warm start: ${formatThousands(policy.info.numParameters)} parameters, ${tokenizer.vocabularySize} tokens, ` +
        `${formatCount(imitated.length, "demonstration")}, ${formatCount(epochs, "epoch")}`,
    );
    const started = performance.now();
    let numTrained = 0;
    for (let epoch = first + 1; epoch <= epochs; epoch++) {
      const batches = splitMinibatches(
        rowsOf(epoch),
        numBatches,
        random.fork(`warm-start/${epoch}`),
      );
      let loss = 0;
      for (const [i, batch] of batches.entries()) {
        const numBefore = numTrained;
        const tell = (done: number, total: number): void => {
          numTrained = numBefore + done;
          const share =
            (epoch - 1 - first + (i + done / total) / batches.length) / (epochs - first);
          const rate = (1000 * numTrained) / (performance.now() - started);
          reporter.now(
            `warm start: epoch ${epoch} of ${epochs}, batch ${i + 1} of ${batches.length}, ${formatPercent(share)}, ` +
              `${formatThousands(numTrained)} tokens at ${formatThousands(rate)}/s${formatTimeLeft(started, share)}`,
            {
              label: "warm start",
              phase: `epoch ${epoch} of ${epochs}`,
              share,
              ...(numTrained > 0 && { tokensPerSecond: rate }),
              secondsLeft: estimateSecondsLeft(started, share),
            },
          );
        };
        tell(0, 1);
        const report = await policy.learner
          .update(toImitationBatch(batch), crossEntropy, tell)
          .catch((cause: unknown) =>
            stopPoisoned(folder, `warm-start epoch ${epoch}`, batch, cause),
          );
        loss += report.loss / batches.length;
      }
      await folder.writeMetrics({ stage: "warm-start", warmStartEpoch: epoch, iteration: 0, loss });
      reporter.row(
        { stage: "warm-start", epoch, epochs, loss },
        `warm start: epoch ${epoch} of ${epochs}, loss ${loss.toFixed(4)} nats per token, ` +
          formatDuration((performance.now() - started) / 1000),
      );
      if (epoch < epochs) {
        await folder.saveCheckpoint({ ...freshState, warmStartEpochs: epoch }, (directory) =>
          policy.learner.save(directory),
        );
      }
    }
    const path = join(folder.path, warmStartFolder);
    await writeFolderWhole(path, async (temporary) => {
      await policy.save(temporary);
      await folder.seal(temporary);
    });
  } finally {
    await policy.close();
  }
}
