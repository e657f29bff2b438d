import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { demoBaseImage } from "../containers/demo-base-image.ts";
import { readTask, type HarborTask } from "./load-tasks.ts";

/** Files of a task: contents by path below its folder. */
type ExampleFiles = Readonly<Record<string, string>>;

const settings = (category: string): string => `schema_version = "1.4"

[metadata]
category = "${category}"

[agent]
timeout_sec = 120

[verifier]
timeout_sec = 60

[environment]
docker_image = "${demoBaseImage}"
network_mode = "no-network"
workdir = "/tmp"
`;

/** Creates a test that rewards the exact content of a file. */
const expectContent = (path: string, content: string): string => `#!/bin/bash
# The reward is 1 if the file has exactly this content, else 0.
if [ "$(cat ${path})" = "${content}" ]; then echo 1; else echo 0; fi > /logs/verifier/reward.txt
`;

/** Small tasks that need only the demo's base image, by name. */
export const exampleFiles: Readonly<Record<string, ExampleFiles>> = {
  "say-hello": {
    "task.toml": settings("files"),
    "instruction.md": "Write the text `hello` to the file /tmp/hello.txt.\n",
    "tests/test.sh": expectContent("/tmp/hello.txt", "hello"),
    "solution/solve.sh": "echo hello > /tmp/hello.txt\n",
  },
  "count-passwd": {
    "task.toml": settings("text"),
    "instruction.md": "Write the number of lines of /etc/passwd to the file /tmp/count.txt.\n",
    "tests/test.sh": expectContent("/tmp/count.txt", "$(wc -l < /etc/passwd)"),
    "solution/solve.sh": "wc -l < /etc/passwd > /tmp/count.txt\n",
  },
  "sort-letters": {
    "task.toml": settings("text"),
    "instruction.md":
      "Write the letters d, a, c and b to the file /tmp/letters.txt in alphabetical order, one per line.\n",
    "tests/test.sh": `#!/bin/bash
# The reward is the share of correct lines; their number is reported too.
right=0; number=0
for letter in a b c d; do
  number=$((number + 1))
  if [ "$(sed -n "\${number}p" /tmp/letters.txt)" = "$letter" ]; then right=$((right + 1)); fi
done
share=$(awk "BEGIN { print $right / 4 }")
echo "{\\"reward\\": $share, \\"lines\\": $right}" > /logs/verifier/reward.json
`,
    "solution/solve.sh": "printf '%s\\n' a b c d > /tmp/letters.txt\n",
  },
};

/** Loads the example tasks. Their image is built by `ensureDemoBaseImage`. */
export async function loadExampleTasks(): Promise<HarborTask[]> {
  return Promise.all(Object.entries(exampleFiles).map(async ([id, files]) => loadTask(id, files)));
}

/** Loads a task from its files. */
export async function loadTask(id: string, files: ExampleFiles): Promise<HarborTask> {
  return readTask(id, {
    name: (path) => `${id}/${path}`,
    readText: async (path) => files[path]!,
    has: async (path) => path in files,
    readFiles: async (folder) =>
      Object.entries(files)
        .filter(([path]) => path.startsWith(`${folder}/`))
        .map(([path, content]) => ({
          path: path.slice(folder.length + 1),
          content: Buffer.from(content),
        })),
  });
}

/** Writes the files of a task below a folder. */
export async function writeTask(folder: string, files: ExampleFiles): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content, { mode: path.endsWith(".sh") ? 0o755 : 0o644 });
  }
}
