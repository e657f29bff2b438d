import { checkNonNegative, type Task } from "@turnwise/core";
import type {
  Environment,
  EnvironmentFactory,
  Observation,
  StepResult,
} from "../../environment.ts";
import { pageNodes } from "../pages/page-nodes.ts";
import type { RewardDetails } from "../reward/shopping-reward.ts";
import type { Shop } from "../session/shop.ts";
import { ShopSession, type ActionResult, type ObservationMode } from "../session/shop-session.ts";
import { compactObservation, type CompactOptions } from "./compact-observation.ts";
import { reactObservation } from "./react-observation.ts";
import { renderShop } from "./render-shop.ts";

/** Options of a shop environment. */
export interface ShopEnvironmentOptions extends CompactOptions {
  /**
   * Observation mode: one of WebShop's, `"compact"` for small models, or `"react"`. Default
   * `"text"`.
   */
  readonly mode?: ObservationMode | "compact" | "react";
  /**
   * Reward of the last turn: `"success"` gives `amount` for a perfect purchase and 0 otherwise, as
   * in verl-agent; `"score"` gives `amount` times the score. Default `"success"`.
   */
  readonly reward?: "success" | "score";
  /** Scale of the reward, `>= 0`. Default 10 for success, 1 for the score. */
  readonly amount?: number;
}

/** Reply to an action, with the benchmark's own score. */
export interface ShopStepResult extends StepResult {
  /** Reward of WebShop's code, in [0, 1]; 0 before a purchase. */
  readonly score: number;
  /** Parts of the score, after a purchase. */
  readonly details?: RewardDetails;
}

/** Placeholder for any search in a list of admissible actions. */
export const anySearch = "search[<your query>]";

/** An {@link Environment} whose replies include the score. */
export interface ShopEnvironment extends Environment {
  step(action: string, signal?: AbortSignal): Promise<ShopStepResult>;
}

/**
 * Makes an environment for a goal of a shop. The episode ends with a purchase and succeeds if the
 * score is 1. The rollout sets the turn limit; the published one is 15.
 *
 * In mode `"compact"`, the products of a page are numbered, and `click[3]` means the third. In mode
 * `"react"`, the answer to an action `think[...]` is "OK.", to a clicked option "You have clicked
 * ...", and to an action without effect "Invalid action!".
 *
 * @throws `RangeError` if the shop has no such goal, or `amount` is negative.
 */
export function shopEnvironment(
  shop: Shop,
  goalIndex: number,
  options: ShopEnvironmentOptions = {},
): ShopEnvironment {
  const { mode = "text", reward = "success" } = options;
  const { amount = reward === "success" ? 10 : 1 } = options;
  checkNonNegative("shopEnvironment", { amount });
  const session = new ShopSession(shop, goalIndex);

  const pageText = (): string => {
    if (mode === "compact") return compactObservation(session.page, options);
    if (mode === "react") return reactObservation(session.page, pageNodes(session.page));
    return session.observe(mode);
  };
  const admissibleActions = (): string[] => {
    const { hasSearchBar, clickables } = session.availableActions;
    const { page } = session;
    const numbers = new Map(
      mode === "compact" && page.name === "results"
        ? page.products.map(({ asin }, i) => [asin.toLowerCase(), String(i + 1)])
        : [],
    );
    const clicks = clickables.map((name) => `click[${numbers.get(name) ?? name}]`);
    return hasSearchBar ? [anySearch, ...clicks] : clicks;
  };
  const observe = (text = pageText()): Observation => ({
    text,
    admissibleActions: admissibleActions(),
  });
  /** Performs an action, and returns its result as text if the page does not show the result. */
  const act = (action: string): { readonly result: ActionResult; readonly said?: string } => {
    const parsed = session.read(action);
    if (mode === "react") {
      if (parsed?.name === "think") return { result: session.act(""), said: "OK." };
      const { page } = session;
      const result = session.act(action);
      if (session.page === page) return { result, said: "Invalid action!" };
      const isChoice = page.name === "item" && session.page.name === "item";
      return isChoice ? { result, said: `You have clicked ${parsed!.argument}.` } : { result };
    }
    const isNumber =
      mode === "compact" && parsed?.name === "click" && session.page.name === "results";
    const asin = isNumber
      ? session.page.products[Number(/^\d+$/u.test(parsed.argument) ? parsed.argument : 0) - 1]
          ?.asin
      : undefined;
    return { result: asin === undefined ? session.act(action) : session.click(asin.toLowerCase()) };
  };

  return {
    reset: async () => observe(),
    step: async (action) => {
      const wasDone = session.isDone;
      const { result, said } = act(action);
      const isBought = result.isDone && !wasDone;
      const isSuccess = isBought && result.reward === 1;
      const paid = reward === "score" ? result.reward : isSuccess ? 1 : 0;
      return {
        ...observe(said),
        reward: isBought ? amount * paid : 0,
        isTerminal: session.isDone,
        isSuccess,
        score: result.reward,
        ...(result.details !== undefined && { details: result.details }),
      };
    },
    render: async () => renderShop(session.page),
    close: async () => undefined,
  };
}

/** Task id for a goal index. */
export function goalTaskId(goalIndex: number): string {
  return `webshop/${goalIndex}`;
}

/**
 * Makes the environments for tasks of `shopTasks`.
 * @throws The factory throws `RangeError` for a task of another environment.
 */
export function shopEnvironmentFactory(
  shop: Shop,
  options: ShopEnvironmentOptions = {},
): EnvironmentFactory {
  return async (task) => shopEnvironment(shop, readGoalIndex(task), options);
}

/** Goal index of a task. @throws `RangeError` for a task of another environment. */
export function readGoalIndex(task: Task): number {
  const match = /^webshop\/(\d+)$/u.exec(task.id);
  if (match !== null) return Number(match[1]);
  throw new RangeError(`shopEnvironment: task.id must be webshop/<goal>, got ${task.id}`);
}
