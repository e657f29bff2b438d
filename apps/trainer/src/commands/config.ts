import { access } from "node:fs/promises";
import { join } from "node:path";
import {
  didYouMean,
  experimentSchema,
  InputError,
  RunFolder,
  findSettingDifferences,
  listSettingRows,
  type LayeredSettings,
  type SettingRow,
} from "@turnwise/training";
import { Command } from "commander";
import { z } from "zod";
import { loadExperiment, type SettingsOptions } from "../load-experiment.ts";
import { addSettingsOptions } from "./settings-options.ts";

/** `turnwise config`: prints the schema of settings, explains them and compares them. */
export function buildConfigCommand(): Command {
  return new Command("config")
    .description("explain and compare the settings of experiments and runs")
    .addCommand(
      new Command("schema")
        .description("print the JSON Schema of a configuration file")
        .action(() => {
          const schema = z.toJSONSchema(experimentSchema, { io: "input", unrepresentable: "any" });
          process.stdout.write(`${JSON.stringify(schema, null, 2)}\n`);
        }),
    )
    .addCommand(
      addSettingsOptions(
        new Command("explain")
          .description("print every setting with its value, source, unit, default and effect")
          .argument("<experiment>", "name of an experiment, path of a module, or run folder")
          .argument("[key]", "print only this setting, or the settings of this section"),
      )
        .option("--json", "print one JSON object per line")
        .action(
          async (
            name: string,
            key: string | undefined,
            options: SettingsOptions & { readonly json?: boolean },
          ) => {
            const { settings, layers } = await readLayered(name, options);
            const all = listSettingRows(experimentSchema, settings, layers);
            const rows = all.filter(
              ({ path }) => key === undefined || path === key || path.startsWith(`${key}.`),
            );
            if (key !== undefined && rows.length === 0) throw createUnknownKeyError(name, key, all);
            for (const row of rows) {
              process.stdout.write(
                options.json === true ? `${JSON.stringify(row)}\n` : `${formatRow(row)}\n`,
              );
            }
          },
        ),
    )
    .addCommand(
      new Command("diff")
        .description("print the settings in which two experiments or runs differ")
        .argument("<a>", "name of an experiment, path of a module, or run folder")
        .argument("<b>", "name, path or run folder to compare with")
        .option("--json", "print one JSON object per line")
        .action(async (a: string, b: string, { json }: { readonly json?: boolean }) => {
          const options = { seed: 1, set: [] };
          const [left, right] = [await readLayered(a, options), await readLayered(b, options)];
          for (const difference of findSettingDifferences(left.settings, right.settings)) {
            process.stdout.write(
              json === true
                ? `${JSON.stringify(difference)}\n`
                : `${difference.path}: ${formatValue(difference.left)} | ${formatValue(difference.right)}\n`,
            );
          }
        }),
    );
}

/** Creates the error for a misspelled setting. */
function createUnknownKeyError(name: string, key: string, rows: readonly SettingRow[]): InputError {
  const paths = rows.map(({ path }) => path);
  const sameName = paths.filter((path) => path.split(".").at(-1) === key);
  const hint =
    sameName.length > 0 ? ` (did you mean ${sameName.join(" or ")}?)` : didYouMean(key, paths);
  return new InputError(`config explain: key must be a setting of ${name}, got ${key}${hint}`);
}

async function readLayered(name: string, options: SettingsOptions): Promise<LayeredSettings> {
  const isRun = await access(join(name, "config.json")).then(
    () => true,
    () => false,
  );
  if (!isRun) return loadExperiment(name, options);
  const { config } = await RunFolder.open(name);
  return { settings: config, layers: [{ source: `${name}/config.json`, settings: config }] };
}

function formatRow({ path, value, source, type, unit, effect, ...row }: SettingRow): string {
  const range = [type, unit, "default" in row ? `default ${formatValue(row.default)}` : undefined];
  const details = range.filter((part) => part !== undefined).join(", ");
  return [
    `${path} = ${formatValue(value)}  (${source})`,
    `    ${effect === undefined ? details : `${effect}. ${details}`}`,
  ].join("\n");
}

function formatValue(value: unknown): string {
  return value === undefined ? "-" : JSON.stringify(value);
}
