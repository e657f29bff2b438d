// `npm test -- prose`: checks what can be checked mechanically in the English of comments, messages and documents.
// With `--count` it prints the number of findings for each rule and does not fail.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { listFiles } from "./list-files.mjs";
import { root } from "./pnpm.mjs";

const longestReadme = 80;

/** Rules for lines. Unless a rule is for comments only, it checks all lines, including messages. */
const rules = [
  {
    name: "opening",
    rule: "a comment opens with a noun or a verb, not with a relative clause",
    pattern:
      /^\s*(?:\/\*\*|\/\/)\s+(?:What|Whether|Of (?:each|all|the|a)\b|How|Which|Those|That)\s/u,
    in: /\.(?:tsx?|mjs)$/u,
    onlyComments: true,
  },
  {
    name: "word",
    rule: "a word that the field does not use",
    pattern:
      /\b(?:anew|beside|is to be had|can be had|comes? to lie|gives? way to|hands? in|software is mended|stands? behind|thereof|wherein|so many (?:rows|states|turns|tokens|plans))\b/iu,
    in: /\.(?:tsx?|mjs|md)$/u,
  },
  {
    name: "message",
    rule: 'a message states the error ("FILE is not valid JSON: ...") or the rule and the value ("must be X, got Y")',
    pattern:
      /must be (?:readable|JSON), got|must hold JSON|must exist, (?:got|found) none|, found none|reads alone/iu,
    in: /\.(?:tsx?|mjs|md)$/u,
  },
  {
    name: "difference",
    rule: "a difference is X minus Y, not X less Y",
    pattern: /\b(?:treatment|coefficient|entropy|return|mean of `\w+`) less\b/iu,
    in: /\.(?:tsx?|mjs|md)$/u,
  },
];

/** Yields the lines of a source or document with their numbers from 1; `isComment` is true for lines of comments. */
function* readLines(text) {
  let inBlock = false;
  for (const [i, line] of text.split("\n").entries()) {
    const opens = /^\s*\/\*\*?/u.test(line);
    yield { number: i + 1, line, isComment: inBlock || opens || /^\s*\/\//u.test(line) };
    inBlock = (inBlock || opens) && !line.includes("*/");
  }
}

const findings = [];
for (const file of listFiles(/\.(?:tsx?|mjs|md)$/u)) {
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
  if (file === "scripts/prose.mjs" || /^docs\/studies\/[^/]+\/report\.md$/u.test(file)) continue;
  for (const { number, line, isComment } of readLines(text)) {
    for (const { name, rule, pattern, in: files, onlyComments = false } of rules) {
      if (files.test(file) && (isComment || !onlyComments) && pattern.test(line)) {
        findings.push({ name, file, line: number, rule, text: line.trim() });
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
