// `npm start`: installs, builds, and trains an agent on generated games. Arguments after `npm start --`
// go to `turnwise train`: an environment (default: alfworld) and options.
import { install, pnpm, root, run } from "./pnpm.mjs";

console.log("turnwise: installing (the first time takes a minute) ...");
install();
console.log("turnwise: building ...");
pnpm("exec", "turbo", "run", "build", "--output-logs=errors-only", "--no-update-notifier");
const cli = `${root}/apps/trainer/dist/main.js`;
const given = process.argv.slice(2);
const environment = given[0]?.startsWith("-") === false ? [] : ["alfworld"];
run(process.execPath, [cli, "train", ...environment, ...given]);
