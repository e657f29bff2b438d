import { describe, expect, it } from "vitest";
import { textToIndex } from "../catalogue/product.ts";
import {
  goldenRows,
  hasReferenceData,
  referenceCatalogue,
  referenceShop,
  type GoldenRow,
} from "../testing/reference-data.ts";
import { referenceRewardInfo } from "../reward/reference-reward-info.ts";
import type { Shop } from "./shop.ts";
import { ShopSession } from "./shop-session.ts";

const protocols = [
  { name: "upstream_synthetic_seed233", goals: "synthetic", seed: 233 },
  { name: "upstream_human_seed233", goals: "human", seed: 233 },
  { name: "verl_synthetic_seed0", goals: "synthetic", seed: 0 },
  { name: "verl_synthetic_seed1", goals: "synthetic", seed: 1 },
  { name: "verl_synthetic_seed1000", goals: "synthetic", seed: 1000 },
] as const;

interface SeenState {
  readonly action: string;
  readonly obs_text: string;
  readonly obs_rich: string;
  readonly url: string;
  readonly has_search_bar: boolean;
  readonly clickables: readonly string[];
}

function observeState(session: ShopSession, action: string): SeenState {
  const { hasSearchBar, clickables } = session.availableActions;
  return {
    action,
    obs_text: session.observe("text"),
    obs_rich: session.observe("text_rich"),
    url: session.url,
    has_search_bar: hasSearchBar,
    clickables,
  };
}

/** Plays a recorded episode; returns the recorded state after each action and the actual one. */
function replay(
  shop: Shop,
  row: GoldenRow,
): { readonly wanted: object[]; readonly found: object[] } {
  const session = new ShopSession(shop, row["goal_index"]);
  const wanted: object[] = [{ ...(row["reset"].state ?? row["reset"]), action: "reset" }];
  const found: object[] = [observeState(session, "reset")];
  for (const step of row["steps"]) {
    const { python_random_seed_before: seed, exception, reward_info: info, ...state } = step;
    const { message, purchased, ...recorded } = state;
    if (seed !== undefined) shop.random.seed(seed);
    const { fault, reward, isDone, details, purchase } = session.act(step.action);
    if (exception !== undefined) {
      wanted.push({ action: step.action, fault: `${exception}: ${message}` });
      found.push({ action: step.action, fault });
      continue;
    }
    wanted.push({ ...recorded, info: info ?? undefined, asin: purchased?.asin });
    found.push({
      ...observeState(session, step.action),
      reward,
      done: isDone,
      info: details === undefined ? undefined : referenceRewardInfo(details),
      asin: purchased === undefined ? undefined : purchase?.asin,
    });
  }
  return { wanted, found };
}

describe.skipIf(!hasReferenceData)("sessions, compared with the reference", () => {
  it("load every product like the reference's loader", async () => {
    const catalogue = await referenceCatalogue();
    const rows = goldenRows("documents_1k");
    expect(catalogue.size).toBe(rows.length);
    for (const [i, { id, contents, product: wanted }] of rows.entries()) {
      const product = catalogue.product(i);
      expect(product.asin).toBe(id);
      expect(textToIndex(product)).toBe(contents);
      expect({
        Title: product.title,
        Description: product.description,
        BulletPoints: product.bulletPoints,
        pricing: product.pricing,
        Price: product.priceText,
        options: Object.fromEntries(product.options.map(({ name, values }) => [name, values])),
        option_to_image: Object.fromEntries(product.optionImages),
        Attributes: product.attributes,
        MainImage: product.mainImage,
        query: product.query,
      }).toMatchObject({
        Title: wanted.Title,
        Description: wanted.Description,
        BulletPoints: wanted.BulletPoints,
        pricing: wanted.pricing,
        Price: wanted.Price,
        options: wanted.options,
        option_to_image: wanted.option_to_image,
        Attributes: wanted.Attributes,
        MainImage: wanted.MainImage,
        query: wanted.query,
      });
    }
  });

  for (const { name, goals: kind, seed } of protocols) {
    it(`have the goals, prices and draws of ${name}`, async () => {
      const shuffleSeed = name.startsWith("verl") ? seed : 233;
      const shop = await referenceShop({ goals: kind, seed, shuffleSeed });
      const { catalogue, goals, prices } = shop;
      const rows = goldenRows(`golden/goals_${name}`);
      expect(goals.size).toBe(rows.length);
      for (const [i, row] of rows.entries()) {
        const goal = goals.goal(i);
        const { options } = goal;
        expect([
          goal.asin,
          goal.instructionText,
          goal.priceUpper,
          goal.weight,
          JSON.stringify(goal.attributes),
          JSON.stringify(
            options.kind === "named" ? Object.fromEntries(options.entries) : options.values,
          ),
        ]).toEqual([
          row["asin"],
          row["instruction_text"],
          row["price_upper"],
          row["weight"],
          JSON.stringify(row["attributes"]),
          JSON.stringify(row["goal_options"]),
        ]);
      }
      const [aux] = goldenRows(`golden/goals_${name}_aux`);
      for (const [asin, price] of Object.entries(aux!["product_prices"])) {
        expect(prices[catalogue.positionOf(asin)!]).toBe(price);
      }
      for (const [id, index] of aux!["resets_with_session_none"] ?? []) {
        expect(shop.random.letters("abcdefghijklmnopqrstuvwxyz", 10)).toBe(id);
        expect(shop.drawGoal()).toBe(index);
      }
    });
  }

  it("replay every recorded transcript, character for character", async () => {
    const shops = new Map<string, Shop>([
      ["synthetic", await referenceShop()],
      ["human", await referenceShop({ goals: "human" })],
    ]);
    for (const row of goldenRows("golden/transcripts")) {
      const { wanted, found } = replay(shops.get(row["goals"])!, row);
      expect(found).toEqual(wanted);
    }
    const shop = await referenceShop({ showAttributes: true });
    for (const row of goldenRows("golden/transcripts_show_attrs")) {
      const { wanted, found } = replay(shop, row);
      expect(found).toEqual(wanted);
    }
  });

  it("show what language models saw in 413 recorded episodes", async () => {
    const shop = await referenceShop();
    // The recordings used other price limits, and removed spaces at the ends.
    const comparable = (text: string): string =>
      text.replace(/, and price lower than [\d.]+ dollars/u, "").trim();
    let numObservations = 0;
    for (const row of goldenRows("real_transcripts_agentgym_text_1000")) {
      const session = new ShopSession(shop, row["goal_index"]);
      expect(comparable(session.observe())).toBe(comparable(row["observation_start"]));
      const found: string[] = [];
      const wanted: string[] = [];
      for (const { action, observation_after: observation } of row["steps"]) {
        session.act(action);
        // The result of the last action was not recorded.
        if (typeof observation !== "string") continue;
        found.push(comparable(session.observe()));
        wanted.push(comparable(observation));
      }
      expect(found).toEqual(wanted);
      numObservations += wanted.length;
    }
    expect(numObservations).toBe(1676);
  });
});
