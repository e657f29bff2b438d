import { useEffect, useRef } from "preact/hooks";
import type { JSX } from "preact";
import { keyList } from "../key-list.ts";
import { isHelpOpen } from "../keyboard.ts";
import { Licences } from "./licences.tsx";

/** Dialog with the list of keys. */
export function Help(): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} aria-labelledby="help-title" onClose={() => (isHelpOpen.value = false)}>
      <h2 id="help-title">Keys</h2>
      <dl class="keys">
        {keyList.map(([key, meaning]) => (
          <div key={key}>
            <dt>
              {key.split(" ").map((one) => (
                <kbd key={one}>{one}</kbd>
              ))}
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <Licences />
      <form method="dialog">
        <button>Close</button>
      </form>
    </dialog>
  );
}
