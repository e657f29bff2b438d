import { useMemo } from "preact/hooks";
import type { JSX } from "preact";

/**
 * Link to the licences of the libraries in the page, which are in the exported page or on its
 * server.
 */
export function Licences(): JSX.Element {
  const text = useMemo(() => document.getElementById("licences")?.textContent, []);
  if (text === undefined) {
    return (
      <p>
        <a href="THIRD-PARTY.txt">Licences of the libraries in this page</a>
      </p>
    );
  }
  return (
    <details class="licences">
      <summary>Licences of the libraries in this page</summary>
      <pre tabIndex={0} aria-label="Licences">
        {JSON.parse(text) as string}
      </pre>
    </details>
  );
}
