import type { JSX } from "preact";

/** Outcome by name, with a mark that does not depend on colour alone. */
export function Outcome({ name }: { readonly name: string }): JSX.Element {
  const [kind = ""] = name.split(":");
  const mark = kind === "success" ? "●" : kind === "failed" ? "✕" : "○";
  return (
    <span class={`outcome ${kind}`}>
      <span aria-hidden="true">{mark}</span> {name.replace(":", ": ")}
    </span>
  );
}
