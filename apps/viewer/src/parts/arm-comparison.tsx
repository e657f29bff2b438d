import { useMemo, useState } from "preact/hooks";
import type { JSX } from "preact";
import type { Arm } from "../data/arms.ts";
import { compareArms } from "../data/compare-arms.ts";
import { fixed, signed } from "../format.ts";

/** Differences between two arms, seed by seed. */
export function ArmComparison({ arms }: { readonly arms: readonly Arm[] }): JSX.Element {
  const [[left, right], choose] = useState<readonly [number, number]>(() => defaultPair(arms));
  const [treatment, baseline] = [arms[left] ?? arms[0]!, arms[right] ?? arms[1]!];
  const rows = useMemo(() => compareArms(treatment, baseline), [treatment, baseline]);
  const select = (label: string, value: number, change: (next: number) => void): JSX.Element => (
    <label>
      {label}{" "}
      <select value={value} onChange={(event) => change(Number(event.currentTarget.value))}>
        {arms.map((arm, i) => (
          <option key={arm.label} value={i}>
            {arm.label}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <section aria-labelledby="differences">
      <h2 id="differences">Paired differences</h2>
      <p class="controls">
        {select("Treatment", left, (next) => choose([next, right]))}
        {select("minus baseline", right, (next) => choose([left, next]))}
      </p>
      {rows.length === 0 ? (
        <p class="quiet">No pairs: these arms have no seed in common, or no iteration yet.</p>
      ) : (
        <>
          <div class="scroll" tabIndex={0} role="region" aria-label="Differences by measure">
            <table>
              <thead>
                <tr>
                  <th scope="col">measure</th>
                  <th scope="col" class="number">
                    {treatment.label}
                  </th>
                  <th scope="col" class="number">
                    {baseline.label}
                  </th>
                  <th scope="col" class="number">
                    difference
                  </th>
                  <th scope="col" class="number">
                    95 % interval
                  </th>
                  <th scope="col" class="number">
                    p
                  </th>
                  <th scope="col">seeds</th>
                </tr>
              </thead>
              <tbody>
                {rows.map(({ measure, interval, ...row }) => (
                  <tr key={measure.label}>
                    <th scope="row">{measure.label}</th>
                    <td class="number">{fixed(row.treatment, measure.decimals)}</td>
                    <td class="number">{fixed(row.baseline, measure.decimals)}</td>
                    <td class="number">
                      <b>{signed(row.difference, measure.decimals)}</b>
                    </td>
                    <td class="number">
                      {interval === undefined
                        ? "one seed: none"
                        : `${signed(interval.low, measure.decimals)} to ${signed(interval.high, measure.decimals)}`}
                    </td>
                    <td class="number">
                      {fixed(row.p, 3)} <small class="quiet">≥ {fixed(row.smallestP, 3)}</small>
                    </td>
                    <td>{row.seeds.join(", ")}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <p class="quiet">
            Paired t interval over seeds; p of the exact sign-flip test, with the smallest p that
            this number of seeds can reach. Iterations are compared up to the last one that all of
            these runs have. p is not corrected for the number of measures shown; a study names its
            one primary measure in advance.
          </p>
        </>
      )}
    </section>
  );
}

/**
 * Default pair: a modulated arm minus an arm without modulation, if both exist; otherwise the first
 * two arms.
 */
function defaultPair(arms: readonly Arm[]): readonly [number, number] {
  const plain = arms.findIndex(({ runs }) => kindOf(runs[0]!.config["modulation"]) === "none");
  if (plain < 0) return [1, 0];
  return [arms.findIndex((_, i) => i !== plain), plain];
}

function kindOf(modulation: unknown): unknown {
  return (modulation as { readonly kind?: unknown } | undefined)?.kind;
}
