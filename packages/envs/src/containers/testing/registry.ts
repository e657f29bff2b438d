import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { packTar } from "../tar.ts";

/** An image registry on the loopback address that an engine pulls from without encryption. */
export interface TestRegistry {
  /** Name under which an engine pulls an image from this registry. */
  image(name: string): string;
  /** Paths that clients have requested. */
  readonly asked: readonly string[];
  /** Stops answering requests for blobs until it is closed. */
  stall(): void;
  close(): Promise<void>;
}

const digest = (bytes: Buffer): string =>
  `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/**
 * Serves images of one layer with one file of random bytes, over the distribution protocol, version
 * 2.
 * @param sizes - Size of each image by name, bytes.
 */
export async function testRegistry(sizes: Readonly<Record<string, number>>): Promise<TestRegistry> {
  const blobs = new Map<string, Buffer>();
  const manifests = new Map<string, Buffer>();
  for (const [name, size] of Object.entries(sizes)) {
    const layer = packTar([{ path: "data", content: randomBytes(size) }]);
    const packed = gzipSync(layer);
    const config = Buffer.from(
      JSON.stringify({
        architecture: "amd64",
        os: "linux",
        config: {},
        rootfs: { type: "layers", diff_ids: [digest(layer)] },
      }),
    );
    blobs.set(digest(packed), packed).set(digest(config), config);
    const manifest = {
      schemaVersion: 2,
      mediaType: "application/vnd.docker.distribution.manifest.v2+json",
      config: {
        mediaType: "application/vnd.docker.container.image.v1+json",
        size: config.length,
        digest: digest(config),
      },
      layers: [
        {
          mediaType: "application/vnd.docker.image.rootfs.diff.tar.gzip",
          size: packed.length,
          digest: digest(packed),
        },
      ],
    };
    const bytes = Buffer.from(JSON.stringify(manifest));
    manifests.set(`${name}/manifests/latest`, bytes);
    manifests.set(`${name}/manifests/${digest(bytes)}`, bytes);
  }
  const asked: string[] = [];
  let isStalled = false;
  const server = createServer((request, response) => {
    const path = (request.url ?? "").replace(/^\/v2\//u, "");
    asked.push(path);
    if (path === "") {
      response.end("{}");
      return;
    }
    const manifest = manifests.get(path);
    const blob = blobs.get(path.split("/blobs/")[1] ?? "");
    const body = manifest ?? blob;
    if (body === undefined) {
      response.writeHead(404, { "content-type": "application/json" });
      response.end(
        JSON.stringify({ errors: [{ code: "MANIFEST_UNKNOWN", message: "manifest unknown" }] }),
      );
      return;
    }
    response.writeHead(200, {
      "content-type":
        manifest === undefined
          ? "application/octet-stream"
          : "application/vnd.docker.distribution.manifest.v2+json",
      "content-length": body.length,
      "docker-content-digest": digest(body),
    });
    if (blob !== undefined && isStalled) {
      response.write(body.subarray(0, 1));
      return;
    }
    response.end(request.method === "HEAD" ? undefined : body);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    image: (name) => `127.0.0.1:${port}/${name}:latest`,
    asked,
    stall: () => {
      isStalled = true;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
