import { createRandom } from "@turnwise/core";
import { describe, expect, it } from "vitest";
import { clusteredRateInterval } from "./clustered-rate-interval.ts";
import { wilsonInterval } from "./wilson-interval.ts";

const task = (numSolved: number, numEpisodes: number) => ({ numSolved, numEpisodes });

describe("clusteredRateInterval", () => {
  it("is Wilson's interval with one episode of each task", () => {
    const tasks = [task(1, 1), task(0, 1), task(1, 1)];
    expect(clusteredRateInterval(tasks)).toEqual(wilsonInterval(2, 3));
  });

  it("counts tasks, not episodes, where the episodes of a task end alike", () => {
    const tasks = Array.from({ length: 20 }, (_, i) => task(i < 8 ? 4 : 0, 4));
    expect(clusteredRateInterval(tasks)).toEqual(wilsonInterval(8, 20));
    const none = tasks.map(() => task(0, 4));
    expect(clusteredRateInterval(none)).toEqual(wilsonInterval(0, 20));
  });

  it("counts episodes, and no more than there are, where tasks are alike", () => {
    const tasks = Array.from({ length: 20 }, (_, i) => task(i % 2 === 0 ? 2 : 1, 4));
    const { estimate, low, high } = clusteredRateInterval(tasks);
    expect(estimate).toBe(30 / 80);
    expect({ low, high }).toEqual({
      low: wilsonInterval(30, 80).low,
      high: wilsonInterval(30, 80).high,
    });
  });

  it("covers 93 to 98 % for tasks of very different difficulty", () => {
    const random = createRandom("clusters");
    // Half of the tasks are easy and half are hard, so that the rate is 0.5. Random seeds are
    // fixed.
    for (const numTasks of [8, 40]) {
      let covered = 0;
      for (let study = 0; study < 2000; study++) {
        const tasks = Array.from({ length: numTasks }, () => {
          const rate = random.next() < 0.5 ? 0.9 : 0.1;
          return task(Array.from({ length: 4 }).filter(() => random.next() < rate).length, 4);
        });
        const { low, high } = clusteredRateInterval(tasks);
        if (low <= 0.5 && high >= 0.5) covered += 1;
      }
      expect(covered / 2000).toBeGreaterThan(0.93);
      expect(covered / 2000).toBeLessThan(0.98);
    }
  });

  it("names what is wrong", () => {
    expect(() => clusteredRateInterval([])).toThrow(
      "clusteredRateInterval: numTasks must be a whole number >= 1, got 0",
    );
    expect(() => clusteredRateInterval([task(3, 2)])).toThrow(
      "clusteredRateInterval: numSolved must be a whole number in [0, 2], got 3",
    );
  });
});
