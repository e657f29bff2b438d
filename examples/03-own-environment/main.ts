/** Plays episodes of a custom environment with a custom agent. */
import { createRandom, isSuccess, type Sampler, type Tokenizer } from "@turnwise/core";
import { rollout } from "@turnwise/envs";
import { createEnvironment, format } from "./guess-number.ts";

// Each new word becomes a token; token 0 ends a response.
const words = ["<end>"];
const tokenizer: Tokenizer = {
  vocabularySize: 100,
  endToken: 0,
  encode: (text) =>
    text
      .split(" ")
      .filter(Boolean)
      .map((word) => (words.includes(word) ? words.indexOf(word) : words.push(word) - 1)),
  decode: (tokens) => tokens.map((token) => words[token]).join(" "),
};

// Any source of text can be the sampler. This one does binary search; it could also call a hosted model.
const halving: Sampler = {
  capabilities: { entropies: "exact", maxSequenceTokens: 100 },
  load: async ({ version }) => version,
  release: () => undefined,
  sample: async ({ promptTokens }) => {
    let [low, high] = [1, 7];
    const said = promptTokens.map((token) => words[token]!);
    said.forEach((word, i) => {
      if (word === "more") low = Number(said[i - 2]) + 1;
      if (word === "less") high = Number(said[i - 2]) - 1;
    });
    const tokens = [...tokenizer.encode(String(Math.floor((low + high) / 2))), tokenizer.endToken];
    const certain = tokens.map(() => 0);
    return { tokens, logProbs: certain, entropies: certain, stopReason: "stop-token" };
  },
};

for (const secret of ["1", "5", "7"]) {
  const trajectory = await rollout(
    { id: secret, kind: "number" },
    {
      createEnvironment,
      format,
      sampler: halving,
      tokenizer,
      policyVersion: 0,
      options: { maxTurns: 3, maxResponseTokens: 2 },
    },
    { groupId: "example", trajectoryIndex: 0, random: createRandom(1) },
  );
  const turns = trajectory.turns.map(({ action, observation }) => `${action} ${observation}`);
  console.log(`secret ${secret}: ${turns.join(", ")} -> success ${isSuccess(trajectory)}`);
}
