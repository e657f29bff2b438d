import type { AcceptedWeights, OfferedWeights } from "@turnwise/core";
import { expect, it } from "vitest";
import { checkWeightTransfer } from "./check-weight-transfer.ts";

const memory: AcceptedWeights = { transport: "memory", verification: "version", maxAdapters: 1 };
const local: OfferedWeights = { transports: ["memory"], numAdapters: 0 };

const check = (accepted: Partial<AcceptedWeights>, offered: Partial<OfferedWeights>): void =>
  checkWeightTransfer(
    { weights: { ...memory, ...accepted } },
    { weights: { ...local, ...offered } },
  );

it("accepts matching declarations, and parts that declare nothing", () => {
  check({}, {});
  check({}, { numAdapters: 1 });
  check({ transport: "server-handle" }, { transports: ["server-handle"], numAdapters: 1 });
  check(
    { transport: "adapter-folder", verification: "probe" },
    { transports: ["full-folder", "adapter-folder"], numAdapters: 1 },
  );
  checkWeightTransfer({}, {});
});

it.each<[Partial<AcceptedWeights>, Partial<OfferedWeights>, string]>([
  [
    { transport: "none", verification: "none" },
    {},
    "sampler.capabilities.weights.transport must be a transport for new weights, got none (this sampler can only be evaluated)",
  ],
  [
    { transport: "adapter-folder" },
    { transports: ["memory", "full-folder"] },
    "learner.capabilities.weights.transports must include the sampler's transport, adapter-folder, got memory, full-folder",
  ],
  [
    { transport: "server-handle" },
    { transports: [] },
    "learner.capabilities.weights.transports must include the sampler's transport, server-handle, got none",
  ],
  [
    { verification: "none" },
    {},
    "sampler.capabilities.weights.verification must be version or probe for a sampler that receives weights, got none",
  ],
  [
    { maxAdapters: 1 },
    { numAdapters: 2 },
    "sampler.capabilities.weights.maxAdapters must be at least the learner's numAdapters, 2, got 1",
  ],
  [
    { transport: "adapter-folder" },
    { transports: ["adapter-folder"] },
    "learner.capabilities.weights.numAdapters must be at least 1 with transport adapter-folder, got 0",
  ],
])("refuses a sampler with %j and a learner with %j", (accepted, offered, message) => {
  expect(() => check(accepted, offered)).toThrow(`policy: ${message}`);
});
