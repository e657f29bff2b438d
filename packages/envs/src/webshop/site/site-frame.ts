import { createHash } from "node:crypto";
import type { Goal } from "../goals/goal.ts";
import { escapeHtml } from "../pages/escape-html.ts";
import type { PageFrame, Receipt } from "../pages/page-html.ts";
import type { PageLinks } from "../pages/page-links.ts";
import type { Page } from "../pages/page.ts";
import { pythonFloat, pythonList } from "../../python/python-text.ts";
import { pythonPretty, type PythonValue } from "../python/python-pretty.ts";
import { referenceRewardInfo } from "../reward/reference-reward-info.ts";

const head = `    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>WebShop</title>
    <link rel="stylesheet" href="/static/style.css">
    <link rel="icon" href="data:,">`;

/** Goal in the format in which WebShop's code prints it, hidden, on the purchase page. */
function goalValue(goal: Goal): PythonValue {
  const { options } = goal;
  return new Map<string, PythonValue>([
    ["asin", goal.asin],
    ["category", goal.category],
    ["query", goal.query],
    ["name", goal.name],
    ["product_category", goal.productCategory],
    ["instruction_text", goal.instructionText],
    ["attributes", goal.attributes],
    ["price_upper", { float: goal.priceUpper }],
    ["goal_options", options.kind === "named" ? new Map(options.entries) : options.values],
    ["weight", options.kind === "named" ? { float: goal.weight } : 1],
  ]);
}

function makeReceipt(
  page: Extract<Page, { name: "done" }>,
  goal: Goal,
  sessionId: string,
): Receipt {
  const { product, details } = page;
  const { options } = goal;
  const info = referenceRewardInfo(details);
  const parts = new Map<string, PythonValue>(
    Object.entries(info).map(([name, value]) => [
      name,
      typeof value === "number" ? { float: value } : value,
    ]),
  );
  return {
    code: createHash("sha1").update(sessionId).digest("hex").slice(0, 10).toUpperCase(),
    attributes: pythonList(product.attributes),
    category: product.category,
    query: product.query,
    productCategory: product.productCategory,
    goalAsin: goal.asin,
    goalOptions:
      options.kind === "named"
        ? pythonPretty(new Map(options.entries))
        : pythonList(options.values),
    goalAttributes: pythonList(goal.attributes),
    goalPrice: pythonFloat(goal.priceUpper),
    goalText: goal.instructionText,
    goalCategory: goal.category,
    goalProductCategory: goal.productCategory,
    goalQuery: goal.query,
    goal: pythonPretty(goalValue(goal)),
    rewardDetails: pythonPretty(parts),
    appendix: partsTable(page),
  };
}

/** Table of the parts of the score, for people. */
function partsTable({ details, product }: Extract<Page, { name: "done" }>): string {
  const rows: readonly (readonly [string, string])[] = [
    ["You bought", product.title],
    ["Kind of product", `${100 * details.typeFactor} %`],
    ["Attributes", `${details.numAttributeMatches} of ${details.numAttributes}`],
    ["Options", `${details.numOptionMatches} of ${details.numOptions}`],
    ["Price", details.isPriceMet ? "within the limit" : "too high"],
  ];
  const cells = rows.map(
    ([name, value]) => `<tr><th>${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`,
  );
  return `
    <table id="score-parts">${cells.join("")}</table>
    <p class="text-center"><a class="btn" href="/">Shop again</a></p>`;
}

/**
 * Frame of the site's pages, with its own style sheet and script and no external resources.
 * @param showsPictures - True to link the catalogue's images, which are on other servers.
 */
export function siteFrame(
  goal: Goal,
  sessionId: string,
  links: PageLinks,
  showsPictures: boolean,
): PageFrame {
  return {
    links,
    plainHead: head,
    wideHead: head,
    image: ({ mainImage }) =>
      showsPictures && mainImage !== "" ? mainImage : "/static/product.svg",
    itemScript: ({ options }) => {
      const chosen = JSON.stringify([...options].map((entry) => JSON.stringify(entry)));
      return `\n  <script src="/static/shop.js" data-chosen="${escapeHtml(chosen)}"></script>`;
    },
    receipt: (page) => makeReceipt(page, goal, sessionId),
  };
}
