import type { HouseholdObject, HouseholdReceptacle, HouseholdState } from "@turnwise/core";
import type { JSX } from "preact";

/**
 * A room: receptacles with the objects that the agent has seen in them, and the agent's inventory.
 */
export function HouseholdView({ state }: { readonly state: HouseholdState }): JSX.Element {
  const { goal, isSolved, location, inventory, receptacles } = state;
  const isUnseen = ({ name, door, contents }: HouseholdReceptacle): boolean =>
    contents === null && door !== "closed" && name !== location;
  const unseen = receptacles.filter(isUnseen);
  return (
    <>
      <p>
        <b>{goal}</b> {isSolved && <span class="outcome success">solved</span>}
      </p>
      <p>
        <span class="quiet">holds</span>{" "}
        {inventory.length === 0 ? "nothing" : inventory.map(nameObject).join(", ")}
      </p>
      <ul class="room">
        {receptacles
          .filter((receptacle) => !isUnseen(receptacle))
          .map((receptacle) => (
            <Receptacle
              key={receptacle.name}
              receptacle={receptacle}
              isHere={receptacle.name === location}
            />
          ))}
      </ul>
      {unseen.length > 0 && (
        <p>
          <span class="quiet">not seen</span> {unseen.map(({ name }) => name).join(", ")}
        </p>
      )}
    </>
  );
}

function Receptacle({
  receptacle: { name, door, contents },
  isHere,
}: {
  readonly receptacle: HouseholdReceptacle;
  readonly isHere: boolean;
}): JSX.Element {
  return (
    <li class={`${door}${isHere ? " here" : ""}`}>
      <b>{name}</b>
      {isHere && <span class="here-mark"> agent</span>}
      {(door === "open" || door === "closed") && <small> {door}</small>}
      <br />
      {contents === null ? (
        <span class="quiet">not seen</span>
      ) : contents.length === 0 ? (
        <span class="quiet">empty</span>
      ) : (
        contents.map(nameObject).join(", ")
      )}
    </li>
  );
}

/** Object with its treatments: `cup 1 (hot, clean)`. */
function nameObject({ name, marks = [] }: HouseholdObject): string {
  return marks.length === 0 ? name : `${name} (${marks.join(", ")})`;
}
