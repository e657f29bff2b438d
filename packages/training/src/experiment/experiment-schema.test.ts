import { describe, expect, it } from "vitest";
import { z } from "zod";
import { builtInExperiments } from "../experiments/registry.ts";
import { experimentSchema } from "./experiment-schema.ts";
import { unwrapSchema } from "../settings/schema-parts.ts";
import { listSettingRows } from "./setting-rows.ts";

interface Described {
  readonly path: string;
  readonly effect: string | undefined;
  readonly unit: string | undefined;
  readonly isNumber: boolean;
}

/** Lists all settings of a schema, including those in options of unions and in list entries. */
function settingsOf(schema: z.core.$ZodType, path: readonly string[] = []): Described[] {
  const { schema: inner, description: effect, unit } = unwrapSchema(schema);
  const own =
    path.length === 0
      ? []
      : [{ path: path.join("."), effect, unit, isNumber: inner instanceof z.ZodNumber }];
  if (inner instanceof z.ZodDiscriminatedUnion) {
    const { discriminator } = inner.def;
    const options = inner.options.flatMap((option) => {
      const kind = option instanceof z.ZodObject ? option.shape[discriminator] : undefined;
      const name = kind instanceof z.ZodLiteral ? String(kind.value) : "";
      return settingsOf(option, name === "" ? path : [...path, `(${name})`]).filter(
        // An option of a union is described by its fields, and its discriminator by the union.
        (entry) => entry.path !== [...path, `(${name})`].join("."),
      );
    });
    return [...own, ...options.filter((entry) => !entry.path.endsWith(`).${discriminator}`))];
  }
  if (inner instanceof z.ZodObject) {
    const fields = Object.entries(inner.shape);
    return [...own, ...fields.flatMap(([key, field]) => settingsOf(field, [...path, key]))];
  }
  if (inner instanceof z.ZodArray && inner.element instanceof z.ZodObject) {
    const fields = Object.entries(inner.element.shape);
    return [...own, ...fields.flatMap(([key, field]) => settingsOf(field, [...path, "[]", key]))];
  }
  return own;
}

const settings = settingsOf(experimentSchema);

describe("every setting of an experiment", () => {
  it("has a description without a full stop", () => {
    expect(settings.length).toBeGreaterThan(150);
    const isDescribed = ({ effect }: Described): boolean =>
      effect !== undefined && effect.length > 5 && !effect.endsWith(".");
    expect(settings.filter((entry) => !isDescribed(entry)).map(({ path }) => path)).toEqual([]);
  });

  it("states its unit if its name implies one", () => {
    const units: readonly (readonly [RegExp, string])[] = [
      [/Seconds$/u, "s"],
      [/Gigabytes$/u, "GiB"],
      [/Tokens$/u, "tokens"],
      [/Turns$/u, "turns"],
      [/Characters$/u, "characters"],
      [/EntropyRange$/u, "nats per token"],
    ];
    const measured = settings.flatMap((entry) => {
      const unit = entry.isNumber && units.find(([name]) => name.test(entry.path))?.[1];
      return unit ? [{ path: entry.path, unit, stated: entry.unit }] : [];
    });
    expect(measured.length).toBeGreaterThan(10);
    expect(measured.filter(({ unit, stated }) => stated !== unit)).toEqual([]);
  });

  it("of each built-in experiment is explained", () => {
    for (const { create } of builtInExperiments.slice(0, 6)) {
      const value = experimentSchema.parse(create(1));
      const rows = listSettingRows(experimentSchema, value, []);
      // The union describes its discriminator, so an option need not.
      const unexplained = rows.filter(
        ({ path, effect }) => effect === undefined && !/\.(?:kind|source)$/u.test(path),
      );
      expect(unexplained.map(({ path }) => path)).toEqual([]);
    }
  });
});
