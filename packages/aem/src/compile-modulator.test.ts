import { describe, expect, it } from "vitest";
import { z } from "zod";
import { actionModulator } from "./action-modulator.ts";
import { compileModulator } from "./compile-modulator.ts";
import { criticalModulator } from "./critical-modulator.ts";
import { empgModulator } from "./empg-modulator.ts";
import { entropyModulator } from "./entropy-modulator.ts";
import { modulatorSchema, type ModulatorRecord } from "./modulator-record.ts";
import { identityModulator, findUnmetNeeds, type Modulator } from "./modulator.ts";
import { modulators } from "./modulators.ts";
import { randomModulator } from "./random-modulator.ts";
import { shapingModulator } from "./shaping-modulator.ts";

describe("compileModulator", () => {
  const functions: readonly [ModulatorRecord["kind"], Modulator][] = [
    ["none", identityModulator],
    ["aem", entropyModulator()],
    ["empg", empgModulator()],
    ["gtpo", shapingModulator()],
    ["carl", criticalModulator()],
    ["act-focus", actionModulator()],
    ["random", randomModulator()],
  ];

  it.each(functions)("%s: the record has the defaults of the function", (kind, modulator) => {
    expect(compileModulator({ kind }).name).toBe(modulator.name);
    expect(compileModulator({ kind }).needs).toEqual(modulator.needs);
  });

  it("passes on every setting", () => {
    const all: readonly [ModulatorRecord, string][] = [
      [
        {
          kind: "aem",
          strength: 2,
          minEntropyRange: 0,
          scope: "turn",
          direction: "uncertain",
          normalization: "none",
          reduction: "sum",
          shuffle: true,
        },
        "aem(strength=2,minEntropyRange=0,scope=turn,direction=uncertain,normalization=none,reduction=sum,unit=response,shuffle=true)",
      ],
      [
        { kind: "empg", strength: 2, futureStrength: 3, futureBonus: 4, mean: "keep" },
        "empg(strength=2,futureStrength=3,futureBonus=4,mean=keep)",
      ],
      [
        { kind: "gtpo", unit: "response", strength: 2, scope: "batch", failures: "mirrored" },
        "gtpo(unit=response,strength=2,scope=batch,failures=mirrored)",
      ],
      [
        { kind: "carl", criticalShare: 0.3, scope: "batch", calibration: "mean-one" },
        "carl(criticalShare=0.3,scope=batch,calibration=mean-one)",
      ],
      [
        {
          kind: "act-focus",
          reasoningWeight: 0.3,
          uncertaintyStrength: 0.2,
          calibration: "mean-one",
        },
        "act-focus(reasoningWeight=0.3,uncertaintyStrength=0.2,calibration=mean-one)",
      ],
      [
        { kind: "random", strength: 2, minEntropyRange: 0, scope: "turn" },
        "random(strength=2,minEntropyRange=0,scope=turn)",
      ],
    ];
    for (const [record, name] of all) expect(compileModulator(record).name).toBe(name);
  });

  it.each([
    [{ kind: "aem", strength: -1 }, "compileModulator: modulation.strength must be >= 0, got -1"],
    [
      { kind: "empg", scope: "turn" },
      "compileModulator: modulation.scope must be a known key of kind empg; known keys: strength, futureStrength, futureBonus, mean",
    ],
    [
      { kind: "none", strength: 1 },
      "compileModulator: modulation.strength must be a known key of kind none; there are none",
    ],
    [
      { kind: "aemm" },
      'compileModulator: modulation.kind must be "none" or "aem" or "empg" or "gtpo" or "carl" or "act-focus" or "random", got "aemm"',
    ],
    [
      { kind: "aem", scope: "prompt" },
      'compileModulator: modulation.scope must be "group" or "trajectory" or "turn" or "batch", got "prompt"',
    ],
    [
      { kind: "aem", unit: "token", reduction: "sum" },
      'compileModulator: modulation.reduction must be "mean", because it has no effect with modulation.unit "token", got "sum"',
    ],
    [
      { kind: "aem", strength: 0, scope: "turn" },
      'compileModulator: modulation.scope must be "group", because it has no effect with modulation.strength 0, where every coefficient is 1, got "turn"',
    ],
    [
      { kind: "empg", futureBonus: 0, futureStrength: 2 },
      "compileModulator: modulation.futureStrength must be 1, because it has no effect with modulation.futureBonus 0, got 2",
    ],
  ] as const)("refuses %j", (record, message) => {
    // The type checker rejects most of these records, but files can contain them.
    const fromFile: ModulatorRecord = JSON.parse(JSON.stringify(record));
    expect(() => compileModulator(fromFile)).toThrow(message);
  });
});

describe("modulators", () => {
  it("has them by the kebab-case form of their names", () => {
    expect(Object.keys(modulators)).toEqual([
      "none",
      "aem",
      "aem-reversed",
      "aem-shuffled",
      "aem-trajectory",
      "aem-turn",
      "aem-batch",
      "aem-token",
      "empg",
      "gtpo",
      "grpo-s",
      "carl",
      "act-focus",
      "random",
    ]);
  });

  it("survive JSON and resolve to complete records", () => {
    for (const record of Object.values(modulators)) {
      const resolved = modulatorSchema.parse(record);
      expect(JSON.parse(JSON.stringify(resolved))).toEqual(resolved);
      expect(modulatorSchema.parse(resolved)).toEqual(resolved);
      expect(resolved).toMatchObject(record);
    }
  });

  it("state their requirements on a run", () => {
    const blind = { entropies: "none", spans: false } as const;
    const means = { entropies: "responses", spans: false } as const;
    const full = { entropies: "tokens", spans: true } as const;
    const unmet = (known: Parameters<typeof findUnmetNeeds>[1]): string[] =>
      Object.entries(modulators).flatMap(([name, record]) =>
        findUnmetNeeds(compileModulator(record), known).map((need) => `${name}: ${need}`),
      );
    expect(unmet(full)).toEqual([]);
    expect(unmet(means)).toEqual([
      "aem-token: token-entropies",
      "gtpo: token-entropies",
      "act-focus: spans",
      "act-focus: token-entropies",
    ]);
    const ofResponses = Object.keys(modulators).filter(
      (name) => name !== "none" && !["aem-token", "gtpo", "act-focus"].includes(name),
    );
    expect(unmet(blind)).toEqual(
      expect.arrayContaining(ofResponses.map((name) => `${name}: response-entropy`)),
    );
  });
});

it("describes every field of the schema, for every kind", () => {
  const described = z.toJSONSchema(modulatorSchema, { io: "input" });
  const missing: string[] = [];
  for (const option of described.oneOf ?? described.anyOf ?? []) {
    if (typeof option !== "object") continue;
    for (const [field, schema] of Object.entries(option.properties ?? {})) {
      if (field === "kind") continue;
      const isStated =
        typeof schema === "object" && schema.description !== undefined && "default" in schema;
      if (!isStated) missing.push(field);
    }
  }
  expect(missing).toEqual([]);
  expect((described.oneOf ?? described.anyOf)?.length).toBe(7);
});
