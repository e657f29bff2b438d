import { z } from "zod";

const key = z.union([z.string(), z.number()], { error: "a text or a number" });
const count = z.number().int().min(0);

/** Values at the positions of a row; `null` at positions without a response token. */
const positions = (description: string, value: z.ZodNumber = z.number()) =>
  z.array(z.nullable(value)).meta({ description }).optional();

/** One value per response of a row. */
const perResponse = <T extends z.ZodType>(value: T, description: string) =>
  z.array(value).meta({ description }).optional();

const span = z.strictObject({
  start: count.meta({ description: "Position of the first token" }),
  length: z.number().int().min(1).meta({ description: "Number of tokens" }),
});

const roleSpan = z.strictObject({
  role: z.enum(["reasoning", "action", "end"]),
  start: count.meta({ description: "Index of the first token within the response" }),
  length: count,
});

/** Float32 rounding may make entropies slightly negative, and log-probs slightly positive. */
const rounding = 1e-3;
const entropy = z.number().min(-rounding);
const logProb = z.number().max(rounding);

const row = z.strictObject({
  group: key.meta({
    description: "Key of the prompt group: the trajectories that play the same task",
  }),
  trajectory: key
    .meta({
      description:
        "Key of the trajectory within its group. Default: every row is a trajectory of its own",
    })
    .optional(),
  turn: count
    .meta({
      description:
        "Index of the turn of the row's first response, from 0. Default: turns are in the order of the rows",
    })
    .optional(),
  mask: z
    .array(z.union([z.literal(0), z.literal(1), z.boolean()], { error: "0, 1, true or false" }))
    .min(1)
    .meta({
      description:
        "1 at the positions of response tokens, 0 at prompts and observations; each run of ones is one response. Either mask or spans",
    })
    .optional(),
  spans: z
    .array(span)
    .min(1)
    .meta({ description: "Responses of the row, in order. Either mask or spans" })
    .optional(),
  rewards: perResponse(z.number(), "Reward after each response. Either rewards or return"),
  return: z
    .number()
    .meta({
      description:
        "Return of the trajectory, paid after its last response; the same in all its rows. Either rewards or return",
    })
    .optional(),
  penalties: perResponse(
    z.number().min(0),
    "Penalty of each response, for example for its format. Default 0",
  ),
  outcome: z
    .enum(["terminated", "truncated", "failed"])
    .default("terminated")
    .meta({ description: "End of the trajectory; the algorithm decides how each kind counts" }),
  entropies: positions(
    "Entropy of each next-token distribution under the policy before the update, nats",
    entropy,
  ),
  meanEntropies: perResponse(
    entropy,
    "Mean token entropy of each response, nats per token, if the entropies of tokens are not known",
  ),
  logProbs: positions("Log-prob of each token under the policy before the update, nats", logProb),
  referenceLogProbs: positions("Log-prob of each token under the reference policy, nats", logProb),
  samplerLogProbs: positions("Log-prob of each token under the sampler, nats", logProb),
  values: positions("Critic's estimate of the return from each token on"),
  stateKeys: perResponse(z.string(), "Key of the state before each response, for GiGPO"),
  roles: perResponse(z.array(roleSpan), "Reasoning, action and end of each response"),
});

const settings = z.record(z.string(), z.unknown());

/** Body of `POST /v1/advantages`. */
export const advantagesRequestSchema = z.strictObject({
  algorithm: z
    .union([z.string(), settings], { error: "a preset's name or an object" })
    .default("grpo")
    .meta({
      description:
        "Name of a preset; or an object with `preset` and settings that replace the preset's; or a whole algorithm",
    }),
  modulation: z
    .union([z.string(), settings], { error: "a preset's name or an object" })
    .default("none")
    .meta({ description: "Name of a modulator, or its record, such as {kind, strength}" }),
  rows: z.array(row).min(1).meta({ description: "Token sequences of the batch" }),
  tokenAdvantages: z
    .boolean()
    .default(true)
    .meta({ description: "Whether the answer lists the advantage of each position" }),
  seed: z.number().int().default(1).meta({ description: "Seed of random modulators" }),
  iteration: count
    .default(0)
    .meta({ description: "Iteration, so that random modulators draw differently in each" }),
  state: z
    .strictObject({ klCoefficient: z.number().min(0) })
    .optional()
    .meta({ description: "State of the previous answer, if the algorithm adapts its KL penalty" }),
});

/** Type that is readonly at every level. */
type Frozen<T> = T extends readonly (infer Entry)[]
  ? readonly Frozen<Entry>[]
  : T extends object
    ? { readonly [Key in keyof T]: Frozen<T[Key]> }
    : T;

/** Input of `computeAdvantages`; fields with a default may be omitted. */
export type AdvantagesRequest = Frozen<z.input<typeof advantagesRequestSchema>>;

/** {@link AdvantagesRequest} with every default filled in. */
export type CheckedRequest = z.output<typeof advantagesRequestSchema>;

/** One row of a request. */
export type RequestRow = CheckedRequest["rows"][number];
