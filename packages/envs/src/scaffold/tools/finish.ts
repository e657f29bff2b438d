import type { ScaffoldWording } from "../wording.ts";
import type { Tool } from "./tool.ts";

/** Creates the tool that submits the work, like R2E-Gym's `finish` and SWE-agent's `submit`. */
export const createFinish = ({ submission }: ScaffoldWording): Tool => ({
  schema: {
    type: "function",
    function: {
      name: "finish",
      description: `Submit your work: ${submission}. Ends the task.`,
      parameters: {
        type: "object",
        properties: {
          command: { type: "string", enum: ["submit"], description: "Always submit." },
          result: { type: "string", description: "A summary of your work; it is not graded." },
        },
        required: [],
      },
    },
  },
  aliases: { names: ["submit"] },
  // A misspelled name of the summary must not prevent the submission.
  ignoresUnknown: true,
  run: async () => ({ text: "<<<Finished>>>" }),
});
