import { setting } from "@turnwise/envs";
import { z } from "zod";

const folder = setting(
  z.string().min(1).nullable(),
  "Folder; the run gets a folder of its name in it. null: exports, in the run folder",
).default(null);

/** Conversations as JSON lines. */
const jsonlSchema = z.strictObject({ kind: z.literal("jsonl"), folder });

/** Event files of TensorBoard. */
const tensorboardSchema = z.strictObject({ kind: z.literal("tensorboard"), folder });

/** Targets that a run is exported to. */
export const exportsSchema = z.array(
  z.discriminatedUnion("kind", [jsonlSchema, tensorboardSchema]),
);

/** A target, with every setting stated. */
export type ExportSettings = z.output<typeof exportsSchema>[number];
