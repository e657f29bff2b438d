export {
  createChatSampler,
  messageTemplate,
  textTokenizer,
  type ChatSamplerOptions,
  type ChatTool,
} from "./chat-sampler.ts";
export { createCompletionsSampler, type CompletionsSamplerOptions } from "./completions-sampler.ts";
export type { RemoteOptions } from "./http-client.ts";
export type { Linearizer } from "./linearizer.ts";
export { RemoteError, RemoteRefusal } from "./remote-error.ts";
export { parseServerUrl } from "./server-url.ts";
export type { TinkerClientOptions } from "./tinker-client.ts";
export type { TinkerOptimizer, TinkerPolicyOptions } from "./tinker-options.ts";
export { createTinkerPolicy, type TinkerPolicy } from "./tinker-policy.ts";
