import { appendFile, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeText, isInfrastructure, type Trajectory } from "@turnwise/core";
import { InputError } from "../input-error.ts";
import { checkRecordVersion } from "../records/check-record-version.ts";
import { readJson } from "../files/read-json.ts";
import { writeWhole } from "../files/write-whole.ts";

/** Settings of an evaluation, as stored in its folder. */
export interface EvaluationSettings {
  /** Name of the environment. */
  readonly environment: string;
  /** All options of the command. */
  readonly options: Readonly<Record<string, unknown>>;
}

const settingsName = "evaluation.json";
const episodesName = "episodes.jsonl";
const reportName = "report.json";

/**
 * The folder of one evaluation: `evaluation.json` (its settings), `episodes.jsonl` (one trajectory
 * per line, appended when the episode ends) and, at the end, `report.json`. An interrupted
 * evaluation resumes with the episodes that are missing or failed for infrastructure reasons.
 */
export class SavedEvaluation {
  readonly path: string;
  readonly settings: EvaluationSettings;
  readonly #episodes: ReadonlyMap<string, Trajectory>;
  /** Chain of writes, so that lines are written one after another. */
  #written: Promise<void> = Promise.resolve();
  #failure: unknown;

  private constructor(
    path: string,
    settings: EvaluationSettings,
    episodes: ReadonlyMap<string, Trajectory>,
  ) {
    this.path = path;
    this.settings = settings;
    this.#episodes = episodes;
  }

  /**
   * Creates the folder of an evaluation.
   * @throws {@link InputError} if the folder exists and is not empty.
   */
  static async create(
    path: string,
    settings: EvaluationSettings,
    versions: object,
  ): Promise<SavedEvaluation> {
    const entries = await readdir(path).catch(() => []);
    if (entries.length > 0) {
      throw new InputError(
        `${path}: evaluation folder must be new or empty, got ${entries.length} entries (to resume it: evaluate --resume ${path})`,
      );
    }
    await mkdir(path, { recursive: true });
    const text = `${JSON.stringify({ ...settings, versions }, null, 2)}\n`;
    await writeWhole(join(path, settingsName), text);
    await writeFile(join(path, episodesName), "");
    return new SavedEvaluation(path, settings, new Map());
  }

  /**
   * Opens the folder of an interrupted evaluation.
   * @throws {@link InputError} if the folder contains no evaluation.
   */
  static async open(path: string): Promise<SavedEvaluation> {
    const settingsPath = join(path, settingsName);
    const settings = await readJson(settingsPath);
    if (!isSettings(settings)) {
      throw new InputError(
        `${settingsPath}: must contain the environment and the options of an evaluation`,
      );
    }
    const episodesPath = join(path, episodesName);
    const bytes = await readFile(episodesPath).catch(() => new Uint8Array());
    const text = decodeText(bytes, episodesPath, { invalid: "replace" });
    const lines = text.split("\n").filter((line) => isWholeJson(line));
    const episodes = new Map<string, Trajectory>();
    for (const line of lines) {
      const trajectory = JSON.parse(line) as Trajectory;
      const remedy = `turnwise evaluate ${settings.environment} --out FOLDER`;
      checkRecordVersion(episodesPath, trajectory.version, remedy);
      episodes.set(formatKey(trajectory.groupId, trajectory.trajectoryIndex), trajectory);
    }
    // Rewrite the file without an incomplete last line, to which the next line would be appended.
    await writeWhole(episodesPath, lines.map((line) => `${line}\n`).join(""));
    return new SavedEvaluation(path, settings, episodes);
  }

  /** Number of episodes that are complete and will not be played again. */
  get numKept(): number {
    return [...this.#episodes.values()].filter(isKept).length;
  }

  /** Finds an episode that is complete and will not be played again. */
  readonly findKept = (groupId: string, trajectoryIndex: number): Trajectory | undefined => {
    const trajectory = this.#episodes.get(formatKey(groupId, trajectoryIndex));
    return trajectory !== undefined && isKept(trajectory) ? trajectory : undefined;
  };

  /** Appends an episode. Write errors are thrown by {@link finish}. */
  readonly keep = (trajectory: Trajectory): void => {
    const line = `${JSON.stringify(trajectory)}\n`;
    this.#written = this.#written
      .then(() => appendFile(join(this.path, episodesName), line))
      .catch((error: unknown) => {
        this.#failure ??= error;
      });
  };

  /** Waits until all episodes are on disk. @throws the first write error. */
  async finish(): Promise<void> {
    await this.#written;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Writes the report when the evaluation is complete. */
  async writeReport(report: object): Promise<void> {
    await writeWhole(join(this.path, reportName), `${JSON.stringify(report, null, 2)}\n`);
  }
}

const formatKey = (groupId: string, trajectoryIndex: number): string =>
  `${groupId}/${trajectoryIndex}`;

const isKept = ({ outcome }: Trajectory): boolean =>
  outcome.kind !== "failed" || !isInfrastructure(outcome.error.kind);

function isSettings(value: unknown): value is EvaluationSettings {
  if (typeof value !== "object" || value === null) return false;
  const { environment, options } = value as Readonly<Record<string, unknown>>;
  return typeof environment === "string" && typeof options === "object" && options !== null;
}

function isWholeJson(line: string): boolean {
  if (line === "") return false;
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}
