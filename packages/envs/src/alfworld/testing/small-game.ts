import type { Game, GameFile, LoadOptions } from "../game.ts";
import { loadGame } from "../load-game.ts";

/** Parts of a small game; omitted parts get minimal defaults. */
export interface SmallGame {
  /** Types, as in `:types`. */
  readonly types?: string;
  /** Predicates, as in `:predicates`. */
  readonly predicates?: string;
  /** Additional sections of the domain. */
  readonly domain?: string;
  readonly objects?: string;
  readonly init?: string;
  readonly goal?: string;
  /** Grammar rules: texts, or lists of texts with conditions. */
  readonly rules?: Readonly<
    Record<string, string | readonly { readonly condition?: string; readonly rhs: string }[]>
  >;
  /** Actions by name: command text, answer, and PDDL. */
  readonly actions?: Readonly<
    Record<string, { readonly type: string; readonly say: string; readonly pddl: string }>
  >;
}

/** Creates the file of a small game. */
export function smallGameFile({
  types = "",
  predicates = "",
  domain = "",
  objects = "",
  init = "",
  goal = "()",
  rules = {},
  actions = {},
}: SmallGame): GameFile {
  const names = Object.entries(actions);
  const grammar = Object.fromEntries(
    Object.entries({
      intro: "Hello. #task#",
      task: "Your task is to: have fun.",
      list_empty: "nothing",
      list_separator: ", ",
      list_last_separator: ", and ",
      ...rules,
    }).map(([symbol, rule]) => [symbol, typeof rule === "string" ? [{ rhs: rule }] : rule]),
  );
  return {
    pddl_domain: `(define (domain small)
      (:requirements :adl :typing)
      (:types ${types})
      (:predicates ${predicates} (used))
      ${domain}
      ${names.map(([name, { pddl }]) => `(:action ${name} ${pddl})`).join("\n")})`,
    pddl_problem: `(define (problem p) (:domain small)
      (:objects ${objects}) (:init ${init}) (:goal ${goal}))`,
    grammar: [
      `grammar :: """${JSON.stringify(grammar)}""";`,
      ...names.map(
        ([name, { type, say }]) =>
          `action ${name} { template :: "${type}"; feedback :: "${say}"; }`,
      ),
    ].join("\n"),
  };
}

/** Loads a small game; objects are named by their ids. */
export function smallGame(parts: SmallGame, options: LoadOptions = { naming: "ids" }): Game {
  return loadGame(smallGameFile(parts), "small", options);
}

/** Creates an action without parameters that is always applicable and has a fixed answer. */
export function createAnswerAction(say: string): { type: string; say: string; pddl: string } {
  return { type: "say", say, pddl: ":parameters () :precondition () :effect (used)" };
}

/**
 * House with the elements of ALFWorld's domain: receptacles at the same location, a cupboard with a
 * door, portable objects, and a lamp.
 */
export const smallHouse: GameFile = smallGameFile({
  types: "agent spot place thing kind",
  predicates: `(at ?a - agent ?s - spot) (placeAt ?p - place ?s - spot) (thingAt ?t - thing ?s - spot)
    (openable ?p - place) (opened ?p - place) (in ?t - thing ?p - place) (small ?t - thing)
    (holds ?a - agent ?t - thing) (holdsAny ?a - agent) (fits ?k - kind ?p - place)
    (isKind ?t - thing ?k - kind) (lamp ?t - thing) (lit ?t - thing) (seen ?x - object)`,
  objects: `me - agent hall_bar_s kitchen_bar_s den_bar_s - spot
    table_bar_1 table_bar_2 cupboard_bar_1 shelf_bar_1 - place
    cup_bar_1 cup_bar_2 fork_bar_1 lamp_bar_1 - thing CupKind ForkKind LampKind unusedThing - kind`,
  init: `(at me hall_bar_s)
    (placeAt table_bar_1 kitchen_bar_s) (placeAt cupboard_bar_1 kitchen_bar_s)
    (placeAt table_bar_2 den_bar_s) (placeAt shelf_bar_1 den_bar_s)
    (openable cupboard_bar_1)
    (in cup_bar_1 table_bar_1) (in cup_bar_1 table_bar_1) (in cup_bar_2 cupboard_bar_1)
    (in cup_bar_2 shelf_bar_1) (in fork_bar_1 table_bar_1) (in lamp_bar_1 table_bar_2)
    (thingAt cup_bar_1 kitchen_bar_s) (thingAt cup_bar_2 kitchen_bar_s)
    (thingAt fork_bar_1 kitchen_bar_s) (thingAt lamp_bar_1 den_bar_s)
    (small cup_bar_1) (small cup_bar_2) (small fork_bar_1) (lamp lamp_bar_1)
    (isKind cup_bar_1 CupKind) (isKind cup_bar_2 CupKind) (isKind fork_bar_1 ForkKind)
    (isKind lamp_bar_1 LampKind)
    (fits CupKind table_bar_1) (fits CupKind table_bar_2) (fits CupKind cupboard_bar_1)
    (fits CupKind shelf_bar_1) (fits ForkKind table_bar_1) (fits ForkKind table_bar_2)`,
  goal: `(exists (?p - place) (exists (?t - thing) (and (in ?t ?p) (isKind ?t CupKind)
    (fits ForkKind ?p) (exists (?o - thing) (and (not (= ?t ?o)) (in ?o ?p) (isKind ?o CupKind))))))`,
  rules: {
    intro: "You are at home. You see #places#.\n\n#task#",
    task: "Your task is to: put two cups on a table.",
    places: [
      {
        condition: "placeat(p: place, s: spot)",
        rhs: "[{#named(p)# | placeat(p: place, s: spot)}]",
      },
      { rhs: "nothing" },
    ],
    "named(p)": "{p.indefinite} {p.name or p.id}",
    content: [
      {
        condition: "openable(p: place) & opened(p: place)",
        rhs: "The {p.name} is open and holds [{t.indefinite + ' ' + t.name | in(t: thing, p: place)}].",
      },
      { condition: "openable(p: place)", rhs: "The {p.name} is closed." },
      { rhs: "On the {p.name} you see [{t.indefinite + ' ' + t.name | in(t: thing, p: place)}]." },
    ],
    around: [
      {
        condition: "at(a: agent, s: spot) & placeat(p: place, s: spot)",
        rhs: "You face [{p.name | at(a: agent, s: spot) & placeat(p: place, s: spot)}]. Loose: #loose#.",
      },
      { rhs: "You see #places#." },
    ],
    loose:
      "[{t.name | at(a: agent, s: spot) & thingat(t: thing, s: spot) & placeat(p: place, s: spot) & not_in(t: thing, p: place)}]",
    carried: [
      { condition: "holdsany(a: agent)", rhs: "You hold [{t.name | holds(a: agent, t: thing)}]." },
      { rhs: "You hold nothing." },
    ],
  },
  actions: {
    look: {
      type: "look",
      say: "#around#",
      pddl: ":parameters (?a - agent ?s - spot) :precondition (at ?a ?s) :effect (seen ?s)",
    },
    inventory: {
      type: "inventory",
      say: "#carried#",
      pddl: ":parameters (?a - agent) :precondition () :effect (seen ?a)",
    },
    go: {
      type: "go to [{p.name | placeat(p: place, to: spot)}]",
      say: "You are there. #content#",
      pddl: `:parameters (?a - agent ?from ?to - spot ?p - place)
        :precondition (and (at ?a ?from) (placeAt ?p ?to))
        :effect (and (not (at ?a ?from)) (at ?a ?to))`,
    },
    open: {
      type: "open {p}",
      say: "You open it. #content#",
      pddl: `:parameters (?a - agent ?s - spot ?p - place)
        :precondition (and (openable ?p) (at ?a ?s) (placeAt ?p ?s) (not (opened ?p)))
        :effect (and (opened ?p) (seen ?p))`,
    },
    close: {
      type: "close {p}",
      say: "You close it.",
      pddl: `:parameters (?a - agent ?s - spot ?p - place)
        :precondition (and (openable ?p) (at ?a ?s) (placeAt ?p ?s) (opened ?p))
        :effect (not (opened ?p))`,
    },
    take: {
      type: "take {t} from {p}",
      say: "You take the {t.name} from the {p.name}.",
      pddl: `:parameters (?a - agent ?s - spot ?t - thing ?p - place)
        :precondition (and (small ?t) (at ?a ?s) (placeAt ?p ?s) (in ?t ?p) (not (holdsAny ?a))
          (or (not (openable ?p)) (opened ?p)))
        :effect (and (not (in ?t ?p)) (holds ?a ?t) (holdsAny ?a) (not (thingAt ?t ?s)))`,
    },
    put: {
      type: "put {t} in {p}",
      say: "You put the {t.name} in the {p.name}.",
      pddl: `:parameters (?a - agent ?s - spot ?t - thing ?p - place ?k - kind)
        :precondition (and (holds ?a ?t) (at ?a ?s) (placeAt ?p ?s)
          (or (not (openable ?p)) (opened ?p)) (isKind ?t ?k) (fits ?k ?p))
        :effect (and (in ?t ?p) (thingAt ?t ?s) (not (holds ?a ?t)) (not (holdsAny ?a)))`,
    },
    examine: {
      type: "examine {t}",
      say: "It is a {t.name}.",
      pddl: `:parameters (?a - agent ?t - thing)
        :precondition (or (exists (?s - spot, ?p - place)
          (and (at ?a ?s) (placeAt ?p ?s) (in ?t ?p))) (holds ?a ?t))
        :effect (seen ?t)`,
    },
    use: {
      type: "use {t}",
      say: "You switch the {t.name}.",
      pddl: `:parameters (?a - agent ?s - spot ?t - thing ?p - place)
        :precondition (and (lamp ?t) (at ?a ?s) (placeAt ?p ?s) (in ?t ?p))
        :effect (and (seen ?t) (when (lit ?t) (not (lit ?t))) (when (not (lit ?t)) (lit ?t)))`,
    },
  },
});
