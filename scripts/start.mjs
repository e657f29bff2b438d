// `npm start`: installs, builds, and trains an agent on generated games.
// What stands behind `npm start --` goes to `turnwise train alfworld`.
import { install, pnpm, root, run } from "./pnpm.mjs";

console.log("turnwise: installing (the first time takes a minute) ...");
install();
console.log("turnwise: building ...");
pnpm("exec", "turbo", "run", "build", "--output-logs=errors-only", "--no-update-notifier");
const cli = `${root}/apps/trainer/dist/main.js`;
run(process.execPath, [cli, "train", "alfworld", ...process.argv.slice(2)]);
