import { describe, expect, it } from "vitest";

import { readIntroduction, readReceptacle, readTask } from "./parse-observation.ts";

describe("readTask", () => {
  it("reads both wordings of every kind of task", () => {
    const place = { kind: "place", objectClass: "mug", targetClass: "shelf", count: 1 } as const;
    const simple = { ...place, treatment: undefined };
    expect(readTask("put a mug in shelf")).toEqual(simple);
    expect(readTask("put some mug on shelf")).toEqual(simple);
    expect(readTask("put a clean mug in shelf")).toEqual({ ...place, treatment: "clean" });
    expect(readTask("clean some mug and put it in shelf")).toEqual({
      ...place,
      treatment: "clean",
    });
    expect(readTask("put a hot mug in shelf")).toEqual({ ...place, treatment: "heat" });
    expect(readTask("heat some mug and put it in shelf")).toEqual({ ...place, treatment: "heat" });
    expect(readTask("put a cool mug in shelf")).toEqual({ ...place, treatment: "cool" });
    expect(readTask("cool some mug and put it in shelf")).toEqual({ ...place, treatment: "cool" });
    expect(readTask("put two mug in shelf")).toEqual({ ...simple, count: 2 });
    expect(readTask("find two mug and put them in shelf")).toEqual({ ...simple, count: 2 });
    const look = { kind: "look", objectClass: "cd", lampClass: "desklamp" };
    expect(readTask("look at cd under the desklamp")).toEqual(look);
    expect(readTask("examine the cd with the desklamp")).toEqual(look);
  });

  it("does not guess the meaning of human goals", () => {
    expect(readTask("Place the washed mug on the shelf.")).toBeUndefined();
  });
});

describe("readIntroduction", () => {
  it("reads the receptacles and the task", () => {
    const text =
      "-= Welcome to TextWorld, ALFRED! =-\n\nYou are in the middle of a room. Looking quickly around you, you see a bed 1, a desk 2, and a desk 1.\n\nYour task is to: put a cd in desk.";
    expect(readIntroduction(text)).toEqual({
      receptacles: ["bed 1", "desk 2", "desk 1"],
      task: {
        kind: "place",
        objectClass: "cd",
        targetClass: "desk",
        count: 1,
        treatment: undefined,
      },
    });
  });

  it("distinguishes an answer from an introduction", () => {
    expect(readIntroduction("You are carrying: a cd 1.")).toBeUndefined();
  });
});

describe("readReceptacle", () => {
  it("reads contents on it or in it, or that it is closed", () => {
    expect(
      readReceptacle("You arrive at desk 1. On the desk 1, you see a cd 2, and a pen 1."),
    ).toEqual({ name: "desk 1", door: "none", contents: ["cd 2", "pen 1"] });
    expect(
      readReceptacle("You open the safe 1. The safe 1 is open. In it, you see nothing."),
    ).toEqual({ name: "safe 1", door: "open", contents: [] });
    expect(readReceptacle("You arrive at safe 1. The safe 1 is closed.")).toEqual({
      name: "safe 1",
      door: "closed",
      contents: undefined,
    });
    expect(readReceptacle("Nothing happens.")).toBeUndefined();
  });
});
