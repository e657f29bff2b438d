import type Dockerode from "dockerode";
import { afterAll, describe, expect, it, vi } from "vitest";
import {
  ContainerError,
  type ContainerEngine,
  type ContainerSpec,
} from "../../containers/container.ts";
import { ImageLayouts, repositoryLayout } from "../testing/image-layout.ts";
import { testEngine } from "../../containers/testing/test-engine.ts";
import { openForAgent } from "./open-repository.ts";

// Long time limits, because engines respond late on a busy machine.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const engine = await testEngine();
const layouts = engine === undefined ? undefined : new ImageLayouts(engine);

/** Four commits at `/up`: the second is the commit, the third the fix. */
const upstream = `mkdir -p /up; cd /up; git init -q .
echo 1 > a.py; git add -A; git commit -qm one; git tag -a v1 -m v1
echo 2 > a.py; git commit -qam two; issue=$(git rev-parse HEAD)
echo SECRET > a.py; git commit -qam 'the fix'; git tag v2; fix=$(git rev-parse HEAD)
echo 4 > a.py; git commit -qam four; git tag -a v3 -m v3; last=$(git rev-parse HEAD)
rm -rf /testbed; cd /`;
const clone = `${upstream}\ngit clone -q /up /testbed; cd /testbed; git checkout -q $issue`;

const layoutsOfHistory: Readonly<Record<string, string>> = {
  "references of all kinds": `${clone}
git update-ref refs/pull/1/head $last; git update-ref refs/original/refs/heads/main $fix
git update-ref refs/custom/deep/x $fix; git branch later $last; git symbolic-ref refs/heads/alias refs/heads/later
git notes add -m 'a note' $fix; echo x > a.py; git stash -q; git fetch -q origin; git tag -a nested v3 -m n
git replace $issue $fix; rm -rf /up`,
  "no reference at all: loose and packed objects, logs, a kept pack": `${clone}
git reset -q --hard $last; git reset -q --hard $issue; git remote remove origin; git tag -d v2 v3
git repack -adq; for pack in .git/objects/pack/*.pack; do touch \${pack%.pack}.keep; done
echo loose > z; git add z; lost=$(git commit-tree $(git write-tree) -p $last -m lost); git reset -q --hard
git commit-graph write --reachable; git multi-pack-index write; rm -rf /up`,
  "objects of another repository": `${upstream}
git clone -q --bare /up /srv.git; git clone -q --reference /srv.git /up /testbed; cd /testbed
git checkout -q $issue; git remote remove origin; rm -rf /up`,
  "a linked worktree of a bare repository": `${upstream}
git clone -q --bare /up /srv/main.git 2>/dev/null || { mkdir -p /srv; git clone -q --bare /up /srv/main.git; }
git -C /srv/main.git worktree add -q --detach /testbed $issue
git -C /srv/main.git worktree add -q --detach /other $fix; rm -rf /up`,
  "a linked worktree of another folder": `${upstream}
git -C /up worktree add -q --detach /testbed $issue`,
  "a git folder elsewhere, split index, settings of its own": `${clone}
git update-index --split-index; git config --worktree core.bare false 2>/dev/null || true
git init -q --separate-git-dir /elsewhere/repo.git . 2>/dev/null || { mkdir -p /elsewhere; git init -q --separate-git-dir /elsewhere/repo.git .; }
rm -rf /up`,
  "a shallow clone with later commits": `${upstream}
git clone -q --depth 3 file:///up /testbed; cd /testbed; git checkout -q $issue; rm -rf /up`,
  "other copies on the disk": `${clone}
git clone -q /up /testbed/inner; git clone -q --mirror /up /root/mirror; git bundle create -q /root/all.bundle --all
git remote remove origin; git tag -d v2 v3; git reflog expire --expire=now --all; git gc -q --prune=now`,
  "other stores of objects: no HEAD, no references, packs alone": `${clone}
mkdir -p /srv/store /root/packs; cp -r .git/objects /srv/store/objects
git clone -q --bare /up /srv/bare.git; rm -rf /srv/bare.git/refs; git -C /up repack -adq
cp /up/.git/objects/pack/*.pack /root/packs/; rm -rf /up`,
  "grafts that name later commits as ancestors": `${clone}
mkdir -p .git/info; echo "$issue $last" > .git/info/grafts; rm -rf /up`,
  "grafts that cut ancestors off": `${clone}
mkdir -p .git/info; echo "$issue" > .git/info/grafts; rm -rf /up`,
  "a symbolic link to the folder": `${upstream}
git clone -q /up /real; git -C /real checkout -q $issue; ln -s /real /testbed; rm -rf /up`,
  "commits in SHA-256": `${upstream.replace("git init -q .", "git init -q --object-format=sha256 .")}
git clone -q /up /testbed; cd /testbed; git checkout -q $issue; rm -rf /up`,
};

function dropPreparation(spec: ContainerSpec): ContainerSpec {
  return Object.fromEntries(
    Object.entries(spec).filter(([name]) => name !== "preparation"),
  ) as unknown as ContainerSpec;
}

describe.skipIf(engine === undefined)("the history that an agent can read", () => {
  afterAll(async () => {
    await engine?.close();
    await layouts?.close();
  });

  it.each(Object.entries(layoutsOfHistory))("ends with HEAD: %s", async (_, script) => {
    const image = await layouts!.build(script);
    const { container } = await openForAgent(engine!, { image }, "/testbed", "true");
    const { stdout, stderr } = await container.exec(
      `git cat-file --batch-all-objects --batch-check='%(objecttype)' | grep -c '^commit'
git rev-list HEAD | wc -l; git log --all --oneline | wc -l; git tag | tr '\\n' ' '; cat a.py; git status --short
git for-each-ref | grep -vc tags; git fsck --full 2>&1 | grep -v '^notice' | wc -l; git reflog | wc -l
for d in $(find / -xdev -type d -name objects -not -path '/proc/*'); do
  mkdir -p /tmp/r/refs; cp .git/HEAD /tmp/r/; cp .git/config /tmp/r/
  GIT_OBJECT_DIRECTORY=$d git --git-dir=/tmp/r cat-file --batch-all-objects --batch-check | grep -q blob &&
    GIT_OBJECT_DIRECTORY=$d git --git-dir=/tmp/r cat-file --batch --batch-all-objects | grep -a SECRET
  for ref in refs/heads/main HEAD 'v3^{commit}'; do git --git-dir=\${d%/objects} log -p -1 $ref 2>/dev/null; done
done | grep -ac SECRET; find / -xdev -name '*.pack' -not -path '*/objects/pack/*' -not -path '/proc/*'; grep -rl SECRET / --include=a.py --exclude-dir=proc --exclude-dir=sys 2>/dev/null | grep -v ^/up | head -3`,
      { cwd: "/testbed" },
    );
    await container.close();
    const isShallow = script.includes("--depth");
    const [numCommits, numAncestors, numLogged, ...rest] = stdout.toString().trim().split("\n");
    expect([numCommits, numAncestors, numLogged, stderr.toString()]).toEqual(
      isShallow ? ["1", "1", "1", ""] : ["2", "2", "2", ""],
    );
    const withInner = script.includes("/testbed/inner");
    expect(rest.join("|")).toBe(
      [isShallow ? "2" : "v1 2", ...(withInner ? ["?? inner/"] : []), "1", "0", "0", "0"].join("|"),
    );
  });

  it("is prepared once per image and user, however many callers ask at the same time", async () => {
    const image = await layouts!.build(`${clone}\necho once >> /count`);
    let numContainers = 0;
    const startCounted = async (): Promise<number> =>
      (
        await (engine!.client as Dockerode).listImages({
          filters: { reference: ["turnwise-prepared"] },
        })
      ).length;
    const before = await startCounted();
    const opened = await Promise.all(
      [1, 2, 3].map(async () =>
        openForAgent(engine!, { image }, "/testbed", "echo prepared >> /count"),
      ),
    );
    for (const { container } of opened) {
      numContainers += 1;
      expect((await container.exec("cat /count")).stdout.toString()).toBe("once\nprepared\n");
      await container.close();
    }
    expect(numContainers).toBe(3);
    expect(await startCounted()).toBeGreaterThan(before);
  });

  it("is truncated too in an engine that does not prepare images", async () => {
    const image = await layouts!.build(layoutsOfHistory["references of all kinds"]!);
    const plain: ContainerEngine = {
      host: engine!.host,
      start: async (spec, signal) => engine!.start(dropPreparation(spec), signal),
      close: async () => undefined,
    };
    const { container } = await openForAgent(plain, { image }, "/testbed", "true");
    const { stdout } = await container.exec("git log --all --oneline | wc -l", { cwd: "/testbed" });
    expect(stdout.toString()).toBe("2\n");
    await container.close();
  });

  it("makes the image unusable if it cannot be truncated or checked", async () => {
    const unusable: Readonly<Record<string, readonly [script: string, message: string]>> = {
      "no repository": ["true", "no git repository at /testbed"],
      "no commit": ["git init -q .", "HEAD of /testbed names no commit"],
      "a commit that is not there": [
        `${repositoryLayout}\nrm -f .git/objects/$(git rev-parse HEAD~1 | sed 's#..#&/#')`,
        "ancestors of HEAD are missing in /testbed",
      ],
      "no git": [`${repositoryLayout}\nrm /usr/bin/git`, "git is not installed"],
    };
    for (const [name, [script, message]] of Object.entries(unusable)) {
      const image = await layouts!.build(script);
      const opening = openForAgent(engine!, { image }, "/testbed", "true");
      const error: unknown = await opening.then(
        () => undefined,
        (cause: unknown) => cause,
      );
      expect([name, error instanceof ContainerError && error.kind]).toEqual([name, "image"]);
      expect(String(error)).toContain(message);
    }
  });

  it("is rejected at reset if an engine's preparation has left a commit", async () => {
    const image = await layouts!.build(clone);
    const careless: ContainerEngine = {
      host: engine!.host,
      start: async (spec, signal) => {
        const container = await engine!.start(dropPreparation(spec), signal);
        return {
          id: container.id,
          image: container.image,
          host: container.host,
          isPrepared: true,
          exec: async (command, options) => container.exec(command, options),
          shell: (options) => container.shell(options),
          copyIn: async (folder, files) => container.copyIn(folder, files),
          copyOut: async (path, options) => container.copyOut(path, options),
          isAlive: async () => container.isAlive(),
          changes: async () => container.changes(),
          isOutOfMemory: async () => container.isOutOfMemory(),
          close: async () => container.close(),
        };
      },
      close: async () => undefined,
    };
    await expect(openForAgent(careless, { image }, "/testbed", "true")).rejects.toThrow(
      /2 commits that are not ancestors of HEAD can be read, such as [0-9a-f]{40}/u,
    );
  });
});
