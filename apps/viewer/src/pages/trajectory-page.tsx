import { signal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { JSX } from "preact";
import type { EnvironmentState, RecordedTrajectory, RecordedTurn } from "@turnwise/training/reader";
import { findSegment, groupMembers, tablePosition } from "../data/find-in-table.ts";
import { openTrajectory } from "../data/read-turns.ts";
import type { TokenText } from "../data/token-text.ts";
import { meanAdvantage, tints, tintScale, type Tint } from "../data/token-values.ts";
import { textAt } from "../data/trajectory-table.ts";
import { visibleLine } from "../data/visible-text.ts";
import { fixed, formatRange, segmentTitle, words } from "../format.ts";
import { setViewKeys } from "../keyboard.ts";
import { CreditLegend, CreditStrip } from "../parts/credit-strip.tsx";
import { LongText } from "../parts/long-text.tsx";
import { Outcome } from "../parts/outcome.tsx";
import { Response, TokenTable, TurnNumbers } from "../parts/response.tsx";
import { formatRoute, navigate, type TrajectoryAddress } from "../route.ts";
import { runs, table, tokenTextOf } from "../state.ts";
import { StateView } from "../states/state-view.tsx";
import { useLoaded } from "../use-loaded.ts";

/** Tint of the tokens, kept when the trajectory changes. */
const tint = signal<Tint>("entropy");

type Props = TrajectoryAddress & { readonly turn: number | undefined };

/** One trajectory, turn by turn. */
export function TrajectoryPage(props: Props): JSX.Element {
  const { run: id, segment: name, row } = props;
  const segment = findSegment(runs.value, id, name);
  const { value, error } = useLoaded(`${id}/${name}/${row}`, async () => {
    if (segment === undefined) throw new RangeError(`${id}/${name}: there is no such segment`);
    const [trajectory, text] = await Promise.all([
      openTrajectory(segment.run, name, row),
      tokenTextOf(segment.run),
    ]);
    return { trajectory, text };
  });
  const rows = table.value;
  const position = segment && tablePosition(rows, segment, row);
  const group = position === undefined ? undefined : rows.numbers.group[position];
  const siblings = useMemo(
    () => (segment === undefined || group === undefined ? [] : groupMembers(rows, segment, group)),
    [rows, id, name, group],
  );
  const place = siblings.indexOf(position ?? -1);
  const go = (by: number): void => {
    const next = siblings[place + by];
    if (next !== undefined) {
      navigate({
        page: "trajectory",
        run: id,
        segment: name,
        row: rows.row[next]!,
        turn: undefined,
      });
    }
  };
  const groupRoute = { run: id, segment: name, group: group ?? 0 };
  const numTurns = value?.trajectory.turns.length ?? 0;
  const turn = props.turn;
  useEffect(() =>
    setViewKeys({
      "[": () => go(-1),
      "]": () => go(1),
      j: () => showTurn(props, Math.min(numTurns - 1, (turn ?? -1) + 1)),
      k: () => showTurn(props, Math.max(0, (turn ?? 1) - 1)),
      g: () => navigate({ page: "group", ...groupRoute }),
      a: () => navigate({ page: "aem", ...groupRoute }),
      t: () => (tint.value = tints[(tints.indexOf(tint.value) + 1) % tints.length]!),
      u: () => navigate({ page: "group", ...groupRoute }),
    }),
  );
  if (error !== undefined) return <p class="problem">{error}</p>;
  if (value === undefined) return <p class="quiet">Reading the trajectory …</p>;
  const { trajectory, text } = value;
  return (
    <article>
      <nav class="crumbs" aria-label="Position">
        <a href={formatRoute({ page: "trajectories", query: `run:${id}`, sort: "" })}>
          {segment!.run.name}
        </a>
        <a href={formatRoute({ page: "trajectories", query: queryOf(name), sort: "" })}>
          {segmentTitle(name)}
        </a>
        <a href={formatRoute({ page: "group", ...groupRoute })}>group {group ?? "–"}</a>
        <span>
          trajectory {trajectory.trajectoryIndex}
          {siblings.length > 1 && ` of ${siblings.length}`}
        </span>
        <span class="siblings">
          {siblings.length > 1 && (
            <>
              <button
                type="button"
                class="plain"
                disabled={place <= 0}
                onClick={() => go(-1)}
                title="Previous ( [ )"
              >
                ‹ previous
              </button>
              <button
                type="button"
                class="plain"
                disabled={place >= siblings.length - 1}
                onClick={() => go(1)}
                title="Next ( ] )"
              >
                next ›
              </button>
            </>
          )}
          <a href={formatRoute({ page: "tasks", task: trajectory.taskId })}>this task over time</a>
          <a href={formatRoute({ page: "aem", ...groupRoute })}>AEM by hand</a>
        </span>
      </nav>
      <h1 class="task">
        {visibleLine(words(trajectory.taskKind), 100)}{" "}
        <small>{visibleLine(trajectory.taskId)}</small>
      </h1>
      <TrajectoryFacts trajectory={trajectory} position={position} />
      <CreditStrip
        turns={trajectory.turns}
        current={turn}
        onPick={(index) => showTurn(props, index)}
      />
      <CreditLegend turns={trajectory.turns} />
      <TintChoice />
      <section class="turns" aria-label="Turns">
        <div class="turn first">
          <div class="turn-head">
            <h2>Start</h2>
          </div>
          <div class="turn-body">
            <div class="turn-text">
              <Text label="observation" text={trajectory.firstObservation} />
            </div>
            <StateView state={trajectory.turns[0]?.state ?? trajectory.finalState} />
          </div>
        </div>
        {trajectory.turns.map((one, index) => (
          <TurnCard
            key={index}
            index={index}
            turn={one}
            stateAfter={trajectory.turns[index + 1]?.state ?? trajectory.finalState}
            text={text}
            isCurrent={index === turn}
            link={formatRoute({ page: "trajectory", ...addressOf(props), turn: index })}
          />
        ))}
      </section>
      <p class="end">
        <Outcome name={outcomeText(trajectory)} />
      </p>
    </article>
  );
}

const addressOf = ({ run, segment, row }: TrajectoryAddress): TrajectoryAddress => ({
  run,
  segment,
  row,
});

function showTurn(props: Props, turn: number): void {
  navigate({ page: "trajectory", ...addressOf(props), turn }, { isSilent: true });
}

/** Query for the trajectories of a segment. */
function queryOf(segment: string): string {
  const iteration = /^iteration-(\d+)$/u.exec(segment);
  return iteration === null
    ? "stage:evaluation"
    : `iteration=${Number(iteration[1])} stage:iteration`;
}

function outcomeText({ outcome }: RecordedTrajectory): string {
  if (outcome.kind === "terminated") return outcome.isSuccess ? "success" : "failure";
  if (outcome.kind === "truncated") {
    return `truncated: limit of ${outcome.limit}${outcome.message === undefined ? "" : `, ${outcome.message}`}`;
  }
  return `failed: ${outcome.error.kind}, ${outcome.error.message}`;
}

function TrajectoryFacts({
  trajectory,
  position,
}: {
  readonly trajectory: RecordedTrajectory;
  readonly position: number | undefined;
}): JSX.Element {
  const rows = table.value;
  const number = (name: "return" | "entropy" | "advantage", decimals: number): string =>
    position === undefined ? "–" : fixed(rows.numbers[name][position], decimals);
  const facts: (readonly [string, JSX.Element | string])[] = [
    [
      "outcome",
      <Outcome
        key="outcome"
        name={position === undefined ? "" : textAt(rows, "outcome", position)}
      />,
    ],
    ["return", number("return", 2)],
    ["turns", String(trajectory.turns.length)],
    ["entropy", number("entropy", 3)],
    ["advantage", number("advantage", 2)],
    [
      "coefficients",
      position === undefined
        ? "–"
        : formatRange(
            rows.numbers.coefficientMin[position],
            rows.numbers.coefficientMax[position],
            3,
          ),
    ],
    ["use", trajectory.status ?? "unknown"],
    ["policy version", String(trajectory.policyVersion)],
  ];
  return (
    <dl class="facts small">
      {facts.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function TintChoice(): JSX.Element {
  return (
    <fieldset class="tints">
      <legend>Tint tokens by</legend>
      {tints.map((one) => (
        <label key={one}>
          <input
            type="radio"
            name="tint"
            checked={tint.value === one}
            onChange={() => (tint.value = one)}
          />
          {one}
        </label>
      ))}
      <span class="quiet">{tint.value === "none" ? "" : tintScale[tint.value]}</span>
    </fieldset>
  );
}

function Text({
  label,
  text,
  isAction = false,
}: {
  readonly label: string;
  readonly text: string;
  readonly isAction?: boolean;
}): JSX.Element {
  return (
    <div class={isAction ? "text action" : "text"}>
      <span class="label">{label}</span>
      <div class="code">
        <LongText text={text} />
      </div>
    </div>
  );
}

interface TurnProps {
  readonly index: number;
  readonly turn: RecordedTurn;
  readonly stateAfter: EnvironmentState | undefined;
  readonly text: TokenText;
  readonly isCurrent: boolean;
  readonly link: string;
}

function TurnCard({ index, turn, stateAfter, text, isCurrent, link }: TurnProps): JSX.Element {
  const card = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (isCurrent) card.current?.scrollIntoView({ block: "nearest" });
  }, [isCurrent]);
  const { credit } = turn;
  return (
    <div class={isCurrent ? "turn current" : "turn"} ref={card} id={`turn-${index}`}>
      <div class="turn-head">
        <h2>
          <a href={link} title="Link to this turn">
            Turn {index}
          </a>
        </h2>
        {credit !== undefined && (
          <span class={meanAdvantage(credit.advantage) < 0 ? "credit negative" : "credit positive"}>
            {fixed(meanAdvantage(credit.baseAdvantage))} × {fixed(credit.coefficient, 2)}
          </span>
        )}
        <TurnNumbers turn={turn} />
      </div>
      <div class="turn-body">
        <div class="turn-text">
          <Fold label={`prompt, ${turn.promptTokens.length} tokens`}>
            {() => (
              <div class="code">
                <LongText text={text.decode(turn.promptTokens)} />
              </div>
            )}
          </Fold>
          <div class="text">
            <span class="label">response{turn.isValidAction ? "" : ", malformed"}</span>
            <div class="code">
              <Response turn={turn} text={text} tint={tint.value} />
            </div>
          </div>
          <Text label="action" text={turn.action} isAction />
          <Text label="observation" text={turn.observation} />
          <Fold label="values of the tokens">{() => <TokenTable turn={turn} text={text} />}</Fold>
        </div>
        <StateView state={stateAfter} />
      </div>
    </div>
  );
}

/** Section whose content is created when it is opened. */
function Fold({
  label,
  children,
}: {
  readonly label: string;
  readonly children: () => JSX.Element;
}): JSX.Element {
  const isOpen = useMemo(() => signal(false), []);
  return (
    <details onToggle={(event) => (isOpen.value = event.currentTarget.open)}>
      <summary>{label}</summary>
      {isOpen.value && children()}
    </details>
  );
}
