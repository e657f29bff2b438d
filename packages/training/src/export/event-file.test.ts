import { describe, expect, it } from "vitest";
import { computeCrc32c, maskCrc } from "./crc32c.ts";
import { encodeHeader, encodeSummary, frameRecord } from "./event-file.ts";
import { decodeMessage, readRecords } from "./testing/read-event-file.ts";

const text = (content: string): Uint8Array => new TextEncoder().encode(content);

describe("computeCrc32c", () => {
  it("computes the published checksums", () => {
    // RFC 3720, B.4: 32 bytes of zeros, of ones, and 0 to 31; then the check value of the CRC
    // catalogue.
    expect(computeCrc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(computeCrc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
    expect(computeCrc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
    expect(computeCrc32c(text("123456789"))).toBe(0xe3069283);
  });

  it("is masked as TensorFlow's record writer does", () => {
    // LevelDB's rule: rotate right by 15 bits, add a constant.
    expect(maskCrc(0)).toBe(0xa282ead8);
    expect(maskCrc(0x8000)).toBe(0xa282ead9);
  });
});

describe("event files", () => {
  it("begin like every file of TensorBoard", () => {
    const header = encodeHeader(1000 * 1.5);
    // Length 24 and its masked checksum, the same in all event files; then fields 1 and 3.
    expect(Array.from(header.slice(0, 12))).toEqual([
      24, 0, 0, 0, 0, 0, 0, 0, 0xa3, 0x7f, 0x4b, 0x22,
    ]);
    expect(Array.from(header.slice(12, 21))).toEqual([0x09, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f]);
    expect(String.fromCharCode(...header.slice(23, 36))).toBe("brain.Event:2");
    expect(header).toHaveLength(8 + 4 + 24 + 4);
  });

  it("have the documented bytes of a scalar", () => {
    const record = encodeSummary({ at: 2000, step: 300 }, [
      { kind: "scalar", tag: "a", value: 0.5 },
    ]);
    // wall_time 2 (fixed64), step 300 (varint), summary { value { tag "a", simple_value 0.5 (fixed32) } }.
    const event = [
      [0x09, 0, 0, 0, 0, 0, 0, 0, 0x40],
      [0x10, 0xac, 0x02],
      [0x2a, 10, 0x0a, 8, 0x0a, 1, 0x61, 0x15, 0, 0, 0, 0x3f],
    ].flat();
    expect(Array.from(record.slice(12, -4))).toEqual(event);
  });

  it("are read back by a reader that checks both checksums", () => {
    const records = [text(""), text("two"), new Uint8Array(300).fill(7)];
    const bytes = Buffer.concat(records.map(frameRecord));
    expect(readRecords(bytes).map((record) => [...record])).toEqual(
      records.map((record) => [...record]),
    );
    for (const place of [0, 9, 17, bytes.length - 1]) {
      const damaged = Uint8Array.from(bytes);
      damaged[place]! ^= 1;
      expect(() => readRecords(damaged)).toThrow(/checksum|end/u);
    }
  });

  it("have histograms whose counts add up, also of equal values", () => {
    const values = [0, 0.1, 0.5, 1, 1];
    for (const list of [values, [3, 3, 3]]) {
      const record = encodeSummary({ at: 0, step: 1 }, [
        { kind: "histogram", tag: "h", values: list },
      ]);
      const event = decodeMessage(readRecords(record)[0]!);
      const histogram = event.message(5).message(1).message(5);
      expect(histogram.double(1)).toBe(Math.min(...list));
      expect(histogram.double(2)).toBe(Math.max(...list));
      expect(histogram.double(3)).toBe(list.length);
      expect(histogram.double(4)).toBeCloseTo(
        list.reduce((a, b) => a + b),
        12,
      );
      const [limits, counts] = [histogram.doubles(6), histogram.doubles(7)];
      expect(limits).toHaveLength(counts.length);
      expect(limits.at(-1)).toBe(Math.max(...list));
      expect(limits).toEqual([...limits].sort((a, b) => a - b));
      expect(counts.reduce((a, b) => a + b)).toBe(list.length);
    }
  });
});
