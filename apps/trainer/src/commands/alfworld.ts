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
import { positiveNumber, wholeNumber } from "./arguments.ts";
import { readCommands } from "./read-commands.ts";

/** `turnwise alfworld`: plays, replays and generates household games. */
export function alfworldCommand(): Command {
  return new Command("alfworld")
    .description("play, replay and generate household games")
    .addCommand(
      withGameOptions(new Command("play"))
        .description("play a game in the terminal, with completion and hints")
        .argument("<game>", "a game file, ARCHIVE#path, or a folder or archive to choose from")
        .action(async (path: string, options: GameOptions) =>
          play(await openGame(path, options), process.stdin, process.stdout),
        ),
    )
    .addCommand(
      withGameOptions(new Command("replay"))
        .description("send a list of commands; one answer a command")
        .argument("<game>", "a game file, ARCHIVE#path, or a folder or archive to choose from")
        .requiredOption(
          "--commands <file>",
          "one command a line, or a JSON list; - answers standard input line by line",
        )
        .option("--initial", "answer first with the introduction, as a record without a command")
        .addOption(
          new Option("--max-steps <number>", "the limit of the episode, 0 for none")
            .argParser(wholeNumber)
            .default(50),
        )
        .option("--json", "print one JSON object a command")
        .action(replay),
    )
    .addCommand(
      new Command("generate")
        .description("write new games into a folder, laid out as released ones")
        .requiredOption("--out <folder>")
        .addOption(new Option("--seed <number>").argParser(wholeNumber).default(1))
        .addOption(new Option("--count <number>").argParser(positiveNumber).default(100))
        .addOption(new Option("--size <size>").choices([...householdSizes]).default("small"))
        .addOption(new Option("--split <split>").choices(["train", "held_out"]).default("train"))
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

function withGameOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--wording <name>", "put: the commands of ALFWorld before 0.4.0, put X in/on Y")
        .choices(wordings)
        .default("move"),
    )
    .addOption(new Option("--split <name>", "of a folder or archive").choices(gameSplits))
    .addOption(
      new Option("--index <number>", "position in the split by path, from 0").argParser(
        wholeNumber,
      ),
    )
    .option("--path <id>", "a game within a folder or archive, or its folder")
    .option("--human-goals <file>", "goal sentences written by people, by path of the game")
    .addOption(
      new Option("--human-goal <index>", "which of the game's sentences (default: 0)").argParser(
        wholeNumber,
      ),
    );
}

/** Opens a game file, or the one game that a path and the options select. */
async function openGame(
  path: string,
  { wording, split, index, path: inside, humanGoals, humanGoal }: GameOptions,
): Promise<Game> {
  return readInput(async () => {
    if (humanGoal !== undefined && humanGoals === undefined) {
      throw new InputError(`--human-goal ${humanGoal} must come with --human-goals FILE`);
    }
    const at = humanGoal ?? 0;
    const goals = humanGoals === undefined ? undefined : await readHumanGoals(humanGoals);
    const goalOf = (game: string): string | undefined => {
      const sentences = goals?.of(game);
      if (!goals || sentences?.[at] !== undefined) return sentences?.[at];
      throw new InputError(
        `${humanGoals}: the file must have sentence ${at} for ${game}, found ${sentences?.length ?? 0}`,
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
        `${path}: game must be one game (a file, ARCHIVE#path, or chosen by --split, --index, --path), found ${count}`,
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
  process.stdout.write(`${paths.length} games in ${out}\n`);
}
