// `npm test -- prose`: checks what can be checked mechanically in the English of comments and documents.
// With `--count` it prints the number of findings for each rule and does not fail.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { listFiles } from "./list-files.mjs";
import { root } from "./pnpm.mjs";

const longestReadme = 80;

/** Rules for lines of comments and documents. */
const rules = [
  {
    name: "opening",
    rule: "a comment opens with a noun or a verb, not with a relative clause",
    pattern:
      /^\s*(?:\/\*\*|\/\/)\s+(?:What|Whether|Of (?:each|all|the|a)\b|How|Which|Those|That)\s/u,
    in: /\.(?:ts|mjs)$/u,
  },
  {
    name: "word",
    rule: "a word that the field does not use",
    pattern:
      /\b(?:anew|is to be had|can be had|comes? to lie|gives? way to|hands? in|software is mended|stands? behind|thereof|wherein|so many rows)\b/iu,
    in: /\.(?:ts|mjs|md)$/u,
    inComments: true,
  },
];

/** Yields the comment lines of a source file, or all lines of a document, with line numbers from 1. */
function* readProse(file, text) {
  const lines = text.split("\n");
  let inBlock = false;
  for (const [i, line] of lines.entries()) {
    const opens = /^\s*\/\*\*?/u.test(line);
    if (file.endsWith(".md") || inBlock || opens || /^\s*\/\//u.test(line)) yield [i + 1, line];
    inBlock = (inBlock || opens) && !line.includes("*/");
  }
}

const findings = [];
for (const file of listFiles(/\.(?:ts|mjs|md)$/u)) {
  if (file.includes("/golden/")) continue; // Reproduces other people's text.
  const text = readFileSync(join(root, file), "utf8");
  if (/(?:^|\/)README\.md$/u.test(file)) {
    const { length } = text.trimEnd().split("\n");
    if (length > longestReadme) {
      findings.push({
        name: "readme",
        file,
        line: length,
        rule: `a README has at most ${longestReadme} lines`,
        text: `${length} lines`,
      });
    }
  }
  if (file === "scripts/prose.mjs") continue;
  for (const [line, prose] of readProse(file, text)) {
    for (const { name, rule, pattern, in: files } of rules) {
      if (files.test(file) && pattern.test(prose)) {
        findings.push({ name, file, line, rule, text: prose.trim() });
      }
    }
  }
}

if (process.argv.includes("--count")) {
  const names = ["readme", ...rules.map(({ name }) => name)];
  for (const name of names) {
    console.log(`${name}: ${findings.filter((finding) => finding.name === name).length}`);
  }
} else {
  for (const { file, line, rule, text } of findings) {
    console.error(`${file}:${line}: ${rule}: ${text}`);
  }
  if (findings.length > 0) process.exit(1);
}
