import { describe, expect, it } from "vitest";
import { parseServerUrl } from "./server-url.ts";

describe("parseServerUrl", () => {
  it("accepts a host with a port and a path", () => {
    expect(parseServerUrl("test", "https://host:8000/v1").href).toBe("https://host:8000/v1");
  });

  it.each([
    ["host", "test: url must be http://host or https://host, got host"],
    ["ftp://host", "test: url must be http://host or https://host, got ftp://host"],
    ["https://host?key=s3cret", "must have no user, password, query or fragment, got one at host"],
    ["https://me:s3cret@host", "must have no user, password, query or fragment, got one at host"],
    ["https://me:s3cret@ho st/v1", "http://host or https://host, got one that ends in @ho st/v1"],
  ])("refuses %s, and repeats no secret", (text, message) => {
    expect(() => parseServerUrl("test", text)).toThrow(message);
    expect(() => parseServerUrl("test", text)).not.toThrow("s3cret");
  });
});
