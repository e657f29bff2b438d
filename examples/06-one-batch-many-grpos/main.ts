/** Computes advantages of the same eight returns under the GRPO variants of several frameworks. */
import { groupAdvantages, grpoPresets, type GrpoPreset } from "@turnwise/estimators";

const returns = [[1, 0, 0, 0, 0, 0, 0, 1]];
const presets: readonly GrpoPreset[] = [
  "verl",
  "trl",
  "rllm",
  "nemoRl",
  "areal",
  "primeRl",
  "rloo",
];

console.log("preset    baseline       scale       over           success   failure");
for (const preset of presets) {
  const { baseline, scale, scaleOver = "group" } = grpoPresets[preset];
  const [advantages] = groupAdvantages(returns, grpoPresets[preset]);
  const cells = [
    preset.padEnd(10),
    baseline!.padEnd(15),
    scale!.padEnd(12),
    (scale === "none" ? "" : scaleOver).padEnd(13),
    advantages![0]!.toFixed(6).padStart(9),
    advantages![1]!.toFixed(6).padStart(10),
  ];
  console.log(cells.join(""));
}

// With one group in the batch, mean and deviation over the batch equal those of the group. A second
// group with better returns makes the variants differ.
console.log("\nwith a second group of returns 1,1,1,0,1,1,1,1 in the batch:");
const both = [...returns, [1, 1, 1, 0, 1, 1, 1, 1]];
for (const preset of ["verl", "areal"] as const) {
  const [first] = groupAdvantages(both, grpoPresets[preset]);
  const [success, failure] = [first![0]!, first![1]!].map((a) => a.toFixed(6).padStart(10));
  console.log(`${preset.padEnd(10)}${success}${failure}`);
}
