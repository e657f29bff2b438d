import { describe, expect, it } from "vitest";
import { createCatalogue } from "../catalogue/catalogue.ts";
import type { Product } from "../catalogue/product.ts";
import { generateProducts } from "../generator/generate-products.ts";
import { parseAction } from "./parse-action.ts";
import { Shop } from "./shop.ts";
import { ShopSession } from "./shop-session.ts";

const [first, ...others] = generateProducts({ numProducts: 60 });

/** A shop whose first product has these options, and a goal that asks for their last values. */
function shops(options: Product["options"]) {
  const product = { ...first!, options };
  const catalogue = createCatalogue([product, ...others]);
  const values = options.map(({ name, values }) => `${name}: ${values.at(-1)}`);
  const session = (compat: "reference" | "none"): ShopSession => {
    const shop = new Shop(catalogue, { compat });
    for (let i = 0; ; i++) {
      const goal = shop.goals.goal(i);
      const isWanted = values.every((value) => goal.instructionText.includes(value));
      if (goal.asin === product.asin && isWanted) return new ShopSession(shop, i);
    }
  };
  const open = (compat: "reference" | "none"): ShopSession => {
    const opened = session(compat);
    opened.act(`search[${product.title}]`);
    opened.act(`click[${product.asin}]`);
    return opened;
  };
  return { session, open };
}

const plain = shops([{ name: "color", values: ["red", "1877black"] }]);

describe("bugs of the reference", () => {
  it("goals with colours inside other words: unreachable there, reachable here", () => {
    const buy = (compat: "reference" | "none"): number => {
      const session = plain.open(compat);
      session.act("click[1877black]");
      return session.act("click[buy now]").reward;
    };
    // There, "1877black" becomes "black", which is not similar to "color 1877black".
    expect(buy("reference")).toBeLessThan(1);
    expect(buy("none")).toBe(1);
  });

  it("a value that two options share: only the last can be chosen there", () => {
    const twice = shops([
      { name: "top", values: ["small", "large"] },
      { name: "bottom", values: ["small", "large"] },
    ]);
    const choose = (compat: "reference" | "none"): object => {
      const session = twice.open(compat);
      session.act("click[large]");
      session.act("click[large]");
      return { ...session.act("click[buy now]").purchase!.options };
    };
    expect(choose("reference")).toEqual({ bottom: "large" });
    expect(choose("none")).toEqual({ top: "large", bottom: "large" });
  });

  it("words that list whole categories there: ordinary searches here", () => {
    const count = (compat: "reference" | "none", query: string): string => {
      const session = plain.session(compat);
      session.act(`search[${query}]`);
      return /Total results: (\d+)/u.exec(session.observe())?.[1] ?? "none";
    };
    expect(Number(count("reference", "<c> fashion"))).toBeGreaterThan(5);
    expect(count("reference", "<r>")).toBe("50");
    expect(count("none", "<r>")).toBe("0");
    expect(Number(count("none", "<c> wool"))).toBeGreaterThan(0);
  });

  it("searches that crash: reported as a fault there, no results here", () => {
    expect(plain.session("reference").act("search[<c>]")).toMatchObject({
      fault: "IndexError: list index out of range",
      isDone: false,
    });
    expect(plain.session("none").act("search[<a> x]")).toEqual({ reward: 0, isDone: false });
  });

  it("URLs mistaken for pages: < prev on an item leads to a wrong page there", () => {
    const title = first!.title;
    const back = (compat: "reference" | "none"): string => {
      const session = plain.session(compat);
      session.act(`search[search_results ${title}]`);
      session.act(`click[${first!.asin}]`);
      session.act("click[< prev]");
      return /Page (\d)/u.exec(session.observe())![1]!;
    };
    expect(back("reference")).toBe("0");
    expect(back("none")).toBe("1");
  });

  it("choices that are not marked: values with quotes or accents are marked here", () => {
    const marked = shops([{ name: "größe", values: ['5"', "crème"] }]);
    const rich = (compat: "reference" | "none"): string => {
      const session = marked.open(compat);
      session.act("click[crème]");
      return session.observe("text_rich");
    };
    expect(rich("reference")).not.toContain("You have clicked");
    expect(rich("none")).toMatch(/^You have clicked crème\.\n/u);
  });

  it("searches after a purchase: work there, have no effect here", () => {
    const page = (compat: "reference" | "none"): string => {
      const session = plain.open(compat);
      session.act("click[buy now]");
      session.act("search[tea]");
      return session.page.name;
    };
    expect(page("reference")).toBe("results");
    expect(page("none")).toBe("done");
  });

  it("draws of goals: goal 0 is never drawn there", () => {
    const drawn = (compat: "reference" | "none"): boolean => {
      const catalogue = createCatalogue(others.slice(0, 2));
      const shop = new Shop(catalogue, { compat, filterGoals: (index) => index < 3 });
      return Array.from({ length: 200 }, () => shop.drawGoal()).includes(0);
    };
    expect([drawn("reference"), drawn("none")]).toEqual([false, true]);
  });
});

describe("parseAction", () => {
  it("parses like the reference's pattern", () => {
    expect(parseAction("search[Red [x] shoes]y")).toEqual({
      name: "search[Red ",
      argument: "x] shoes",
    });
    expect(parseAction("click[a]")).toEqual({ name: "click", argument: "a" });
    expect(parseAction("click[a]\nclick[b]")).toEqual({ name: "click", argument: "a" });
    for (const action of ["", "[a]", "click[]", "click", "click\n[a]", "click]a["]) {
      expect(parseAction(action)).toBeUndefined();
    }
  });

  it("agrees with the pattern for every text", () => {
    const slow = (text: string): string[] | undefined =>
      /^([^\n]+)\[([^\n]+)\]/u.exec(text)?.slice(1);
    const letters = ["a", "[", "]", "\n"];
    for (let n = 0; n < 4 ** 7; n++) {
      let text = "";
      for (let rest = n, i = 0; i < 7; i++, rest >>= 2) text += letters[rest & 3];
      const parsed = parseAction(text);
      expect(parsed === undefined ? undefined : [parsed.name, parsed.argument]).toEqual(slow(text));
    }
  });
});
