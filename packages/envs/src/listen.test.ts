import { createServer } from "node:http";
import { describe, expect, it } from "vitest";
import { isLoopback, listen } from "./listen.ts";

describe("listen", () => {
  it("accepts its own address and the loopback names as Host on a loopback address", async () => {
    const { address, hosts, port, close } = await listen(createServer(), "127.0.0.2", 0);
    expect(address).toBe(`http://127.0.0.2:${port}`);
    expect([...hosts!]).toEqual(
      ["127.0.0.2", "127.0.0.1", "localhost", "[::1]"].map((name) => `${name}:${port}`),
    );
    await close();
  });

  it("accepts every Host on other addresses", async () => {
    const { hosts, close } = await listen(createServer(), "0.0.0.0", 0);
    expect(hosts).toBeUndefined();
    await close();
  });

  it("rejects if the port is taken, and closes twice without an error", async () => {
    const first = await listen(createServer(), "127.0.0.1", 0);
    await expect(listen(createServer(), "127.0.0.1", first.port)).rejects.toThrow(/EADDRINUSE/u);
    await first.close();
    await first.close();
  });
});

describe("isLoopback", () => {
  it("knows the addresses that only this machine can reach", () => {
    for (const host of ["127.0.0.1", "127.1.2.3", "localhost", "::1"]) {
      expect(isLoopback(host)).toBe(true);
    }
    for (const host of ["0.0.0.0", "::", "10.0.0.1", "127.example.com", "localhost.example.com"]) {
      expect(isLoopback(host)).toBe(false);
    }
  });
});
