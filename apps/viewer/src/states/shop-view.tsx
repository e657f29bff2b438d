import { formatCount } from "@turnwise/core";
import type { ShopState } from "@turnwise/core";
import type { JSX } from "preact";
import { fixed } from "../format.ts";

/** A page of the shop: results, or a product with its options. */
export function ShopView({ state }: { readonly state: ShopState }): JSX.Element {
  const {
    instruction,
    page,
    query,
    results = [],
    numResults,
    pageNumber,
    product,
    section,
    score,
  } = state;
  return (
    <>
      <p class="quiet">{instruction}</p>
      <p>
        <b>{page}</b>
        {section !== undefined && `: ${section}`}
        {query !== undefined && (
          <>
            {" "}
            for <q>{query}</q>
          </>
        )}
        {numResults !== undefined && (
          <span class="quiet">
            {" "}
            {formatCount(numResults, "result")}, page {pageNumber}
          </span>
        )}
        {score !== undefined && <span class="outcome"> score {fixed(score)}</span>}
      </p>
      {results.length > 0 && (
        <ul class="plain-list">
          {results.map(({ id, title, price }) => (
            <li key={id}>
              <code>{id}</code> {title} <span class="quiet">{price}</span>
            </li>
          ))}
        </ul>
      )}
      {product !== undefined && (
        <>
          <p>
            <b>{product.title}</b> <span class="price">{product.price}</span>
            <br />
            <span class="quiet">
              <code>{product.id}</code> {product.category}
            </span>
          </p>
          {product.options.map(({ name, values, chosen }) => (
            <p key={name} class="options">
              <span class="quiet">{name}</span>{" "}
              {values.map((value) => (
                <span key={value} class={value === chosen ? "option chosen" : "option"}>
                  {value}
                  {value === chosen && <span class="hidden"> chosen</span>}
                </span>
              ))}
            </p>
          ))}
          {product.features.length > 0 && (
            <details>
              <summary>features and description</summary>
              <ul>
                {product.features.map((feature) => (
                  <li key={feature}>{feature}</li>
                ))}
              </ul>
              <p>{product.description}</p>
            </details>
          )}
        </>
      )}
    </>
  );
}
