import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeGames, openGames } from "./open-games.ts";
import type { GameSelection } from "./select-games.ts";
import { smallHouse } from "./testing/small-game.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "turnwise-games-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** Writes a file in the test's folder, and returns its path. */
async function write(name: string, data: string | Buffer): Promise<string> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, data);
  return path;
}

const solvable = { ...smallHouse, solvable: true, walkthrough: ["go to table 1"] };
const lines = (...games: object[]): string => games.map((game) => JSON.stringify(game)).join("\n");

describe("a folder", () => {
  it("returns its games sorted by path, with split and kind, and reports skipped ones", async () => {
    const root = "folder/json";
    const add = (path: string, file: object): Promise<string> =>
      write(`${root}/${path}/game.tw-pddl`, JSON.stringify(file));
    await add("train/pick_heat_then_place_in_recep-Mug-None-Desk-1/trial_2", solvable);
    await add("train/pick_heat_then_place_in_recep-Mug-None-Desk-1/trial_10", solvable);
    await add("valid_seen/look_at_obj_in_light-Pen-None-DeskLamp-2/trial_1", solvable);
    await add("elsewhere/own", solvable);
    await add("train/pick_and_place_with_movable_recep-Mug-Pan-Desk-1/trial_1", solvable);
    await add("train/pick_and_place_simple-AppleSliced-None-Desk-1/trial_1", solvable);
    await add("train/pick_two_obj_and_place-Mug-None-Desk-1/trial_1", {
      ...solvable,
      solvable: false,
    });
    await add("train/pick_two_obj_and_place-Mug-None-Desk-1/trial_2", smallHouse);
    await write(`${root}/train/pick_two_obj_and_place-Mug-None-Desk-1/notes.txt`, "no game");

    const set = await openGames(join(folder, root));
    expect(set.tasks).toEqual([
      { id: "elsewhere/own/game.tw-pddl", kind: "other", split: undefined },
      {
        id: "train/pick_heat_then_place_in_recep-Mug-None-Desk-1/trial_10/game.tw-pddl",
        kind: "pick_heat_then_place_in_recep",
        split: "train",
      },
      {
        id: "train/pick_heat_then_place_in_recep-Mug-None-Desk-1/trial_2/game.tw-pddl",
        kind: "pick_heat_then_place_in_recep",
        split: "train",
      },
      {
        id: "valid_seen/look_at_obj_in_light-Pen-None-DeskLamp-2/trial_1/game.tw-pddl",
        kind: "look_at_obj_in_light",
        split: "valid_seen",
      },
    ]);
    expect(
      set.skipped.map(({ id, reason }) => [id.split("/").slice(1, 3).join("/"), reason]),
    ).toEqual([
      ["pick_and_place_simple-AppleSliced-None-Desk-1/trial_1", "sliced"],
      ["pick_and_place_with_movable_recep-Mug-Pan-Desk-1/trial_1", "movable"],
      ["pick_two_obj_and_place-Mug-None-Desk-1/trial_1", "unsolvable"],
      ["pick_two_obj_and_place-Mug-None-Desk-1/trial_2", "without the field `solvable`"],
    ]);
    expect(set.select({ split: "valid_seen" })).toEqual([set.tasks[3]]);
    expect(set.select({ kinds: ["other", "look_at_obj_in_light"] })).toEqual([
      set.tasks[0],
      set.tasks[3],
    ]);
    expect(set.select({ split: "train", kinds: ["other"] })).toEqual([]);

    const game = await set.load(set.tasks[1]!.id);
    expect(game).toMatchObject({
      name: set.tasks[1]!.id,
      goal: "put two cups on a table",
      walkthrough: ["go to table 1"],
    });

    // If the folder is itself a split, its games get the split from its name.
    const part = await openGames(join(folder, root, "train"));
    expect(part.tasks.map(({ split }) => split)).toEqual(["train", "train"]);
  });

  it("is rejected if it has no game, or only skipped ones", async () => {
    await mkdir(join(folder, "empty"));
    await expect(openGames(join(folder, "empty"))).rejects.toThrow(
      /empty: no playable game found$/,
    );
    await write("unsolved/a/game.tw-pddl", JSON.stringify(smallHouse));
    await write("unsolved/Sliced/game.tw-pddl", JSON.stringify(solvable));
    await expect(openGames(join(folder, "unsolved"))).rejects.toThrow(
      "no playable game found (skipped: 1 sliced, 1 without the field `solvable`)",
    );
    await expect(openGames(join(folder, "missing"))).rejects.toThrow(
      /missing: must be a folder, an archive or a game file, got a path that does not exist$/,
    );
  });

  it("lists broken files by name and continues with the others", async () => {
    const root = join(folder, "broken");
    const text = JSON.stringify(solvable);
    const wide = Buffer.from(text, "utf16le");
    await write("broken/train/good/game.tw-pddl", text);
    await write("broken/train/empty/game.tw-pddl", "");
    await write("broken/train/cut/game.tw-pddl", text.slice(0, -20));
    await write("broken/train/cut-after-brace/game.tw-pddl", `{"grammar": "{}`);
    await write("broken/train/cut-after-comma/game.tw-pddl", '{"pddl_domain": "", ');
    await write("broken/train/garbage/game.tw-pddl", text.replace('"grammar"', "oh"));
    await write("broken/train/html/game.tw-pddl", "<html></html>");
    await write("broken/train/list/game.tw-pddl", "[]");
    await write("broken/train/fields/game.tw-pddl", '{"solvable": true}');
    await write("broken/train/wide/game.tw-pddl", wide);
    await write("broken/train/latin/game.tw-pddl", Buffer.from('{"é": 1}', "latin1"));
    await write("broken/train/sliced/unsolved/game.tw-pddl", JSON.stringify(smallHouse));
    await mkdir(join(root, "train/folder/game.tw-pddl"), { recursive: true });
    for (const name of ["dangling", "loop"]) await mkdir(join(root, "train", name));
    await symlink("nowhere", join(root, "train/dangling/game.tw-pddl"));
    await symlink("game.tw-pddl", join(root, "train/loop/game.tw-pddl"));
    await symlink("nowhere", join(root, "valid_seen"));
    await symlink("nowhere", join(root, "train/good/traj_data.json"));

    const set = await openGames(root);
    expect(set.tasks.map(({ id }) => id)).toEqual(["train/good/game.tw-pddl"]);
    expect(set.skipped).toEqual([
      { id: "train/sliced/unsolved/game.tw-pddl", reason: "without the field `solvable`" },
    ]);
    expect(set.broken.map(({ id, problem }) => [id.split("/")[1] ?? id, problem])).toEqual([
      ["cut-after-brace", "truncated"],
      ["cut-after-comma", "truncated"],
      ["cut", "truncated"],
      ["dangling", "a broken link"],
      ["empty", "empty"],
      ["fields", "pddl_domain must be a string, got undefined"],
      ["folder", "a folder, not a file"],
      ["garbage", "not JSON"],
      ["html", "not JSON"],
      ["latin", "text must be UTF-8, got byte 0xe9 at offset 2"],
      ["list", "the file must be a JSON object, got []"],
      ["loop", "a link to itself"],
      ["wide", "text must be UTF-8, or UTF-16 with a byte order mark, got a zero byte at offset 1"],
      ["valid_seen", "a broken link"],
    ]);
    expect(describeGames(set)).toMatch(
      /^1 of 16 in .*broken \(skipped: 1 without the field `solvable`; 14 broken: train\/cut-after-brace\/game\.tw-pddl \(truncated\), .*, and 4 more\)$/,
    );
    await expect(openGames(root, { strict: true })).rejects.toThrow(
      /broken: game files must be valid, got 14 broken: train\/cut-after-brace\/game\.tw-pddl \(truncated\), /,
    );
    await expect(openGames(join(root, "train/cut"))).rejects.toThrow(
      /no playable game found \(broken: game\.tw-pddl \(truncated\)\)$/,
    );
    await expect(openGames(join(root, "valid_seen"))).rejects.toThrow(
      /must be a folder, an archive or a game file, got a broken link$/,
    );
    await expect(set.load("train/cut/game.tw-pddl")).rejects.toThrow(RangeError);
  });

  it("follows links to folders, but no cycles", async () => {
    const data = "train/pick_heat_then_place_in_recep-Mug-None-Desk-1/trial_1/game.tw-pddl";
    await write(`store/${data}`, JSON.stringify(solvable));
    await mkdir(join(folder, "linked"));
    await symlink("../store/train", join(folder, "linked/valid_unseen"));
    await symlink("..", join(folder, "store/train/up"));
    const set = await openGames(join(folder, "linked"));
    expect(set.tasks).toEqual([
      {
        id: data.replace("train", "valid_unseen"),
        kind: "pick_heat_then_place_in_recep",
        split: "valid_unseen",
      },
    ]);
    expect(set.broken).toEqual([]);
  });

  it("includes games that are skipped by their path, on request", async () => {
    const movable = "pick_and_place_with_movable_recep-Mug-Pan-Desk-1/a/game.tw-pddl";
    const sliced = "pick_and_place_simple-AppleSliced-None-Desk-1/a/game.tw-pddl";
    const unsolved = "pick_and_place_simple-AppleSliced-None-Desk-1/b/game.tw-pddl";
    await write(`left/${movable}`, JSON.stringify(solvable));
    await write(`left/${sliced}`, JSON.stringify(solvable));
    await write(`left/${unsolved}`, JSON.stringify(smallHouse));
    const root = join(folder, "left");
    const idsWith = async (...include: ("movable" | "sliced")[]): Promise<string[]> =>
      (await openGames(root, { include })).tasks.map(({ id }) => id);
    expect(await idsWith("movable")).toEqual([movable]);
    expect(await idsWith("sliced")).toEqual([sliced]);
    expect(await idsWith("movable", "sliced")).toEqual([sliced, movable]);
  });

  it("derives split and kind of a folder below a split, and of a file", async () => {
    const heat = "pick_heat_then_place_in_recep-Mug-None-Desk-10";
    const file = `deep/train/data/valid_unseen/${heat}/trial_1/game.tw-pddl`;
    await write(file, JSON.stringify(solvable));
    const known = { kind: "pick_heat_then_place_in_recep", split: "valid_unseen" };
    for (let path = file; !path.endsWith("data"); path = dirname(path)) {
      expect((await openGames(join(folder, path))).tasks).toEqual([expect.objectContaining(known)]);
    }
    await symlink(join(folder, dirname(file)), join(folder, "deep/latest"));
    for (const path of [join(folder, "deep/latest"), `${join(folder, dirname(file))}/`]) {
      expect((await openGames(path)).tasks).toEqual([expect.objectContaining(known)]);
    }
  });

  it("selects games by kind, index and path", async () => {
    const root = join(folder, "chosen");
    const kinds = ["look_at_obj_in_light-Pen", "pick_two_obj_and_place-Mug"];
    const ids = kinds.flatMap((kind) =>
      ["trial_1", "trial_10"].map((trial) => `valid_seen/${kind}/${trial}/game.tw-pddl`),
    );
    for (const id of [...ids, "train/own/game.tw-pddl"]) {
      await write(`chosen/${id}`, JSON.stringify(solvable));
    }
    const set = await openGames(root);
    const select = (selection: GameSelection): string[] =>
      set.select({ split: "valid_seen", ...selection }).map(({ id }) => id);
    expect(select({ indices: [3, 0, 3] })).toEqual([ids[0], ids[3]]);
    expect(select({ paths: ["trial_1"] })).toEqual([ids[0], ids[2]]);
    expect(select({ paths: [`./valid_seen/${kinds[1]!}/`, ids[0]!] })).toEqual([
      ids[0],
      ids[2],
      ids[3],
    ]);
    expect(select({ kinds: ["pick_two_obj_and_place"], paths: ["trial_10"] })).toEqual([ids[3]]);
    expect(select({ kinds: ["other"] })).toEqual([]);
    expect(set.select({ paths: ["own"] }).map(({ id }) => id)).toEqual(["train/own/game.tw-pddl"]);
    for (const index of [4, -1, 0.5]) {
      expect(() => select({ indices: [index] })).toThrow(
        `${root}, split valid_seen: index must be in [0, 3], got ${index}`,
      );
    }
    for (const path of ["trial", "own", ""]) {
      expect(() => select({ paths: [ids[0]!, path] })).toThrow(
        `path must be the id of a game or a folder in such an id, got "${path}"`,
      );
    }
  });
});

describe("one file", () => {
  it("may have a byte order mark or be UTF-16; its texts are unchanged", async () => {
    const json = `\uFEFF${JSON.stringify(smallHouse)}`;
    for (const data of [json, Buffer.from(json, "utf16le")]) {
      const set = await openGames(await write("one/marked.tw-pddl", data));
      expect(await set.read("marked.tw-pddl")).toEqual(smallHouse);
    }
    const broken = await openGames(
      await write("one/latin.tw-pddl", Buffer.from(`{"é": 1}`, "latin1")),
    );
    await expect(broken.load("latin.tw-pddl")).rejects.toThrow(
      /latin\.tw-pddl: text must be UTF-8, got byte 0xe9 at offset 2$/,
    );
  });

  it("is a set of one game, regardless of its solvability", async () => {
    const set = await openGames(await write("one/house.tw-pddl", JSON.stringify(smallHouse)));
    expect(set.tasks).toEqual([{ id: "house.tw-pddl", kind: "other", split: undefined }]);
    expect((await set.load("house.tw-pddl")).goal).toBe("put two cups on a table");
  });
});

describe("an archive of whole games", () => {
  const text = lines(
    { game: "train/b", ...solvable },
    { game: "train/a", ...smallHouse },
    { ...solvable, game: "train/c", solvable: false },
  );

  it("may be plain or compressed", async () => {
    for (const path of [
      await write("whole/games.jsonl", text),
      await write("whole/games.jsonl.gz", gzipSync(`${text}\n`)),
      await write("whole/games.jsonl.br", brotliCompressSync(Buffer.from(`\n${text}\n\n`))),
    ]) {
      const set = await openGames(path);
      expect(set.tasks.map(({ id }) => id)).toEqual(["train/a", "train/b"]);
      expect(set.skipped).toEqual([{ id: "train/c", reason: "unsolvable" }]);
      expect(await set.read("train/a")).toEqual(smallHouse);
      expect((await set.load("train/b")).walkthrough).toEqual(["go to table 1"]);
    }
  });

  it("may have a byte order mark, be UTF-16, or be compressed under any name", async () => {
    const wide = Buffer.from(`\uFEFF${text}`, "utf16le");
    for (const path of [
      await write("marked/utf8.jsonl", `\uFEFF${text}`),
      await write("marked/utf16.jsonl", wide),
      await write("marked/utf16be.jsonl", Buffer.from(wide).swap16()),
      await write("marked/gzip.jsonl", gzipSync(`\uFEFF${text}`)),
    ]) {
      const set = await openGames(path);
      expect(set.tasks.map(({ id }) => id)).toEqual(["train/a", "train/b"]);
      expect(await set.read("train/a")).toEqual(smallHouse);
    }
    await expect(openGames(await write("marked/bare.jsonl", wide.subarray(2)))).rejects.toThrow(
      /^.*bare\.jsonl: text must be UTF-8, or UTF-16 with a byte order mark, got a zero byte at offset 1$/,
    );
    const latin = Buffer.from(lines({ game: "é", ...solvable }), "latin1");
    await expect(openGames(await write("marked/latin.jsonl", latin))).rejects.toThrow(
      /latin\.jsonl line 1: text must be UTF-8, got byte 0xe9 at offset 9$/,
    );
  });

  it("returns one game by its path", async () => {
    const path = await write("whole/by#name.jsonl", text);
    const set = await openGames(`${path}#train/a`);
    expect(set.tasks.map(({ id }) => id)).toEqual(["train/a"]);
    expect((await set.load("train/a")).goal).toBe("put two cups on a table");
    expect((await openGames(path)).tasks).toHaveLength(2);
    await expect(openGames(`${path}#train/z`)).rejects.toThrow(
      'by#name.jsonl: no game "train/z" in the archive',
    );
  });

  it("caches the most recent games, up to a limit", async () => {
    const set = await openGames(await write("whole/cache.jsonl", text), { maxLoaded: 1 });
    const a = await set.load("train/a");
    expect(await set.load("train/a")).toBe(a);
    await set.load("train/b");
    expect(await set.load("train/a")).not.toBe(a);
    await expect(openGames(folder, { maxLoaded: 0 })).rejects.toThrow(RangeError);
  });

  it("is rejected with the number of the invalid line", async () => {
    const refusal = async (name: string, data: string | Buffer): Promise<string> => {
      try {
        const set = await openGames(await write(`refused/${name}`, data));
        await set.load(set.tasks[0]!.id);
        return "no error";
      } catch (error) {
        return String(error).replace(folder, "");
      }
    };
    expect(await refusal("a.jsonl", `${text}\n{"game": "x", `)).toMatch(
      /^GameFileError: \/refused\/a\.jsonl line 4: the line is not valid JSON: /,
    );
    expect(await refusal("b.jsonl", lines({ name: "x" }))).toBe(
      "GameFileError: /refused/b.jsonl line 1: game must be a string, got undefined",
    );
    expect(await refusal("c.jsonl", "7")).toBe(
      "GameFileError: /refused/c.jsonl line 1: the line must be a JSON object, got 7",
    );
    expect(
      await refusal("d.jsonl", lines({ game: "x", ...solvable }, { game: "x", ...solvable })),
    ).toBe(
      'GameFileError: /refused/d.jsonl line 2: game must be unique in the archive, got "x", as in line 1',
    );
    expect(await refusal("e.jsonl", lines({ game: "x", pddl_domain: 3 }))).toBe(
      "GameFileError: /refused/e.jsonl line 1: pddl_domain must be a string, got 3",
    );
    expect(await refusal("f.jsonl", '{"game": "x", "grammar": oh}')).toMatch(
      /line 1: the line is not valid JSON: /,
    );
    const packed = gzipSync(text);
    expect(await refusal("g.jsonl.gz", packed.subarray(0, packed.length / 2))).toBe(
      'GameFileError: /refused/g.jsonl.gz: the archive cannot be read to its end: "unexpected end of file"',
    );
    expect(await refusal("h.jsonl.br", "no brotli")).toMatch(
      /^GameFileError: .*cannot be read to its end/,
    );
    expect(await refusal("i.jsonl", "")).toMatch(/no playable game found$/);
  });
});

describe("an archive of problems", () => {
  const goal = "put two cups on a table";
  const { pddl_domain, pddl_problem } = smallHouse;
  const grammar = smallHouse.grammar.replace(goal, "UNKNOWN GOAL");

  it("reads domain and grammar next to it, and inserts each goal", async () => {
    await write("problems/alfred.pddl", pddl_domain);
    await write("problems/alfred.twl2", grammar);
    const path = await write(
      "problems/games.jsonl",
      lines(
        { game: "valid_train/x", goal, walkthrough: ["look"], pddl_problem },
        { game: "valid_train/y", goal: 'say "$&"', walkthrough: [], pddl_problem },
      ),
    );
    const set = await openGames(path);
    expect(await set.read("valid_train/x")).toEqual({
      ...smallHouse,
      walkthrough: ["look"],
      solvable: true,
    });
    expect(set.tasks[0]).toMatchObject({ split: "valid_train" });
    expect((await set.load("valid_train/y")).start().observation).toContain("say $&.");
  });

  it("is rejected if these are missing, or have no placeholder for the goal", async () => {
    const line = lines({ game: "x", goal, pddl_problem });
    const alone = await openGames(await write("alone/games.jsonl", line));
    await expect(alone.load("x")).rejects.toThrow(
      /the games contain no domain and grammar, and alfred\.pddl is not next to the archive$/,
    );
    await write("fixed/alfred.pddl", pddl_domain);
    await write("fixed/alfred.twl2", smallHouse.grammar);
    const fixed = await openGames(await write("fixed/games.jsonl", line));
    await expect(fixed.load("x")).rejects.toThrow(
      /alfred\.twl2: the grammar must contain UNKNOWN GOAL$/,
    );
    const aimless = await openGames(
      await write("fixed/aimless.jsonl", lines({ game: "x", pddl_problem })),
    );
    await expect(aimless.load("x")).rejects.toThrow("line 1: goal must be a string, got undefined");
  });
});
