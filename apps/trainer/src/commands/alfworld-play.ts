import { formatCount } from "@turnwise/core";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { expertPlan, type Game } from "@turnwise/envs/alfworld";
import { streamLines } from "./read-commands.ts";
import { applyStyle } from "@turnwise/training";

const help = `Type a command; Tab completes it.
  ?      list the admissible commands
  hint   show the best next command
  undo   undo the last command
  quit   exit`;

/**
 * Plays a game interactively in the terminal until the player wins or quits. Commands can also come
 * from a pipe, one per line.
 */
export async function play(game: Game, input: Readable, output: NodeJS.WriteStream): Promise<void> {
  let state = game.start();
  const past: (typeof state)[] = [];
  const terminal = output.isTTY;
  const editor = terminal
    ? createInterface({
        input,
        output,
        prompt: applyStyle("bold", "> ", output),
        completer: (line: string) => {
          const words = [...state.admissibleCommands, "hint", "undo", "quit"];
          return [words.filter((word) => word.startsWith(line)), line];
        },
      })
    : undefined;
  const say = (text: string): void => void output.write(`${text}\n`);
  say(`${help}\n\n${state.observation}\n`);
  editor?.prompt();
  for await (const line of editor ?? streamLines(input, "standard input")) {
    const command = line.trim();
    if (command === "quit") break;
    if (command === "?") say(state.admissibleCommands.join("\n"));
    else if (command === "hint") {
      const plan = expertPlan(state);
      say(
        plan === undefined
          ? "The goal can no longer be reached."
          : `${plan[0] ?? "The goal is reached."}  (commands left: ${plan.length})`,
      );
    } else if (command === "undo") {
      state = past.pop() ?? state;
      say(state.observation);
    } else if (command !== "") {
      past.push(state.clone());
      state.step(command);
      say(`\n${state.observation}\n`);
      if (state.isWon) {
        say(`You won with ${formatCount(past.length, "command")}.`);
        break;
      }
    }
    editor?.prompt();
  }
  editor?.close();
}
