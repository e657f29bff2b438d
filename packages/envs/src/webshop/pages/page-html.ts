import {
  asciiJson,
  comparePythonTexts,
  jsonDict,
  pythonDict,
  pythonFloat,
  pythonRepr,
} from "../../python/python-text.ts";
import type { Product } from "../catalogue/product.ts";
import { escapeHtml } from "./escape-html.ts";
import type { Page } from "./page.ts";
import { escapeMarkup, optionsJson } from "./page-nodes.ts";
import type { ItemLocation, PageLinks } from "./page-links.ts";

/** HTML around a page's content, and the texts shown at the end of an episode. */
export interface PageFrame {
  readonly links: PageLinks;
  /** `head` element of the search and purchase pages. */
  readonly plainHead: string;
  /** `head` element of all other pages. */
  readonly wideHead: string;
  /** Image URL of a product. */
  image(product: Product): string;
  /** Markup after the `body` of an item page. */
  itemScript(page: Extract<Page, { name: "item" }>): string;
  /** Texts of the purchase page. */
  receipt(page: Extract<Page, { name: "done" }>): Receipt;
}

/** Texts of the purchase page, including hidden ones. */
export interface Receipt {
  readonly code: string;
  readonly attributes: string;
  readonly category: string;
  readonly query: string;
  readonly productCategory: string;
  readonly goalAsin: string;
  readonly goalOptions: string;
  readonly goalAttributes: string;
  readonly goalPrice: string;
  readonly goalText: string;
  readonly goalCategory: string;
  readonly goalProductCategory: string;
  readonly goalQuery: string;
  readonly goal: string;
  readonly rewardDetails: string;
  /** Markup after the texts. */
  readonly appendix: string;
}

/** Renders a page as HTML with WebShop's structure, ids and classes. */
export function pageHtml(page: Page, frame: PageFrame): string {
  if (page.name === "search") return searchHtml(page, frame);
  if (page.name === "done") return doneHtml(page, frame);
  const content =
    page.name === "results"
      ? resultsHtml(page, frame)
      : page.name === "item"
        ? itemHtml(page, frame)
        : subPageHtml(page, frame);
  return `<!DOCTYPE html>
<html>
  <head>
${frame.wideHead}
  </head>
  <body>
    <div class="container py-5">
      <div class="row top-buffer">
        <div class="col-sm-6">
          <div id="instruction-text" class="text-center">
            <h4>Instruction:<br>${escapeHtml(page.instruction)}</h4>
          </div>
        </div>
      </div>
      <div class="row top-buffer">
        <form method="post" action="${escapeHtml(frame.links.search())}">
          <button type="submit" class="btn btn-success">Back to Search</button>
        </form>
      </div>
${content}
</html>`;
}

function searchHtml(page: Extract<Page, { name: "search" }>, frame: PageFrame): string {
  return `<!DOCTYPE html>
<html>
  <head>
${frame.plainHead}
  </head>
  <body>
    <!-- Code reference: https://bootsnipp.com/snippets/m13mN -->
    <div class="container" style="margin-top: 8%;">
      <div class="col-md-6 col-md-offset-3">     
        <div class="row">
          <div id="logo" class="text-center">
            <h2>WebShop</h2>
          </div>
          <div id="instruction-text" class="text-center">
            <h4>Instruction: <br>${escapeHtml(page.instruction)}</h4>
          </div>
          <form role="form" id="form-buscar" method="post" action="${escapeHtml(frame.links.search())}">
            <div class="form-group">
              <div class="input-group">
                <input id="search_input" class="form-control" type="text" name="search_query" placeholder="Search..." required/>
                <span class="input-group-btn">
                  <button class="btn btn-success" type="submit"><i class="glyphicon glyphicon-search" aria-hidden="true"></i>Search</button>
                </span>
              </div>
            </div>
          </form>
        </div>            
      </div>
    </div>
  </body>
</html>`;
}

function resultsHtml(page: Extract<Page, { name: "results" }>, frame: PageFrame): string {
  const { keywords, pageNumber, numResults } = page;
  const turn = (to: number, label: string): string => `
              <form method="post" action="${escapeHtml(frame.links.results(keywords, to))}">
                <button type="submit" class="btn btn-primary">${label}</button>
              </form>`;
  const previous = pageNumber > 1 ? turn(pageNumber - 1, "&lt; Prev") : "";
  const products = page.products.map((product) => resultHtml(product, page, frame)).join("");
  return `      <div class="row top-buffer">
        <div class="col-sm-8">
          <div class="display-4">
            <h3>Page ${pageNumber} (Total results: ${numResults})</h3>
          </div>
          
            <div class="col-sm-2">${previous}
            </div>
            <div class="col-sm-2">${turn(pageNumber + 1, "Next &gt;")}
            </div>
          
        </div>
      </div>

      <div class="row top-buffer">
        ${products}
      </div>
    </div>
  </body>`;
}

function resultHtml(
  product: Product,
  { keywords, pageNumber }: { readonly keywords: readonly string[]; readonly pageNumber: number },
  frame: PageFrame,
): string {
  const location: ItemLocation = { asin: product.asin, keywords, pageNumber, options: [] };
  return `
        <div class="col-lg-12 mx-auto list-group-item">
          <div class="col-lg-4">
            <img src="${escapeHtml(frame.image(product))}" class="result-img">
          </div>
          <div class="col-lg-8">
            <ul class="list-group shadow">
                <div class="media align-items-lg-center flex-column flex-lg-row p-3">
                  <div class="media-body order-2 order-lg-1 searched-product">
                    
                    <h4 class="mt-0 font-weight-bold mb-2 product-asin"><a class="product-link" href="${escapeHtml(frame.links.item(location))}">${escapeHtml(product.asin)}</a></h5>
                    <h4 class="mt-0 font-weight-bold mb-2 product-title">${escapeHtml(product.title)}</h5>
                    <div class="d-flex align-items-center justify-content-between mt-1">
                      <h5 class="font-weight-bold my-2 product-price">${escapeHtml(product.priceText)}</h6>
                    </div>
<!--
                    <div class="d-flex align-items-center justify-content-between mt-1">
                      <h5 class="font-weight-bold my-2 product-category">${escapeHtml(product.category)}</h5>
                    </div>
                    <div class="d-flex align-items-center justify-content-between mt-1">
                      <h5 class="font-weight-bold my-2 product-query">${escapeHtml(product.query)}</h5>
                    </div>
                    <div class="d-flex align-items-center justify-content-between mt-1">
                      <h5 class="font-weight-bold my-2 product-product_category">${escapeHtml(product.productCategory)}</h5>
                    </div>
-->
                  </div>
                </div>
            </ul>
          </div>
        </div>
        `;
}

function backHtml(target: string): string {
  return `      <div class="row top-buffer">
        <form method="post" action="${escapeHtml(target)}">
          <button type="submit" class="btn btn-primary">&lt; Prev</button>
        </form>
      </div>`;
}

function itemHtml(page: Extract<Page, { name: "item" }>, frame: PageFrame): string {
  const { product, keywords, pageNumber, options } = page;
  const location: ItemLocation = { asin: product.asin, keywords, pageNumber, options };
  const subButton = (name: string, label: "Description" | "Features" | "Reviews" | "Attributes") =>
    `            <div class="col-sm-3" name="${name}">
              <form method="post" action="${escapeHtml(frame.links.sub(location, label))}">
                <button class="btn btn-primary" type="submit">${label}</button>
              </form>
            </div>`;
  const attributes = page.showsAttributes
    ? `\n${subButton("attributes", "Attributes")}\n            `
    : "";
  return `${backHtml(frame.links.results(keywords, pageNumber))}
      <div class="row top-buffer">
        <div class="col-md-4 mb-4 mb-md-0">
          <div class="row top-buffer">
            <img id="product-image" src="${escapeHtml(frame.image(product))}" class="item-page-img">
          </div>
          ${optionsHtml(page, frame)}
        </div>
        <div class="col-md-6">
          <h2>${escapeHtml(product.title)}</h2>
          <h4>Price: ${escapeHtml(product.priceText)}</h4>
          <h4>Rating: N.A.</h4>
          <div class="row top-buffer">
${subButton("description", "Description")}
${subButton("bulletpoints", "Features")}
${subButton("reviews", "Reviews")}
            ${attributes}
          </div>
        </div>
        <div class="col-sm-2">
          <div class="row top-buffer">
            <form method="post" action="${escapeHtml(frame.links.done(product.asin, options))}">
              <button type="submit" class="btn btn-lg purchase">Buy Now</button>
            </form>
          </div>
        </div>
      </div>
    </div>
  </body>${frame.itemScript(page)}`;
}

interface ChoiceText {
  /** Value in markup. */
  readonly label: string;
  /** Value in a URL in markup. */
  readonly value: string;
}

/** Option texts by quoting function and product; cached because they appear on every page of the product. */
const knownChoices = new WeakMap<PageLinks["quoteOptions"], WeakMap<Product, ChoiceText[][]>>();

/** Texts of a product's option values, `[option][value]`. */
function choiceTexts(product: Product, { quoteOptions }: PageLinks): ChoiceText[][] {
  let ofProducts = knownChoices.get(quoteOptions);
  if (ofProducts === undefined) knownChoices.set(quoteOptions, (ofProducts = new WeakMap()));
  let texts = ofProducts.get(product);
  if (texts === undefined) {
    texts = product.options.map(({ values }) =>
      values.map((value) => ({
        label: escapeHtml(value),
        value: escapeHtml(quoteOptions(pythonRepr(value))),
      })),
    );
    ofProducts.set(product, texts);
  }
  return texts;
}

function optionsHtml(page: Extract<Page, { name: "item" }>, frame: PageFrame): string {
  const { product, keywords, pageNumber, options } = page;
  const { links } = frame;
  if (product.options.length === 0) return "";
  const start = escapeHtml(links.itemStart({ asin: product.asin, keywords, pageNumber, options }));
  const quoteUrl = (literal: string): string => escapeHtml(links.quoteOptions(literal));
  return product.options
    .map(({ name }, group) => {
      // The URLs of an option differ only in the chosen value.
      const entries = [...options];
      const known = entries.findIndex(([chosen]) => chosen === name);
      const index = known === -1 ? entries.length : known;
      const before = pythonDict([...entries.slice(0, index), [name, ""]]).slice(0, -"''}".length);
      const after = entries.slice(index + 1);
      const head = start + quoteUrl(before);
      const tail = quoteUrl(after.length === 0 ? "}" : `, ${pythonDict(after).slice("{".length)}`);
      const id = `radio_${escapeHtml(name)}`;
      const shownName = escapeHtml(name);
      const choices = choiceTexts(product, links)[group]!.map(
        ({ label, value }, i) => `
                  
                  
                  
                  <input type="radio" id="${id}${i}" name="${shownName}" value="${label}" data-url="${head}${value}${tail}">
                  <label for="${id}${i}">${label}</label>
                `,
      );
      return `
            <div class="row top-buffer">
              <h4>${shownName}</h4>
              <div class="radio-toolbar">
                ${choices.join("")}
              </div>
            </div>
          `;
    })
    .join("");
}

function subPageHtml(page: Extract<Page, { name: "sub" }>, frame: PageFrame): string {
  const { product, keywords, pageNumber, options, subPage } = page;
  const target = frame.links.item({ asin: product.asin, keywords, pageNumber, options });
  const list = (texts: readonly string[]): string =>
    `                <ul>
                  ${texts
                    .map(
                      (text) => `
                  <li><p class="product-info"> ${escapeHtml(text)}</p></li>
                  `,
                    )
                    .join("")}
                </ul>`;
  const [name, content] =
    subPage === "Description"
      ? [
          "description",
          `                <p class="product-info">${escapeHtml(product.description)}</p>`,
        ]
      : subPage === "Features"
        ? ["bulletpoints", list(product.bulletPoints)]
        : subPage === "Reviews"
          ? ["reviews", "                "]
          : [
              "attributes",
              `${list(product.attributes)}
                <h5 class="product-category">${escapeHtml(product.category)}</h5>
                <h5 class="product-query">${escapeHtml(product.query)}</h5>
                <h5 class="product-product_category">${escapeHtml(product.productCategory)}</h5>`,
            ];
  return `${backHtml(target)}
      <div class="row top-buffer">
        <div class="col-md-12">
          <div class="row top-buffer">
            <div class="col-sm-6" name="${name}">
              <div class="card card-body">
${content}
              </div>
            </div>
          </div>
        </div>
      </div>
    </div>
  </body>`;
}

function doneHtml(page: Extract<Page, { name: "done" }>, frame: PageFrame): string {
  const receipt = frame.receipt(page);
  const toMarkup = (text: string): string => escapeHtml(text);
  return `<!DOCTYPE html>
<html>
  <head>
${frame.plainHead}
  </head>
  <body>
    <!-- Code reference: https://bootsnipp.com/snippets/m13mN -->
    <div class="container" style="margin-top: 8%;">
      <div class="col-md-6 col-md-offset-3">     
        <div class="row">
          <div id="thankyou" class="text-center">
            <h1>Thank you for shopping with us!</h1>
          </div>
          <div id="stats" class="text-center">
            <h3 align="mturk_code">Your code: </h3>
            <p><pre>${toMarkup(receipt.code)}</pre> (Paste it in your MTurk interface.)</p>
            <div style="display:none">
              <h2 align="left">Purchased</h2>
              <hr class="solid">
              <h4 id="asin">asin<pre>${toMarkup(page.product.asin)}</pre></p>
              <h4 id="options">options<pre>${optionsJson(page.options)}</pre></h4>
              <h4 id="purchased_attrs">attrs<pre>${toMarkup(receipt.attributes)}</pre></h4>
              <h4 id="purchased-category">category<pre>${toMarkup(receipt.category)}</pre></h4>
              <h4 id="purchased-query">query<pre>${toMarkup(receipt.query)}</pre></h4>
              <h4 id="purchased-pc">product category<pre>${toMarkup(receipt.productCategory)}</pre></h4>
              <h2 align="left">Target</h2>
              <hr class="solid">
              <h4 id="goal-asin">asin<pre>${toMarkup(receipt.goalAsin)}</pre></p>
              <h4 id="goal-options">options<pre>${toMarkup(receipt.goalOptions)}</pre></h4>
              <h4 id="goal-attrs">attrs<pre>${toMarkup(receipt.goalAttributes)}</pre></h4>
              <h4 id="goal-price">price upper<pre>${toMarkup(receipt.goalPrice)}</pre></h4>
              <h4 id="goal-instruction-text">instuction text<pre>${toMarkup(receipt.goalText)}</pre></h4>
              <h4 id="goal-category">category<pre>${toMarkup(receipt.goalCategory)}</pre></h4>
              <h4 id="goal-pc">product category<pre>${toMarkup(receipt.goalProductCategory)}</pre></h4>
              <h4 id="goal-query">query<pre>${toMarkup(receipt.goalQuery)}</pre></h4>
              <h4>Goal <div id="goal"><pre>${toMarkup(receipt.goal)}</pre></div></h4>
              <h2 align="left">Reward</h2>
            </div>
            <hr class="solid">
      			<h3   id="reward">Your score (min 0.0, max 1.0)<pre>${pythonFloat(page.reward)}</pre></h3>
            <h4 hidden>Reward Details <div id="reward_info"><pre>${toMarkup(receipt.rewardDetails)}</pre></div></h4>
          </div>
        </div>            
      </div>
    </div>${receipt.appendix}
  </body>
</html>`;
}

/** Script of an item page in WebShop's code, for mode `html`. */
export function referenceItemScript({ product, options }: Extract<Page, { name: "item" }>): string {
  const images = product.optionImages
    .toSorted(([a], [b]) => comparePythonTexts(a, b))
    .map(([value, image]) => `${asciiJson(value)}: ${image === null ? "null" : asciiJson(image)}`);
  const chosen = [...options].sort(([a], [b]) => comparePythonTexts(a, b));
  return `
  <script>
    $(document).ready(function() {
      $('input:radio').each(function() {
        //console.log($(this).val());
        let options = JSON.parse(\`${escapeMarkup(jsonDict(chosen))}\`);
        let optionValues = $.map(options, function(value, key) { return value });
        //console.log(optionValues);
        if (optionValues.includes($(this).val())) {
          $(this).prop('checked', true);

          let option_to_image = JSON.parse(\`${escapeMarkup(`{${images.join(", ")}}`)}\`);
//          console.log($(this).val());
//          console.log(options);
//          console.log(option_to_image);
          let image_url = option_to_image[$(this).val()];

          //console.log(image_url);
          if (image_url) {
            $("#product-image").attr("src", image_url);
          }
        }
        
        // reload with updated options
        this.addEventListener("click", function() {
          window.location.href = this.dataset.url;
        });

      });
    });
  </script>`;
}
