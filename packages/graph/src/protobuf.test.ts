import { describe, expect, it } from "vitest";
import {
  bytesField,
  doubleField,
  floatField,
  integerField,
  message,
  packedDoubles,
  textField,
} from "./protobuf.ts";

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

describe("protocol buffers", () => {
  it("encode integers in groups of seven bits", () => {
    // Field 1, wire type 0; 150 = 1 * 128 + 22.
    expect(hex(integerField(1, 150))).toBe("089601");
    expect(hex(integerField(16, 1))).toBe("800101");
    expect(hex(integerField(1, -1))).toBe("08ffffffffffffffffff01");
    expect(hex(integerField(1, 2n ** 62n))).toBe("08808080808080808040");
  });

  it("prefix strings and messages with their length", () => {
    expect(hex(textField(2, "testing"))).toBe("120774657374696e67");
    expect(hex(textField(1, "é"))).toBe("0a02c3a9");
    expect(hex(bytesField(3, integerField(1, 150)))).toBe("1a03089601");
    expect(hex(message([]))).toBe("");
  });

  it("encode float32 in four bytes and float64 in eight, lowest first", () => {
    expect(hex(floatField(2, 1))).toBe("150000803f");
    expect(hex(doubleField(2, 1))).toBe("11000000000000f03f");
    expect(hex(packedDoubles(6, [1, -2]))).toBe("3210000000000000f03f00000000000000c0");
    expect(hex(packedDoubles(6, []))).toBe("3200");
  });
});
