import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BoundedOutput } from "./bounded-output.ts";
import { parseDockerAddress } from "./docker-address.ts";
import { frameReader } from "./exec-frames.ts";
import { isOwnerGone, ownerLabel } from "./labels.ts";
import { isSafePath, packTar, unpackTar } from "./tar.ts";

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));

describe("BoundedOutput", () => {
  it("keeps everything up to its limit, and beginning and end beyond it", () => {
    fc.assert(
      fc.property(fc.array(bytes), fc.integer({ min: 1, max: 500 }), (chunks, limit) => {
        const output = new BoundedOutput(limit);
        for (const chunk of chunks) output.write(chunk);
        const all = Buffer.concat(chunks);
        expect(output.total).toBe(all.length);
        const head = Math.ceil(limit / 2);
        const note = Buffer.from(`\n[... ${all.length - limit} bytes omitted ...]\n`);
        const tail = all.subarray(Math.max(0, all.length - (limit - head)));
        expect(output.bytes()).toEqual(
          all.length <= limit ? all : Buffer.concat([all.subarray(0, head), note, tail]),
        );
      }),
    );
  });

  it("does not retain a long stream", () => {
    const output = new BoundedOutput(10);
    for (let i = 0; i < 1000; i++) output.write(Buffer.alloc(100_000, i));
    expect(output.bytes().length).toBeLessThan(100);
  });
});

describe("frameReader", () => {
  it("separates the streams, however chunks split the frames", () => {
    const frame = fc.tuple(fc.constantFrom(1, 2), bytes);
    fc.assert(
      fc.property(fc.array(frame), fc.integer({ min: 1, max: 20 }), (frames, step) => {
        const wire = Buffer.concat(
          frames.map(([stream, content]) => {
            const header = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
            header.writeUInt32BE(content.length, 4);
            return Buffer.concat([header, content]);
          }),
        );
        const seen = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
        const read = frameReader((name, data) => {
          seen[name] = Buffer.concat([seen[name], data]);
        });
        for (let at = 0; at < wire.length; at += step) read(wire.subarray(at, at + step));
        const of = (stream: number): Buffer =>
          Buffer.concat(frames.filter(([s]) => s === stream).map(([, content]) => content));
        expect(seen).toEqual({ stdout: of(1), stderr: of(2) });
      }),
    );
  });
});

describe("archives", () => {
  const part = fc
    .string({ minLength: 1, maxLength: 80 })
    .filter((text) => /^[^/\\\0]+$/u.test(text));
  const path = fc
    .array(part, { minLength: 1, maxLength: 5 })
    .map((parts) => parts.join("/"))
    .filter(isSafePath);

  it("round-trip", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(path, bytes), { selector: ([p]) => p }), (entries) => {
        const files = entries.map(([p, content]) => ({ path: p, content, mode: 0o640 }));
        expect(unpackTar(packTar(files))).toEqual({ files, numSkipped: 0 });
      }),
    );
  });

  it("skip paths that lead out of their folder, links and devices", () => {
    const archive = (name: string, type: string): Buffer => {
      const packed = packTar([{ path: "x".repeat(name.length), content: Buffer.alloc(0) }]);
      packed.write(name, 0);
      packed.write(type, 156);
      return packed;
    };
    for (const name of ["../x", "/etc/x", "a/../b", ".."]) {
      expect(unpackTar(archive(name, "0"))).toEqual({ files: [], numSkipped: 1 });
    }
    for (const type of ["1", "2", "3", "4", "6"]) {
      expect(unpackTar(archive("fine", type))).toEqual({ files: [], numSkipped: 1 });
    }
    // GNU tar and pax store long names in an extra entry.
    const long = (type: string, content: string): Buffer => {
      const name = packTar([{ path: "name", content: Buffer.from(content) }]).subarray(0, 1024);
      name.write(type, 156);
      return Buffer.concat([name, packTar([{ path: "short", content: Buffer.from("x") }])]);
    };
    for (const name of ["../x", "/etc/x", "a/../../b"]) {
      const record = ` path=${name}\n`;
      const pax = `${record.length + 2}${record}`;
      expect(unpackTar(long("L", `${name}\0`))).toEqual({ files: [], numSkipped: 1 });
      expect(unpackTar(long("x", pax))).toEqual({ files: [], numSkipped: 1 });
    }
    expect(() => unpackTar(Buffer.alloc(1024, 1))).toThrow(
      "unpackTar: bytes must be a complete archive",
    );
  });
});

describe("tampered archives", () => {
  it("give only safe paths, or are rejected", () => {
    const files = [
      { path: "a/b.txt", content: Buffer.from("hello") },
      { path: `${"long/".repeat(40)}c`, content: Buffer.alloc(700) },
    ];
    const change = fc.tuple(fc.nat({ max: 4095 }), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
        const archive = packTar(files);
        for (const [at, byte] of changes) archive[at % archive.length] = byte;
        let unpacked: readonly { readonly path: string }[] = [];
        try {
          unpacked = unpackTar(archive).files;
        } catch (error) {
          // Invalid input must give a RangeError; any other error is a bug.
          if (!(error instanceof RangeError)) throw error;
        }
        expect(unpacked.filter((file) => !isSafePath(file.path))).toEqual([]);
      }),
    );
  });
});

describe("addresses and owners", () => {
  it("parses DOCKER_HOST", () => {
    expect(parseDockerAddress("unix:///run/d.sock")).toEqual({
      kind: "unix",
      socketPath: "/run/d.sock",
    });
    expect(parseDockerAddress("tcp://10.0.0.1")).toEqual({
      kind: "tcp",
      host: "10.0.0.1",
      port: 2375,
    });
    expect(parseDockerAddress("tcp://[::1]:99")).toEqual({ kind: "tcp", host: "::1", port: 99 });
    expect(() => parseDockerAddress("ssh://x")).toThrow(
      "parseDockerAddress: address must be unix:///path or tcp://host:port, got ssh://x",
    );
    expect(() => parseDockerAddress(`unix:///${"x".repeat(107)}`)).toThrow("at most 107 bytes");
  });

  it("treats a running process as alive, and a reused id as gone", () => {
    const own = ownerLabel();
    expect(isOwnerGone(own)).toBe(false);
    expect(isOwnerGone(own.replace(/:\d*$/u, ":1"))).toBe(process.platform === "linux");
    expect(isOwnerGone("another-machine:1:1")).toBe(false);
    expect(isOwnerGone("nonsense")).toBe(false);
  });
});
