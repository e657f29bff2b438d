// Writes conformance.json, which other implementations of AEM can be checked against:
// npx tsx --conditions=turnwise-source packages/aem/scripts/conformance.ts; npx oxfmt packages/aem
import { writeFileSync } from "node:fs";
import { createConformance } from "../src/testing/create-conformance.ts";

const path = new URL("../conformance.json", import.meta.url);
writeFileSync(path, `${JSON.stringify(createConformance(), undefined, 2)}\n`);
