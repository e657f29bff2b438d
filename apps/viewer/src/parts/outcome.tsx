import type { JSX } from "preact";

/** Outcome by name, with a symbol, so that it is readable without colour. */
export function Outcome({ name }: { readonly name: string }): JSX.Element {
  const [kind = ""] = name.split(":");
  const mark = kind === "success" ? "●" : kind === "failed" ? "✕" : "○";
  return (
    <span class={`outcome ${kind}`}>
      <span aria-hidden="true">{mark}</span> {name.replace(":", ": ")}
    </span>
  );
}
