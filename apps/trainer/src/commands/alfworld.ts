import { formatCount } from "@turnwise/core";
import {
  gameSplits,
  generateGames,
  householdSizes,
  openGames,
  readHumanGoals,
  startReplay,
  wordings,
  writeGames,
  type Game,
  type GameSplit,
  type HouseholdSize,
  type ReplayRecord,
  type Wording,
} from "@turnwise/envs/alfworld";
import { Command, Option } from "commander";
import { InputError, readInput } from "@turnwise/training";
import { play } from "./alfworld-play.ts";
import { parseCount, parseWholeNumber } from "./arguments.ts";
import { readCommands } from "./read-commands.ts";

/** `turnwise alfworld`: plays, replays and generates household games. */
export function buildAlfworldCommand(): Command {
  return new Command("alfworld")
    .description("play, replay and generate household games")
    .addCommand(
      addGameOptions(new Command("play"))
        .description("play a game in the terminal, with completion and hints")
        .argument("<game>", "game file, ARCHIVE#path, or folder or archive to select one game from")
        .action(async (path: string, options: GameOptions) =>
          play(await openGame(path, options), process.stdin, process.stdout),
        ),
    )
    .addCommand(
      addGameOptions(new Command("replay"))
        .description("send commands to a game and print the answer to each")
        .argument("<game>", "game file, ARCHIVE#path, or folder or archive to select one game from")
        .requiredOption(
          "--commands <file>",
          "commands, one per line or as a JSON list; - reads standard input and answers line by line",
        )
        .option("--initial", "first print the initial observation, as a record without a command")
        .addOption(
          new Option("--max-steps <number>", "maximum number of commands; 0: no limit")
            .argParser(parseWholeNumber)
            .default(50),
        )
        .option("--json", "print one JSON object per command")
        .action(replay),
    )
    .addCommand(
      new Command("generate")
        .description("write new games into a folder, in the layout of the released games")
        .requiredOption("--out <folder>", "output folder")
        .addOption(
          new Option("--seed <number>", "seed of the games").argParser(parseWholeNumber).default(1),
        )
        .addOption(
          new Option("--count <number>", "number of games").argParser(parseCount).default(100),
        )
        .addOption(
          new Option("--size <size>", "size of the households")
            .choices([...householdSizes])
            .default("small"),
        )
        .addOption(
          new Option("--split <split>", "split of the games")
            .choices(["train", "held_out"])
            .default("train"),
        )
        .action(generate),
    );
}

interface GameOptions {
  readonly wording: Wording;
  readonly split?: GameSplit;
  readonly index?: number;
  readonly path?: string;
  readonly humanGoals?: string;
  readonly humanGoal?: number;
}

function addGameOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--wording <name>",
        "wording of commands: move X to Y, or put X in/on Y as in ALFWorld before 0.4.0",
      )
        .choices(wordings)
        .default("move"),
    )
    .addOption(new Option("--split <name>", "split of the folder or archive").choices(gameSplits))
    .addOption(
      new Option(
        "--index <number>",
        "index of the game in the split, ordered by path, from 0",
      ).argParser(parseWholeNumber),
    )
    .option("--path <id>", "path of a game, or of its folder, in the folder or archive")
    .option("--human-goals <file>", "goal sentences written by people, by path of the game")
    .addOption(
      new Option(
        "--human-goal <index>",
        "index of the sentence in the game's list of goal sentences (default: 0)",
      ).argParser(parseWholeNumber),
    );
}

/** Opens the game that a path and the options select. */
async function openGame(
  path: string,
  { wording, split, index, path: inside, humanGoals, humanGoal }: GameOptions,
): Promise<Game> {
  return readInput(async () => {
    if (humanGoal !== undefined && humanGoals === undefined) {
      throw new InputError("--human-goal needs --human-goals FILE");
    }
    const at = humanGoal ?? 0;
    const goals = humanGoals === undefined ? undefined : await readHumanGoals(humanGoals);
    const goalOf = (game: string): string | undefined => {
      const sentences = goals?.of(game);
      if (!goals || sentences?.[at] !== undefined) return sentences?.[at];
      throw new InputError(
        `${humanGoals}: no goal sentence with index ${at} for ${game}, which has ${sentences?.length ?? 0} sentences`,
      );
    };
    const set = await openGames(path, { wording, goalOf });
    const [task, ...others] = set.select({
      ...(split !== undefined && { split }),
      ...(index !== undefined && { indices: [index] }),
      ...(inside !== undefined && { paths: [inside] }),
    });
    if (task === undefined || others.length > 0) {
      const count = task === undefined ? 0 : others.length + 1;
      throw new InputError(
        `${path}: must select one game (a file, ARCHIVE#path, or --split, --index, --path), got ${count}`,
      );
    }
    return set.load(task.id);
  });
}

interface ReplayOptions extends GameOptions {
  readonly commands: string;
  readonly initial?: boolean;
  readonly maxSteps: number;
  readonly json?: boolean;
}

async function replay(path: string, options: ReplayOptions): Promise<void> {
  const game = await openGame(path, options);
  const commands = await readCommands(options.commands, "commands");
  const maxSteps = options.maxSteps === 0 ? Infinity : options.maxSteps;
  const replayed = startReplay(game, { maxSteps });
  const print = (record: ReplayRecord): void => {
    const text =
      options.json === true
        ? JSON.stringify(record)
        : `${record.command === null ? "" : `> ${record.command}\n`}${record.obs}\n`;
    process.stdout.write(`${text}\n`);
  };
  if (options.initial === true) print(replayed.start);
  for await (const command of commands) print(replayed.answer(command));
}

async function generate(options: {
  readonly out: string;
  readonly seed: number;
  readonly count: number;
  readonly size: HouseholdSize;
  readonly split: "train" | "held_out";
}): Promise<void> {
  const { out, ...rest } = options;
  const paths = await writeGames(out, generateGames(rest));
  process.stdout.write(`${formatCount(paths.length, "game")} in ${out}\n`);
}
