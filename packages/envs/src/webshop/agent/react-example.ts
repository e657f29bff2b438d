import { shopEnvironment } from "./shop-environment.ts";
import { shopOracle } from "./shop-oracle.ts";
import type { Shop } from "../session/shop.ts";

/**
 * Writes a complete episode in ReAct's format, as an example to precede a task: the oracle plays a
 * goal and gives its reason before the purchase.
 */
export async function reactExample(shop: Shop, goalIndex: number): Promise<string> {
  const environment = shopEnvironment(shop, goalIndex, { mode: "react" });
  const oracle = shopOracle(shop, goalIndex);
  let { text } = await environment.reset();
  let example = `${text}\n`;
  for (;;) {
    const action = oracle.next(text);
    if (action === undefined) break;
    if (action === "click[buy now]") {
      const thought = `think[${shop.goals.goal(goalIndex).asin} fits the instruction, and its options are chosen.]`;
      const { text: answer } = await environment.step(thought);
      example += `\nAction: ${thought}\nObservation: ${answer}\n`;
    }
    const step = await environment.step(action);
    text = step.text;
    example += `\nAction: ${action}\nObservation: ${text}\n`;
    if (step.isTerminal) break;
  }
  return `${example}\n`;
}
