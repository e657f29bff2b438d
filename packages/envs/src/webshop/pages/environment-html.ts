import type { Page } from "./page.ts";
import { pageHtml, referenceItemScript, type Receipt } from "./page-html.ts";
import { environmentLinks } from "./page-links.ts";

const plainHead = `    <link rel="stylesheet" href="/static/style.css">
    <link rel="stylesheet" href="https://cdnjs.cloudflare.com/ajax/libs/font-awesome/4.7.0/css/font-awesome.min.css">
    <link rel="stylesheet" href="https://maxcdn.bootstrapcdn.com/bootstrap/3.4.1/css/bootstrap.min.css">
    <link rel="icon" href="data:,">`;

const wideHead = `    <link rel="stylesheet" href="/static/style.css">
    <link rel="stylesheet" href="https://maxcdn.bootstrapcdn.com/bootstrap/3.4.1/css/bootstrap.min.css">
    <link rel="stylesheet" href="https://cdnjs.cloudflare.com/ajax/libs/font-awesome/4.0.3/css/font-awesome.css\t">
    <script src="https://ajax.googleapis.com/ajax/libs/jquery/3.5.1/jquery.min.js"></script>
    <script src="https://stackpath.bootstrapcdn.com/bootstrap/4.3.1/js/bootstrap.bundle.min.js"></script>
    <link rel="icon" href="data:,">`;

/** Placeholders of the purchase on the last page; the text environment fills in only the reward. */
const receipt: Receipt = {
  code: "None",
  attributes: "None",
  category: "None",
  query: "None",
  productCategory: "None",
  goalAsin: "",
  goalOptions: "",
  goalAttributes: "",
  goalPrice: "",
  goalText: "",
  goalCategory: "",
  goalProductCategory: "",
  goalQuery: "",
  goal: "None",
  rewardDetails: "None",
  appendix: "",
};

/** Renders a page for mode `html`: the source that WebShop's text environment shows. */
export function environmentHtml(page: Page, sessionId: string): string {
  return pageHtml(page, {
    links: environmentLinks(sessionId),
    plainHead,
    wideHead,
    image: (product) => product.mainImage,
    itemScript: referenceItemScript,
    receipt: () => receipt,
  });
}
