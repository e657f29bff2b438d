import type { Goal } from "../goals/goal.ts";
import type { Product } from "../catalogue/product.ts";
import { pageSlice, subPages, type Page, type PageNode } from "../pages/page.ts";
import { environmentHtml } from "../pages/environment-html.ts";
import { pageNodes } from "../pages/page-nodes.ts";
import { plainText, richText } from "../pages/page-text.ts";
import { shoppingReward, type RewardDetails } from "../reward/shopping-reward.ts";
import { pageNameInUrl, pageUrl } from "./page-url.ts";
import { clickNames } from "./click-names.ts";
import { parseAction, readAction, type ParsedAction } from "./parse-action.ts";
import type { Shop } from "./shop.ts";

/** Representation of a page for an agent. */
export type ObservationMode = "text" | "text_rich" | "html" | "url";

/** Available actions of a page. */
export interface AvailableActions {
  readonly hasSearchBar: boolean;
  /** Names of clickable parts, in lower case, without repeats. */
  readonly clickables: readonly string[];
}

/** Result of an action. */
export interface ActionResult {
  /** Reward in [0, 1]; 0 unless the action is a purchase. */
  readonly reward: number;
  /** True if this action bought something. */
  readonly isDone: boolean;
  /** Parts of the reward of a purchase. */
  readonly details?: RewardDetails;
  /** The purchase. */
  readonly purchase?: {
    readonly asin: string;
    readonly price: number;
    readonly options: Readonly<Record<string, string>>;
  };
  /** With `compat: "reference"`: Python error that WebShop's code would have raised. */
  readonly fault?: string;
}

const nothing: ActionResult = { reward: 0, isDone: false };

/** A visit to a shop: a goal, a page, and the choices so far. */
export class ShopSession {
  readonly id: string;
  readonly goalIndex: number;
  readonly goal: Goal;
  readonly #shop: Shop;
  #keywords: readonly string[] = [];
  #pageNumber = 1;
  #product: Product | undefined;
  #visited = new Set<string>();
  #options = new Map<string, string>();
  /** Results of the last search; a search is repeated only if it is random. */
  #results: readonly Product[] = [];
  #page: Page;
  #nodes: readonly PageNode[] | undefined;
  #isDone = false;

  /**
   * @param goalIndex - Index of one of the shop's goals, in `[0, shop.goals.size)`.
   * @param id - Identifies the session in URLs. Default: the index, as in WebShop's code.
   */
  constructor(shop: Shop, goalIndex: number, id: string = String(goalIndex)) {
    this.#shop = shop;
    this.goalIndex = goalIndex;
    this.goal = shop.goals.goal(goalIndex);
    this.id = id;
    this.#page = { name: "search", instruction: this.goal.instructionText };
  }

  /** Current page. */
  get page(): Page {
    return this.#page;
  }

  /** True after a purchase. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** URL of the page, without the host. */
  get url(): string {
    return pageUrl(this.id, this.#page);
  }

  /** Actions that are available now. */
  get availableActions(): AvailableActions {
    return {
      hasSearchBar: this.#page.name === "search",
      clickables: [...this.#clickables().keys()],
    };
  }

  /** Current page in one of the modes. */
  observe(mode: ObservationMode = "text"): string {
    if (mode === "url") return this.url;
    if (mode === "html") return environmentHtml(this.#page, this.id);
    const nodes = this.#pageNodes();
    if (mode === "text") return plainText(nodes);
    const isReference = this.#shop.compat === "reference";
    const url = isReference ? this.url : "";
    return richText(nodes, {
      isProductVisited: (asin) => this.#visited.has(asin),
      isOptionChosen: isReference
        ? ({ text }) => url.includes(`"${text}"`)
        : ({ option, text }) => this.#options.get(option!.toLowerCase()) === text,
    });
  }

  /**
   * Performs an action such as `search[red shoes]` or `click[buy now]`. An action that does not
   * parse, or a click on something that is not on the page, has no effect. A search works on every
   * page. After a purchase no action has an effect (in WebShop's code, a search still works).
   */
  act(action: string): ActionResult {
    const parsed = this.read(action);
    if (parsed === undefined) return nothing;
    if (this.#isDone && this.#shop.compat === "none") return nothing;
    const { name, argument } = parsed;
    if (name === "search") return this.search(argument);
    return name === "click" ? this.click(argument) : nothing;
  }

  /**
   * Parses an action. With `compat: "reference"`, parses as WebShop's code does; otherwise names of
   * clickable parts may contain brackets and line breaks.
   */
  read(action: string): ParsedAction | undefined {
    if (this.#shop.compat === "reference") return parseAction(action);
    if (action.includes("\n")) {
      const whole = readAction(action, true);
      if (whole?.name === "click" && this.#clickables().has(whole.argument)) return whole;
    }
    return readAction(action);
  }

  /** Searches, and shows the first page of results. */
  search(query: string): ActionResult {
    this.#keywords = query.toLowerCase().split(" ");
    return this.#showResults(1, true);
  }

  /** Clicks the part with a name, in lower case; no effect if it is not on the page. */
  click(name: string): ActionResult {
    const target = this.#clickables().get(name);
    if (target === undefined) return nothing;
    const isReference = this.#shop.compat === "reference";
    if (isReference && name === "search") return nothing;
    // In WebShop's code, an option value with a button's name acts as the button.
    const pressed = isReference || target.kind === "button" ? this.#press(name) : undefined;
    if (pressed !== undefined) return pressed;
    if (target.kind === "product") {
      this.#product = this.#shop.productOf(target.text)!;
      this.#visited.add(target.text);
    } else if (target.kind === "option") this.#choose(target, name);
    return this.#showItem();
  }

  /** Presses a button that leads to a page other than the item's; `undefined` for other names. */
  #press(name: string): ActionResult | undefined {
    const pageName = this.#shop.compat === "reference" ? pageNameInUrl(this.url) : this.#page.name;
    // The button on the search page sends an empty search; in WebShop's code it has no effect.
    if (name === "search") return this.search("");
    if (name === "buy now") return this.#buy();
    if (name === "back to search") return this.#backToSearch();
    if (name === "next >" && pageName === "results") return this.#showResults(this.#pageNumber + 1);
    if (name === "< prev" && pageName === "results") return this.#showResults(this.#pageNumber - 1);
    if (name === "< prev" && pageName === "item") return this.#showResults(this.#pageNumber);
    const subPage = subPages.find((page) => page.toLowerCase() === name);
    return subPage === undefined
      ? undefined
      : this.#show({ name: "sub", ...this.#itemLocation(), subPage });
  }

  #showItem(): ActionResult {
    const showsAttributes = this.#shop.showAttributes;
    return this.#show({ name: "item", ...this.#itemLocation(), showsAttributes });
  }

  #itemLocation() {
    return {
      instruction: this.goal.instructionText,
      keywords: this.#keywords,
      pageNumber: this.#pageNumber,
      product: this.#product!,
      options: new Map(this.#options),
    };
  }

  #choose({ text, option }: PageNode, name: string): void {
    // A name that includes the option's name (`size: small`) selects the value of that option.
    if (this.#shop.compat === "reference" || name !== text.toLowerCase()) {
      this.#options.set(option!.toLowerCase(), text);
      return;
    }
    // If several options have the value, choose one that does not have it yet.
    const names = this.#product!.options.filter(({ values }) => values.includes(text)).map(
      ({ name }) => name,
    );
    const group = names.find((candidate) => this.#options.get(candidate) !== text) ?? names[0]!;
    this.#options.set(group, text);
  }

  #showResults(pageNumber: number, isNew = false): ActionResult {
    this.#pageNumber = pageNumber;
    this.#product = undefined;
    this.#options = new Map();
    const isRandom = this.#shop.compat === "reference" && this.#keywords[0] === "<r>";
    if (isNew || isRandom) {
      const { products, fault } = this.#shop.search(this.#keywords);
      if (fault !== undefined) return { ...nothing, fault };
      this.#results = products;
    }
    return this.#show({
      name: "results",
      instruction: this.goal.instructionText,
      keywords: this.#keywords,
      pageNumber,
      numResults: this.#results.length,
      products: pageSlice(this.#results, pageNumber),
    });
  }

  #backToSearch(): ActionResult {
    this.#keywords = [];
    this.#pageNumber = 1;
    this.#product = undefined;
    this.#visited = new Set();
    this.#options = new Map();
    this.#results = [];
    return this.#show({ name: "search", instruction: this.goal.instructionText });
  }

  #buy(): ActionResult {
    const product = this.#product!;
    const price = this.#shop.prices[this.#shop.catalogue.positionOf(product.asin)!]!;
    const options = new Map(this.#options);
    const rule = this.#shop.compat === "reference" ? "reference" : "exact";
    const { reward, details } = shoppingReward(
      this.goal,
      { product, price, options },
      this.#shop.titleNouns,
      rule,
    );
    this.#isDone = true;
    this.#show({
      name: "done",
      instruction: this.goal.instructionText,
      product,
      options,
      reward,
      details,
    });
    const purchase = { asin: product.asin, price, options: Object.fromEntries(options) };
    return { reward, isDone: true, details, purchase };
  }

  #show(page: Page): ActionResult {
    this.#page = page;
    this.#nodes = undefined;
    return nothing;
  }

  #pageNodes(): readonly PageNode[] {
    return (this.#nodes ??= pageNodes(this.#page));
  }

  /** Clickable parts by their text in lower case: buttons, then products, then options. */
  #clickables(): ReadonlyMap<string, PageNode> {
    const nodes = this.#pageNodes();
    if (this.#shop.compat === "none") return clickNames(nodes);
    const clickables = new Map<string, PageNode>();
    for (const kind of ["button", "product", "option"] as const) {
      for (const node of nodes) {
        // A repeated name keeps its position but refers to the later part.
        if (node.kind === kind) clickables.set(node.text.toLowerCase(), node);
      }
    }
    return clickables;
  }
}
