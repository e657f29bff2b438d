import type Dockerode from "dockerode";
import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { readMessage } from "../call-within.ts";
import { ContainerError } from "./container.ts";
import type { DockerEngine } from "./docker-engine.ts";
import { withTimeout } from "./docker-fault.ts";

/** Name of the base image for the demo tasks, to which their repositories are added. */
export const demoBaseImage = "turnwise-demo-base:2";

/**
 * Name of {@link demoBaseImage} before Python's modules are compiled; compiling them saves a second
 * per test run.
 */
const rawImage = "turnwise-demo-base:raw";

/** Debian packages that the image contains. */
export const demoPackages: readonly string[] = [
  "bash",
  "dash",
  "coreutils",
  "sed",
  "grep",
  "findutils",
  "diffutils",
  "tar",
  "gzip",
  "patch",
  "procps",
  "mawk",
  "git",
  "python3-minimal",
  "python3-pytest",
  "base-files",
  "base-passwd",
  "libc-bin",
];

const run = promisify(execFile);

async function output(command: string, args: readonly string[]): Promise<string> {
  // Ignore exit codes: some of these commands print everything that is needed and still fail.
  const options = { maxBuffer: 64 * 2 ** 20 };
  try {
    return (await run(command, args, options)).stdout;
  } catch (cause) {
    if (cause instanceof Error && "stdout" in cause && typeof cause.stdout === "string") {
      if (cause.stdout !== "") return cause.stdout;
    }
    throw cause;
  }
}

/**
 * Builds {@link demoBaseImage} unless the engine has it. Building takes seconds and uses the Debian
 * packages installed on this machine, without downloads.
 * @throws `ContainerError` of kind `image` naming missing packages.
 */
export async function ensureDemoBaseImage(engine: DockerEngine): Promise<void> {
  if (await engine.hasImage(demoBaseImage)) return;
  const missing = await missingPackages();
  if (missing.length > 0) {
    throw new ContainerError(
      "image",
      `the demo image needs Debian packages that are not installed: apt-get install --no-install-recommends ${missing.join(" ")}`,
    );
  }
  const folder = await mkdtemp(join(tmpdir(), "turnwise-image-"));
  try {
    const archive = join(folder, "rootfs.tar");
    await writeRootFileSystem(folder, archive);
    const stream = spawn("cat", [archive], { stdio: ["ignore", "pipe", "inherit"] });
    const imported = await withTimeout(
      300,
      `${engine.host}: import ${demoBaseImage}`,
      (engine.client as Dockerode).importImage(stream.stdout, {
        // Include the tag in the name, because podman ignores a separate tag parameter.
        repo: rawImage,
        changes: [
          "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
          "ENV LANG=C.UTF-8",
          "WORKDIR /testbed",
        ],
      }),
    );
    // Read the response to its end, because the engine works while it is read.
    for await (const chunk of imported) {
      const text = String(chunk);
      if (text.includes('"error"')) {
        throw new ContainerError("image", `${engine.host}: import ${demoBaseImage}: ${text}`);
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const container = await engine.start({ image: rawImage });
  try {
    const command =
      "python3 -m compileall -q /usr/lib/python3 /usr/lib/python3.*/ >/dev/null; true";
    await container.exec(command, { cwd: "/", timeoutSeconds: 300 });
    await engine.commit(container, demoBaseImage);
  } finally {
    await container.close();
  }
}

/** Lists the packages of the demo image that are not installed on this machine. */
export async function missingPackages(): Promise<string[]> {
  const missing: string[] = [];
  let listed: string;
  try {
    listed = await output("dpkg-query", ["-W", "-f", "${binary:Package} ${db:Status-Abbrev}\n"]);
  } catch (cause) {
    throw new ContainerError(
      "image",
      `the demo image is built from the packages of a Debian system; dpkg-query: ${readMessage(cause)}`,
      { cause },
    );
  }
  const installed = new Set(
    listed
      .split("\n")
      .filter((line) => line.includes(" ii"))
      .map((line) => line.split(/[ :]/u)[0]!),
  );
  for (const name of demoPackages) if (!installed.has(name)) missing.push(name);
  return missing;
}

async function writeRootFileSystem(folder: string, archive: string): Promise<void> {
  const filters = ["recommends", "suggests", "conflicts", "breaks", "replaces", "enhances"];
  const tree = await output("apt-cache", [
    "depends",
    "--recurse",
    "--installed",
    ...filters.map((name) => `--no-${name}`),
    ...demoPackages,
  ]);
  const names = [...new Set(tree.split("\n").filter((line) => /^[a-z0-9]/u.test(line)))];
  const status = await output("dpkg-query", [
    "-W",
    "-f",
    "${db:Status-Abbrev} ${binary:Package}\n",
    ...names,
  ]);
  const installed = [
    ...new Set(
      status
        .split("\n")
        .filter((line) => line.startsWith("ii"))
        .map((line) => line.split(" ").at(-1)!),
    ),
  ];
  const listed = await output("dpkg", ["-L", ...installed]);
  const files = new Set(
    "bin sbin lib lib64 etc/ld.so.cache etc/alternatives/awk usr/bin/awk".split(" "),
  );
  for (const line of listed.split("\n")) {
    if (!line.startsWith("/") || line === "/." || line.includes("diverts others")) continue;
    if (/^\/usr\/share\/(?:man|doc|locale|info|lintian|bug)(?:\/|$)/u.test(line)) continue;
    // On systems where /bin is a link, files must be packed under their real path.
    files.add(line.slice(1).replace(/^(bin|sbin|lib|lib32|lib64|libx32)\//u, "usr/$1/"));
  }
  const list = join(folder, "files");
  await writeFile(list, `${[...files].toSorted(byText).join("\n")}\n`);
  await writeFile(
    join(folder, "passwd"),
    "root:x:0:0:root:/root:/bin/bash\nagent:x:1000:1000:agent:/home/agent:/bin/bash\n",
  );
  await writeFile(join(folder, "group"), "root:x:0:\nagent:x:1000:\n");
  const pack = [
    "-C",
    "/",
    "--no-recursion",
    "--ignore-failed-read",
    "-c",
    "-T",
    list,
    "-f",
    archive,
  ];
  await run("tar", pack).catch(() => undefined);
  await run("tar", [
    "-C",
    folder,
    "--owner=0",
    "--group=0",
    "--transform",
    "s#^#etc/#",
    "-r",
    "-f",
    archive,
    "passwd",
    "group",
  ]);
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
