/** Rules of one symbol; the first rule whose condition holds is used. */
type Rules = readonly { readonly condition?: string; readonly rhs: string }[];

const contents = "[{o.indefinite + ' ' + o.name | inreceptacle(o:object, r:receptacle)}]";
const here = "atlocation(a:agent, l:location) & receptacleatlocation(r:receptacle, l:location)";
// The order of the conjuncts determines the order in which objects are listed.
const moved =
  "atlocation(a:agent, l:location) & objectatlocation(o:object, l:location) & receptacleatlocation(r:receptacle, l:location) & not_inreceptacle(o:object, r:receptacle)";

/** All sentences except the task, in the benchmark's wording. */
const symbols: Readonly<Record<string, Rules>> = {
  intro: [{ rhs: "-= Welcome to TextWorld, ALFRED! =-\n\n#room#\n\n#task#" }],
  room: [
    {
      rhs: "You are in the middle of a room. Looking quickly around you, you see [{r.indefinite + ' ' + r.name | receptacleatlocation(r:receptacle, l:location)}].",
    },
  ],
  "look.feedback": [
    {
      condition: here,
      rhs: `You are facing the [{r.name | ${here}}]. Next to it, you see [{o.indefinite + ' ' + o.name | ${moved}}].`,
    },
    { rhs: "#room#" },
  ],
  receptacle: [
    {
      condition: "openable(r:receptacle) & opened(r:receptacle)",
      rhs: `The {r.name} is open. In it, you see ${contents}.`,
    },
    { condition: "openable(r:receptacle)", rhs: "The {r.name} is closed." },
    { rhs: `On the {r.name}, you see ${contents}.` },
  ],
  held: [
    {
      condition: "holdsany(a:agent)",
      rhs: "You are carrying: [{o.indefinite + ' ' + o.name | holds(a:agent, o:object)}].",
    },
    { rhs: "You are not carrying anything." },
  ],
  treatment: [
    { condition: "isclean(o:object) & ishot(o:object)", rhs: "hot and clean" },
    { condition: "isclean(o:object) & iscool(o:object)", rhs: "cool and clean" },
    { condition: "isclean(o:object)", rhs: "clean" },
    { condition: "ishot(o:object)", rhs: "hot" },
    { rhs: "cool" },
  ],
  object: [
    {
      condition: "isreceptacleobject(o:object)",
      rhs: "This is a normal {o.name}. In it, you see [{i.indefinite + ' ' + i.name | inreceptacleobject(i:object, o:object)}].",
    },
    ...["isclean", "ishot", "iscool"].map((fact) => ({
      condition: `issliced(o:object) & ${fact}(o:object)`,
      rhs: "This is a #treatment# sliced {o.name}.",
    })),
    ...["isclean", "ishot"].map((fact) => ({
      condition: `${fact}(o:object)`,
      rhs: "This is a #treatment# {o.name}.",
    })),
    { condition: "iscool(o:object)", rhs: "This is a cold {o.name}." },
    { condition: "istoggled(o:object)", rhs: "This {o.name} is on." },
    { condition: "issliced(o:object)", rhs: "This is a sliced {o.name}." },
    { rhs: "There's nothing special about {o.name}." },
  ],
  list_empty: [{ rhs: "nothing" }],
  list_separator: [{ rhs: ", " }],
  list_last_separator: [{ rhs: ", and " }],
};

const helpText = `
You can say:
  look, inventory, help
  go to, open, close (receptacle)
  examine (receptacle or object in hand)
  take (object) from (receptacle)
  move (object) to (receptacle)
  clean, heat, cool (object) with (receptacle)
  slice (object) with (object)
  use (object)
`;

/** Command text and feedback of each action. */
const actions: readonly (readonly [action: string, template: string, feedback: string])[] = [
  ["look", "look", "#look.feedback#"],
  ["inventory", "inventory", "#held#"],
  ["help", "help", helpText],
  ["GotoLocation", "go to {r}", "You arrive at {r.name}. #receptacle#"],
  ["OpenObject", "open {r}", "You open the {r.name}. #receptacle#"],
  ["CloseObject", "close {r}", "You close the {r.name}."],
  ["PickupObject", "take {o} from {r}", "You pick up the {o.name} from the {r.name}."],
  ["PutObject", "move {o} to {r}", "You move the {o.name} to the {r.name}."],
  ["CleanObject", "clean {o} with {r}", "You clean the {o.name} using the {r.name}."],
  ["HeatObject", "heat {o} with {r}", "You heat the {o.name} using the {r.name}."],
  ["CoolObject", "cool {o} with {r}", "You cool the {o.name} using the {r.name}."],
  ["ToggleObject", "use {o}", "You turn on the {o.name}."],
  ["SliceObject", "slice {co} with {ko}", "You sliced the {co.name} with the {ko.name}."],
  ["examineReceptacle", "examine {r}", "#receptacle#"],
  ["examineObject", "examine {o}", "#object#"],
];

/** Placeholder of the goal in {@link template}; it occurs nowhere else in the grammar. */
const goalMark = "@goal@";

const template = [
  `grammar :: """\n${JSON.stringify(
    { ...symbols, task: [{ rhs: `Your task is to: ${goalMark}.` }] },
    undefined,
    1,
  )}\n""";`,
  ...actions.map(
    ([action, command, feedback]) =>
      `action ${action} {\n  template :: "${command}";\n  feedback :: "${feedback}";\n}`,
  ),
  "",
].join("\n\n");

/**
 * Creates the text grammar of generated games. Its sentences are the same as in released games,
 * except for the answer to `help`.
 * @param goal - Goal sentence, without the full stop.
 */
export function householdGrammar(goal: string): string {
  return template.replace(goalMark, goal);
}
