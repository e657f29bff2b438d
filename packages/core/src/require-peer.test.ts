import { expect, it } from "vitest";
import { requirePeer } from "./require-peer.ts";

it("loads a package that is installed next to the caller", () => {
  expect(requirePeer("zod", "@turnwise/core/test", import.meta.url)).toHaveProperty("z");
});

it("names the package to install", () => {
  expect(() => requirePeer("no-such-package", "@turnwise/aem/laws", import.meta.url)).toThrow(
    "@turnwise/aem/laws: no-such-package must be installed: npm install --save-dev no-such-package",
  );
});
