import { useState } from "preact/hooks";
import type { JSX } from "preact";
import { visibleText } from "../data/visible-text.ts";
import { count } from "../format.ts";

/** Characters that are shown first; an observation can have a million. */
const shownFirst = 4000;
/** Characters that are added with each click: more at once would make the page slow. */
const shownMore = 100_000;

/** Text that a model or an environment wrote; the rest of a long text is shown on demand. */
export function LongText({ text }: { readonly text: string }): JSX.Element {
  const [limit, setLimit] = useState(shownFirst);
  if (text === "") return <span class="quiet">empty</span>;
  const rest = text.length - limit;
  return (
    <>
      <bdi>{visibleText(text.slice(0, limit))}</bdi>
      {rest > 0 && (
        <button type="button" class="more" onClick={() => setLimit(limit + shownMore)}>
          {count(Math.min(rest, shownMore))} more of {count(text.length)} characters
        </button>
      )}
    </>
  );
}
