import type { JSX } from "preact";
import { measureSegment, metricAt } from "../data/curves.ts";
import type { ViewedRun } from "../data/load-runs.ts";
import { summarizeRun } from "../data/summarize-run.ts";
import { count, duration, fixed, percent, short, signed, whole } from "../format.ts";
import { table } from "../state.ts";
import { experimentOf } from "../data/arms.ts";

/** Settings and progress of a run. */
export function RunFacts({ run }: { readonly run: ViewedRun }): JSX.Element {
  const { progress, manifest } = run;
  const {
    last,
    before,
    after,
    tokensPerSecond,
    seconds,
    secondsLeft,
    modulator,
    model,
    algorithm,
  } = summarizeRun(run);
  const success = metricAt(last, "success");
  const segment = run.segments.findLastIndex(({ metrics }) => metrics.stage === "iteration");
  const interval =
    segment < 0 ? undefined : measureSegment(table.value, run.position, segment, "success");
  return (
    <section class="facts-section">
      <h1>{run.name}</h1>
      <p class="quiet wrap">
        <span class={`state ${progress.state}`}>{progress.state}</span> {experimentOf(run)}, seed{" "}
        {whole(run.seed)}
        {" · "}modulator {modulator} · {algorithm} · {model}
        {typeof manifest["turnwise"] === "string" && ` · turnwise ${manifest["turnwise"]}`}
        {typeof manifest["startedAt"] === "string" &&
          ` · started ${manifest["startedAt"].slice(0, 16).replace("T", " ")}`}
      </p>
      <dl class="facts">
        <Fact label="iterations">
          {progress.iterations}
          {progress.numIterations !== undefined && <small> of {progress.numIterations}</small>}
        </Fact>
        <Fact
          label="success, last iteration"
          note={interval && `${percent(interval.low)} to ${percent(interval.high)}`}
        >
          {percent(success ?? undefined, 1)}
        </Fact>
        {before !== undefined && (
          <Fact
            label="evaluation"
            note={
              after === undefined
                ? "before training"
                : `${signed(100 * (after - before), 1)} points`
            }
          >
            {percent(before, 1)}
            {after !== undefined && <> → {percent(after, 1)}</>}
          </Fact>
        )}
        <Fact label="return">{fixed(metricAt(last, "return") ?? undefined, 3)}</Fact>
        <Fact label="entropy" note="nats per token">
          {short(metricAt(last, "entropy") ?? undefined)}
        </Fact>
        <Fact label="turns">{fixed(metricAt(last, "turns") ?? undefined, 1)}</Fact>
        <Fact label="sampled tokens/s">
          {tokensPerSecond === undefined ? "–" : count(Math.round(tokensPerSecond))}
        </Fact>
        <Fact
          label="time"
          note={secondsLeft === undefined ? undefined : `about ${duration(secondsLeft)} left`}
        >
          {duration(seconds)}
        </Fact>
      </dl>
    </section>
  );
}

function Fact({
  label,
  note,
  children,
}: {
  readonly label: string;
  readonly note?: string | undefined;
  readonly children: JSX.Element | string | number | (JSX.Element | string | number | false)[];
}): JSX.Element {
  return (
    <div>
      <dt>{label}</dt>
      <dd>
        {children}
        {note !== undefined && <small class="note">{note}</small>}
      </dd>
    </div>
  );
}
