import type { RepositoryState, TestResults } from "@turnwise/core";
import type { JSX } from "preact";

/** A repository: changed files, their diff, and the verdict of the tests. */
export function RepositoryView({ state }: { readonly state: RepositoryState }): JSX.Element {
  const { instance, folder, lastCommand, files, diff, missing, verdict } = state;
  return (
    <>
      <p>
        <b>{instance}</b> <span class="quiet">{folder}</span>
      </p>
      {lastCommand !== null && (
        <>
          <p class="quiet">last call</p>
          <pre class="command">{lastCommand}</pre>
        </>
      )}
      {missing !== undefined && <p class="quiet">Changes are not known: {missing}</p>}
      {files.length === 0 && missing === undefined && <p class="quiet">No file has changed.</p>}
      <ul class="plain-list">
        {files.map(({ path, change, numAdded, numRemoved }) => (
          <li key={path}>
            <code>{path}</code> <span class="quiet">{change}</span>{" "}
            <span class="added">+{numAdded}</span> <span class="removed">−{numRemoved}</span>
          </li>
        ))}
      </ul>
      {diff !== "" && (
        <pre class="diff" tabIndex={0} aria-label="Diff">
          {diff.split("\n").map((line, i) => (
            <span key={i} class={classOfLine(line)}>
              {line}
              {"\n"}
            </span>
          ))}
        </pre>
      )}
      {verdict !== undefined && (
        <>
          <p>
            <span class={verdict.isResolved ? "outcome success" : "outcome failed"}>
              {verdict.isResolved ? "resolved" : "not resolved"}
            </span>
          </p>
          <Tests label="broken by the issue" results={verdict.failToPass} />
          <Tests label="must still pass" results={verdict.passToPass} />
        </>
      )}
    </>
  );
}

function classOfLine(line: string): string {
  if (/^(\+\+\+|---|diff |index )/u.test(line)) return "quiet";
  if (line.startsWith("@@")) return "hunk";
  if (line.startsWith("+")) return "added";
  return line.startsWith("-") ? "removed" : "";
}

function Tests({
  label,
  results,
}: {
  readonly label: string;
  readonly results: TestResults | undefined;
}): JSX.Element | null {
  if (results === undefined) return null;
  const { passed, failed } = results;
  return (
    <details>
      <summary>
        {label}: {passed.length} of {passed.length + failed.length} passed
      </summary>
      <ul class="plain-list">
        {failed.map((name) => (
          <li key={name} class="removed">
            failed <code>{name}</code>
          </li>
        ))}
        {passed.map((name) => (
          <li key={name} class="added">
            passed <code>{name}</code>
          </li>
        ))}
      </ul>
    </details>
  );
}
