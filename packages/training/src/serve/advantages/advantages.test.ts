import { modulate } from "@turnwise/aem";
import { createRandom, mean, type Group, type Trajectory } from "@turnwise/core";
import {
  algorithmPresets,
  batchRows,
  compileAlgorithm,
  rolloutCorrections,
} from "@turnwise/estimators";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AdvantagesRequest } from "./advantages-request.ts";
import { computeAdvantages } from "./compute-advantages.ts";
import { serveAdvantages, type AdvantagesServer } from "./serve-advantages.ts";

/** Row with one prompt position and one response of two tokens. */
const row = (group: string, paid: number, entropy: number) => ({
  group,
  mask: [0, 1, 1] as const,
  return: paid,
  entropies: [null, entropy - 0.1, entropy + 0.1],
});

const example = {
  algorithm: "grpo",
  modulation: "aem",
  rows: [row("a", 1, 0.2), row("a", 0, 0.5), row("a", 0, 1.2)],
} satisfies AdvantagesRequest;

const at = (text: string, change: Partial<AdvantagesRequest>): string => {
  try {
    computeAdvantages({ ...example, ...change });
  } catch (error) {
    return (error as Error).message;
  }
  return `${text}: accepted`;
};

describe("computeAdvantages", () => {
  it("gives GRPO's advantages times AEM's coefficients", () => {
    const { rows, modulator, diagnostics, state } = computeAdvantages(example);
    // (1 - 1/3) / sample standard deviation 0.5774 = 1.1547, and (0 - 1/3) / 0.5774 = -0.5774.
    const base = rows.map(({ baseAdvantages: [value] }) => value!);
    expect(base.map((value) => value.toFixed(4))).toEqual(["1.1547", "-0.5773", "-0.5773"]);
    // The example of the paper: (0.2, 0.5, 1.2) -> (1.4227, 1.0539, 0.5234).
    const { coefficients, advantages } = modulate(base, [0.2, 0.5, 1.2], ["a", "a", "a"]);
    rows.forEach((entry, i) => {
      expect(entry.coefficients[0]).toBeCloseTo(coefficients[i]!, 6);
      expect(entry.advantages[0]).toBeCloseTo(advantages[i]!, 6);
      expect(entry.tokenAdvantages).toEqual([0, entry.advantages[0], entry.advantages[0]]);
    });
    expect(modulator).toContain("aem(strength=1");
    expect(diagnostics).toMatchObject({ numResponses: 3, numGroups: 1, deadZoneShare: 0 });
    expect(state).toEqual({ klCoefficient: 0 });
  });

  it("treats rows of turns and one row with all turns alike", () => {
    const turnWise = computeAdvantages({
      ...example,
      rows: [
        // The order of the rows is irrelevant, because `turn` gives the order.
        { group: 1, trajectory: "x", turn: 1, mask: [1], rewards: [1], meanEntropies: [0.9] },
        { group: 1, trajectory: "x", turn: 0, mask: [1, 1], rewards: [0], meanEntropies: [0.1] },
        { group: 1, trajectory: "y", turn: 0, mask: [1], rewards: [0], meanEntropies: [0.4] },
      ],
    });
    const whole = computeAdvantages({
      ...example,
      rows: [
        { group: 1, mask: [1, 1, 0, 1], return: 1, entropies: [0.1, 0.1, null, 0.9] },
        { group: 1, spans: [{ start: 0, length: 1 }], return: 0, entropies: [0.4] },
      ],
    });
    const [second, first, other] = turnWise.rows;
    expect(whole.rows[0]!.advantages).toEqual([...first!.advantages, ...second!.advantages]);
    expect(whole.rows[1]!.advantages).toEqual(other!.advantages);
    expect(whole.rows[0]!.tokenAdvantages![2]).toBe(0);
  });

  it("computes what the loop computes, for every preset without a critic", () => {
    const names = Object.keys(algorithmPresets).filter(
      (name) => !compileAlgorithm(algorithmPresets[name]!).needs.critic,
    );
    const returns = fc.array(fc.constantFrom(0, 1, 10), { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(fc.constantFrom(...names), returns, (name, paid) => {
        const answer = computeAdvantages({
          algorithm: name,
          rows: paid.map((value, i) => ({
            group: "g",
            mask: Array.from({ length: i + 1 }, () => 1 as const),
            return: value,
            logProbs: Array.from({ length: i + 1 }, () => -1),
            referenceLogProbs: Array.from({ length: i + 1 }, () => -1.5),
            stateKeys: ["start"],
          })),
        });
        const trajectories = paid.map((reward, i): Trajectory => ({
          version: 2,
          taskId: "",
          taskKind: "",
          groupId: "g",
          trajectoryIndex: i,
          presentation: "concatenated",
          policyVersion: 0,
          firstObservation: "start",
          outcome: { kind: "terminated", isSuccess: false },
          turns: [
            {
              promptTokens: [0],
              responseTokens: Array.from({ length: i + 1 }, () => 0),
              samplerLogProbs: [],
              action: "",
              isValidAction: true,
              observation: "",
              reward,
            },
          ],
        }));
        const group: Group = { id: "g", task: { id: "", kind: "" }, trajectories };
        const algorithm = compileAlgorithm(algorithmPresets[name]!);
        const kept = [group].map(algorithm.usable).filter(algorithm.keep);
        const rows = batchRows(kept, algorithm.isTrainedOn);
        const scoresOf = (logProb: number) =>
          rows.map(({ row: { spans } }) => ({
            spans: spans.map(({ length }) => ({
              logProbs: new Float32Array(length).fill(logProb),
              entropies: new Float32Array(length),
            })),
          }));
        const { credits } = algorithm.credit(
          { groups: kept, rows, scores: scoresOf(-1), references: scoresOf(-1.5) },
          algorithm.initialState,
        );
        const expected = credits.map((own) => own.map(({ advantages }) => mean(advantages)));
        const trained = answer.rows.filter(({ isTrainedOn }) => isTrainedOn);
        expect(trained.map(({ advantages }) => advantages)).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it("leaves out what the algorithm leaves out", () => {
    const { rows } = computeAdvantages({
      algorithm: "dapo",
      rows: [row("equal", 1, 1), row("equal", 1, 1), row("a", 1, 1), row("a", 0, 1)],
    });
    expect(rows.map(({ isTrainedOn }) => isTrainedOn)).toEqual([false, false, true, true]);
    expect(rows[0]).toMatchObject({
      advantages: [0],
      coefficients: [1],
      tokenAdvantages: [0, 0, 0],
    });
  });

  it("takes settings of algorithms and modulators, critics, roles and corrections", () => {
    const ppo = computeAdvantages({
      algorithm: { preset: "ppo", advantages: { whitening: "none" } },
      rows: [
        { group: 0, mask: [0, 1, 1], return: 1, values: [null, 0.25, 0.5], logProbs: [0, 0, 0] },
      ],
    });
    // With a discount and a trace decay of 1, the advantage is the return minus the value.
    expect(ppo.rows[0]).toMatchObject({ tokenAdvantages: [0, 0.75, 0.5], returns: [0, 1, 1] });
    const focused = computeAdvantages({
      modulation: { kind: "act-focus", uncertaintyStrength: 0 },
      rows: [1, 0].map((paid) => ({
        ...row("a", paid, 1),
        roles: [[{ role: "action", start: 1, length: 1 }]],
      })),
    });
    expect(focused.rows[0]!.tokenAdvantages![1]).toBeCloseTo(
      0.1 * focused.rows[0]!.tokenAdvantages![2]!,
    );
    const corrected = computeAdvantages({
      algorithm: {
        preset: "grpo",
        rolloutCorrection: { kind: "ratio", ...rolloutCorrections.tokenTruncated },
      },
      rows: [1, 0].map((paid) => ({
        ...row("a", paid, 1),
        logProbs: [null, -1, -1],
        samplerLogProbs: [null, -1, -1 - Math.log(1.5)],
      })),
    });
    expect(corrected.rows[0]!.correctionWeights!.map((weight) => weight.toFixed(3))).toEqual([
      "0.000",
      "1.000",
      "1.500",
    ]);
  });

  it("draws random coefficients by seed and iteration, as a run does", () => {
    const coefficients = (seed: number, iteration: number) =>
      computeAdvantages({ ...example, modulation: "aem-shuffled", seed, iteration }).rows.map(
        (entry) => entry.coefficients[0]!,
      );
    const random = createRandom(3).fork("iteration/2").fork("modulate");
    const ordered = computeAdvantages(example).rows.map((entry) => entry.coefficients[0]!);
    expect(coefficients(3, 2)).toEqual(random.fork("scope/0").shuffle(ordered));
  });

  it.each([
    [
      { algorithm: "gppo" },
      'advantages: algorithm must be one of .*, got "gppo" \\(did you mean ppo',
    ],
    [{ modulation: { kind: "aem", strength: -1 } }, "modulation.strength must be >= 0, got -1"],
    [
      { modulation: "aem", rows: [{ group: 1, mask: [1], return: 0 }] },
      "rows.0.entropies must be given \\(or meanEntropies, or logProbs\\), because modulation aem",
    ],
    [
      { algorithm: "ppo" },
      "rows.0.values must be given, because an algorithm with a critic reads it, got none",
    ],
    [
      { rows: [{ ...row("a", 1, 1), entropies: [null, 1] }] },
      "rows.0.entropies must have 3 entries, one per position, got 2",
    ],
    [
      { rows: [{ ...row("a", 1, 1), entropies: [0, null, 1] }] },
      "rows.0.entropies.1 must be a number at every position of a response, got null",
    ],
    [
      { rows: [{ ...row("a", 1, 1), entropies: [0, -1, 1] }] },
      "advantages: rows.0.entropies.1 must be >= -0.001, got -1",
    ],
    [
      { rows: [{ ...row("a", 1, 1), mask: [0, 0, 0] }] },
      "rows.0.mask must contain a response token",
    ],
    [
      { rows: [{ ...row("a", 1, 1), rewards: [1, 2] }] },
      "rows.0.rewards must have 1 entries, one per response, got 2",
    ],
    [
      { rows: [{ ...row("a", 1, 1), rewards: [1] }] },
      "rows.0.rewards must be given if return is absent, and absent if return is given",
    ],
    [
      { rows: [{ ...row("a", 1, 1), trajectory: 1, turn: 1 }] },
      "rows.0.turn must be 0: turns of a trajectory count from 0, got 1",
    ],
    [
      { rows: [row("a", 1, 1), { group: "a", mask: [1], return: 0 }] },
      "rows.1.entropies must be given in all rows, or in none, got none",
    ],
    [{ rowz: [] }, "advantages: rowz must be a known key"],
  ] as unknown as [Partial<AdvantagesRequest>, string][])("refuses %j", (change, message) => {
    expect(at("request", change)).toMatch(new RegExp(message.replaceAll(".*", "[^]*"), "u"));
  });
});

describe("serveAdvantages", () => {
  let server: AdvantagesServer;
  beforeAll(async () => {
    server = await serveAdvantages({ port: 0, maxMessageBytes: 4096 });
  });
  afterAll(() => server.close());

  const post = (body: string, headers: Readonly<Record<string, string>> = {}) =>
    fetch(`${server.address}/v1/advantages`, { method: "POST", body, headers });

  it("answers over HTTP what the function returns", async () => {
    const answer = await post(JSON.stringify(example));
    expect(answer.status).toBe(200);
    const expected: unknown = JSON.parse(JSON.stringify(computeAdvantages(example)));
    expect(await answer.json()).toEqual(expected);
  });

  it("names field, rule and value, and limits bodies", async () => {
    const invalid = await post(JSON.stringify({ ...example, algorithm: "ppo" }));
    expect([invalid.status, await invalid.json()]).toEqual([
      422,
      {
        detail:
          "rows.0.values must be given, because an algorithm with a critic reads it, got none",
      },
    ]);
    expect((await post("{")).status).toBe(400);
    expect((await post("")).status).toBe(422);
    expect((await post(" ".repeat(5000))).status).toBe(413);
  });

  it("serves health, presets and an OpenAPI document", async () => {
    const get = async (path: string) => (await fetch(`${server.address}${path}`)).json();
    expect(await get("/health")).toEqual({ status: "healthy" });
    expect(await get("/v1/presets")).toMatchObject({
      algorithms: { grpo: {} },
      modulators: { aem: {} },
    });
    const document = await get("/openapi.json");
    expect(document).toMatchObject({
      openapi: "3.1.0",
      paths: { "/v1/advantages": { post: {} } },
      components: { schemas: { Algorithm: { type: "object" }, Modulation: {} } },
    });
  });

  it("requires a token where others can reach it", async () => {
    await expect(serveAdvantages({ host: "0.0.0.0" })).rejects.toThrow(
      "serve: --token must be given unless --host is this machine (127.0.0.1), got 0.0.0.0",
    );
    await expect(serveAdvantages({ token: "short" })).rejects.toThrow(
      "serve: --token must have at least 16 characters, got 5",
    );
    const secret = "a token of 16 characters";
    const guarded = await serveAdvantages({ port: 0, token: secret });
    const status = async (headers: Readonly<Record<string, string>>) =>
      (await fetch(`${guarded.address}/health`, { headers })).status;
    expect([await status({}), await status({ Authorization: `Bearer ${secret}` })]).toEqual([
      401, 200,
    ]);
    await guarded.close();
  });
});
