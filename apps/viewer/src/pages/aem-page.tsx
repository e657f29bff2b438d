import { signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { JSX } from "preact";
import { findSegment, groupMembers } from "../data/find-in-table.ts";
import {
  coefficientsOf,
  groupResponses,
  namedModulators,
  type GroupResponse,
} from "../data/modulate-group.ts";
import { readGroup } from "../data/read-group.ts";
import { visibleLine } from "../data/visible-text.ts";
import { fixed, segmentTitle } from "../format.ts";
import { setViewKeys } from "../keyboard.ts";
import { formatRoute, navigate } from "../route.ts";
import { runs, table } from "../state.ts";
import { useLoaded } from "../use-loaded.ts";

/** Settings of the sliders, kept when the group changes. */
const strength = signal(1);
const deadZone = signal(0.1);
const other = signal("empg");

interface Props {
  readonly run: string;
  readonly segment: string;
  readonly group: number;
}

/** AEM's formula on the responses of one group, with sliders. */
export function AemPage({ run, segment: name, group }: Props): JSX.Element {
  const rows = table.value;
  const segment = findSegment(runs.value, run, name);
  const members = useMemo(
    () => (segment === undefined ? [] : groupMembers(rows, segment, group)),
    [rows, run, name, group],
  );
  const { value: siblings, error } = useLoaded(`${run}/${name}/${group}/${members.length}`, () =>
    segment === undefined ? Promise.resolve([]) : readGroup(rows, segment, members),
  );
  const responses = useMemo(() => groupResponses(siblings ?? []), [siblings]);
  useEffect(() => setViewKeys({ u: () => navigate({ page: "group", run, segment: name, group }) }));
  if (error !== undefined) return <p class="problem">{error}</p>;
  if (segment === undefined || members.length === 0) {
    return (
      <p class="quiet">
        There is no such group in {run}, {name}, or its index is being read.
      </p>
    );
  }
  if (siblings === undefined) return <p class="quiet">Reading the group …</p>;
  if (responses.length === 0) {
    return <p class="quiet">No response of this group has recorded entropies.</p>;
  }
  return (
    <article>
      <nav class="crumbs" aria-label="Position">
        <a href={formatRoute({ page: "trajectories", query: `run:${run}`, sort: "" })}>
          {segment.run.name}
        </a>
        <span>{segmentTitle(name)}</span>
        <a href={formatRoute({ page: "group", run, segment: name, group })}>group {group}</a>
        <span>AEM by hand</span>
      </nav>
      <h1>AEM by hand</h1>
      <Workbench responses={responses} run={run} segment={name} />
    </article>
  );
}

interface WorkbenchProps {
  readonly responses: readonly GroupResponse[];
  readonly run: string;
  readonly segment: string;
}

function Workbench({ responses, run, segment }: WorkbenchProps): JSX.Element {
  const [lambda, zone, name] = [strength.value, deadZone.value, other.value];
  const own = useMemo(
    () =>
      coefficientsOf(
        // At strength 0 the dead zone has no effect, and the record must not contain it.
        lambda === 0
          ? { kind: "aem", strength: 0 }
          : { kind: "aem", strength: lambda, minEntropyRange: zone },
        responses,
      ),
    [responses, lambda, zone],
  );
  const second = useMemo(() => {
    const record = namedModulators.find(([known]) => known === name)![1];
    return coefficientsOf(record, responses);
  }, [responses, name]);
  const entropies = responses.map(({ entropy }) => entropy);
  const [low, high] = [Math.min(...entropies), Math.max(...entropies)];
  const range = high - low;
  const isDead = !(range > 0) || range < zone;
  const denominator = responses.reduce(
    (sum, { entropy }) =>
      sum + Math.exp(-lambda * (isDead ? 0 : (entropy - low) / range)) / responses.length,
    0,
  );
  return (
    <>
      <div class="workbench">
        <div class="sliders">
          <Slider label="strength λ" value={strength} max={4} step={0.05} />
          <Slider label="dead zone, nats per token" value={deadZone} max={1} step={0.01} />
          <p>
            <label>
              Compare with{" "}
              <select value={name} onChange={(event) => (other.value = event.currentTarget.value)}>
                {namedModulators.map(([known]) => (
                  <option key={known}>{known}</option>
                ))}
              </select>
            </label>
          </p>
          <div class="formula" role="note">
            <p>
              h = (entropy − {fixed(low, 3)}) / {fixed(range, 3)}
            </p>
            <p>
              coefficient = exp(−{fixed(lambda)} h) / {fixed(denominator, 4)}
            </p>
            <p class="quiet">
              The divisor is the mean of exp(−λ h) over the {responses.length} responses, so the
              mean coefficient is 1.{" "}
              {isDead
                ? `The entropies spread by ${fixed(range, 3)}, less than the dead zone: every coefficient is 1.`
                : `The largest coefficient is e^${fixed(lambda)} = ${fixed(Math.exp(lambda))} times the smallest.`}
            </p>
          </div>
        </div>
        <Scatter
          responses={responses}
          first={own.coefficients}
          second={second.coefficients}
          name={name}
        />
      </div>
      <ResponseTable {...{ responses, run, segment, name }} first={own} second={second} />
    </>
  );
}

function Slider({
  label,
  value,
  max,
  step,
}: {
  readonly label: string;
  readonly value: { value: number };
  readonly max: number;
  readonly step: number;
}): JSX.Element {
  return (
    <p>
      <label>
        <span>
          {label} <b>{fixed(value.value)}</b>
        </span>
        <input
          type="range"
          min={0}
          max={max}
          step={step}
          value={value.value}
          onInput={(event) => (value.value = Number(event.currentTarget.value))}
        />
      </label>
    </p>
  );
}

const width = 460;
const height = 240;
const left = 40;
const bottom = 34;

/** Coefficients by entropy: of the formula, and of another modulator. */
function Scatter({
  responses,
  first,
  second,
  name,
}: {
  readonly responses: readonly GroupResponse[];
  readonly first: readonly number[];
  readonly second: readonly number[];
  readonly name: string;
}): JSX.Element {
  const highestEntropy = Math.max(...responses.map(({ entropy }) => entropy), 0.1);
  const highest = Math.max(...first, ...second, 1) * 1.08;
  const lowest = Math.min(0, ...second);
  const x = (entropy: number): number => left + (entropy / highestEntropy) * (width - left - 12);
  const y = (value: number): number =>
    height - bottom - ((value - lowest) / (highest - lowest)) * (height - bottom - 10);
  const ticks = [0, 0.5, 1, 1.5, 2, 3, 4].filter((tick) => tick <= highest);
  return (
    <figure class="scatter">
      <svg
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={`Coefficient by entropy: AEM and ${name}`}
      >
        {ticks.map((tick) => (
          <g key={tick}>
            <line
              x1={left}
              x2={width}
              y1={y(tick)}
              y2={y(tick)}
              class={tick === 1 ? "one" : "grid"}
            />
            <text x={left - 6} y={y(tick) + 4} text-anchor="end">
              {tick}
            </text>
          </g>
        ))}
        {[0, 0.25, 0.5, 0.75, 1].map((share) => (
          <text key={share} x={x(share * highestEntropy)} y={height - 16} text-anchor="middle">
            {fixed(share * highestEntropy, 2)}
          </text>
        ))}
        <text x={width - 12} y={height - 2} text-anchor="end">
          mean token entropy, nats
        </text>
        <text x={left + 4} y={12}>
          coefficient
        </text>
        {responses.map(({ entropy }, i) => (
          <circle key={`second ${i}`} cx={x(entropy)} cy={y(second[i]!)} r="3" class="second" />
        ))}
        {responses.map(({ entropy, advantage }, i) => (
          <circle
            key={`first ${i}`}
            cx={x(entropy)}
            cy={y(first[i]!)}
            r="3.5"
            class={advantage < 0 ? "first negative" : "first positive"}
          />
        ))}
      </svg>
      <ul class="legend">
        <li>
          <i class="dot positive" /> AEM, advantage ≥ 0
        </li>
        <li>
          <i class="dot negative" /> AEM, advantage &lt; 0
        </li>
        <li>
          <i class="dot ring second" /> {name}
        </li>
      </ul>
    </figure>
  );
}

interface Modulated {
  readonly coefficients: readonly number[];
  readonly advantages: readonly number[];
}

function ResponseTable({
  responses,
  run,
  segment,
  first,
  second,
  name,
}: WorkbenchProps & {
  readonly first: Modulated;
  readonly second: Modulated;
  readonly name: string;
}): JSX.Element {
  const order = responses
    .map((_, i) => i)
    .sort((a, b) => responses[a]!.entropy - responses[b]!.entropy);
  return (
    <div class="scroll tall" tabIndex={0} role="region" aria-label="Responses">
      <table>
        <thead>
          <tr>
            <th scope="col">response</th>
            <th scope="col">action</th>
            <th scope="col" class="number">
              entropy
            </th>
            <th scope="col" class="number">
              advantage
            </th>
            <th scope="col" class="number">
              coefficient
            </th>
            <th scope="col" class="number">
              modulated
            </th>
            <th scope="col" class="number">
              in the run
            </th>
            <th scope="col" class="number">
              {name}
            </th>
            <th scope="col" class="number">
              modulated
            </th>
          </tr>
        </thead>
        <tbody>
          {order.map((i) => {
            const { row, trajectory, turn, action, entropy, advantage, recorded } = responses[i]!;
            return (
              <tr key={i}>
                <th scope="row">
                  <a href={formatRoute({ page: "trajectory", run, segment, row, turn })}>
                    {trajectory}, turn {turn}
                  </a>
                </th>
                <td class="clip">
                  {action === "" ? <span class="quiet">no action</span> : visibleLine(action, 100)}
                </td>
                <td class="number">{fixed(entropy, 3)}</td>
                <td class="number">{fixed(advantage)}</td>
                <td class="number">
                  <b>{fixed(first.coefficients[i], 3)}</b>
                </td>
                <td class="number">{fixed(first.advantages[i])}</td>
                <td class="number">{fixed(recorded, 3)}</td>
                <td class="number">{fixed(second.coefficients[i], 3)}</td>
                <td class="number">{fixed(second.advantages[i])}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
