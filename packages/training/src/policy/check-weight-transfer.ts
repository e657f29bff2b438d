import type { LearnerCapabilities, SamplerCapabilities } from "@turnwise/core";
import { InputError } from "../input-error.ts";

/**
 * Checks that a sampler can load the weights that a learner trains.
 * @throws {@link InputError}, one line, with the capabilities of both.
 */
export function checkWeightTransfer(
  { weights: accepted }: Pick<SamplerCapabilities, "weights">,
  { weights: offered }: Pick<LearnerCapabilities, "weights">,
): void {
  const { transport, verification, maxAdapters } = accepted ?? {
    transport: "memory",
    verification: "version",
    maxAdapters: 1,
  };
  const { transports, numAdapters } = offered ?? { transports: ["memory"], numAdapters: 0 };
  const refuse = (rule: string): never => {
    throw new InputError(`policy: ${rule}`);
  };
  if (transport === "none") {
    return refuse(
      "sampler.capabilities.weights.transport must be a transport for new weights, got none (this sampler can only be evaluated)",
    );
  }
  if (!transports.includes(transport)) {
    return refuse(
      `learner.capabilities.weights.transports must include the sampler's transport, ${transport}, got ${transports.join(", ") || "none"}`,
    );
  }
  if (verification === "none") {
    return refuse(
      "sampler.capabilities.weights.verification must be version or probe for a sampler that receives weights, got none",
    );
  }
  if (numAdapters > maxAdapters) {
    return refuse(
      `sampler.capabilities.weights.maxAdapters must be at least the learner's numAdapters, ${numAdapters}, got ${maxAdapters}`,
    );
  }
  if (transport === "adapter-folder" && numAdapters === 0) {
    return refuse(
      "learner.capabilities.weights.numAdapters must be at least 1 with transport adapter-folder, got 0",
    );
  }
}
