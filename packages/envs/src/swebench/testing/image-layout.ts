import type Dockerode from "dockerode";
import { randomBytes } from "node:crypto";
import { DockerContainer } from "../../containers/docker-container.ts";
import type { DockerEngine } from "../../containers/docker-engine.ts";
import { labelNames, noLabels, ownerLabel } from "../../containers/labels.ts";
import { demoBaseImage } from "../../containers/demo-base-image.ts";

/** Settings of an image. */
export interface ImageSettings {
  readonly User?: string;
  readonly Env?: readonly string[];
}

/**
 * Builds images with special layouts for tests, from the demo base image. `close` removes all of
 * them, and the prepared images based on them.
 */
export class ImageLayouts {
  readonly #engine: DockerEngine;
  readonly #tags: string[] = [];

  constructor(engine: DockerEngine) {
    this.#engine = engine;
  }

  /**
   * Builds an image.
   * @param script - Bash script, run as root in `/testbed`; may do anything that a Dockerfile may.
   * @returns Name of the image.
   */
  async build(script: string, settings: ImageSettings = {}): Promise<string> {
    const client = this.#engine.client as Dockerode;
    const tag = `turnwise-layout:${randomBytes(8).toString("hex")}`;
    const created = await client.createContainer({
      Image: demoBaseImage,
      Entrypoint: [],
      Cmd: ["/bin/bash", "-c", "sleep 600"],
      Labels: { [labelNames.owner]: ownerLabel(), [labelNames.expires]: "9999999999" },
      HostConfig: { NetworkMode: "none" },
    });
    try {
      await created.start();
      const container = new DockerContainer(client, created, {
        image: demoBaseImage,
        host: this.#engine.host,
        maxProcesses: 1000,
        isPrepared: false,
        endsAt: Infinity,
        onClose: () => undefined,
      });
      const done = await container.exec(`set -euo pipefail\n${identity}\n${script}`, {
        cwd: "/testbed",
        timeoutSeconds: 300,
      });
      if (done.exitCode !== 0) throw new Error(`layout: ${done.stderr.toString()}`);
      const [repo, version] = tag.split(":");
      await created.commit({
        repo,
        tag: version,
        Cmd: ["/bin/bash"],
        Labels: { ...noLabels },
        ...settings,
      });
    } finally {
      // Another process may be removing the container.
      await created.remove({ force: true }).catch(() => undefined);
    }
    this.#tags.push(tag);
    return tag;
  }

  /** Removes all images. */
  async close(): Promise<void> {
    const client = this.#engine.client as Dockerode;
    const prepared = await client.listImages({ filters: { reference: ["turnwise-prepared"] } });
    for (const tag of this.#tags) {
      const { Id: id } = await client.getImage(tag).inspect();
      for (const { Id: other, ParentId: parent } of prepared) {
        if (parent === id) await client.getImage(other).remove({ force: true });
      }
      await client.getImage(tag).remove({ force: true });
    }
  }
}

const identity = `export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
git config --global init.defaultBranch main; git config --global protocol.file.allow always
git config --global advice.detachedHead false`;

/** A minimal conda: it activates environments below its folder, as the real one does. */
export const condaLayout = `mkdir -p /opt/miniconda3/bin /opt/miniconda3/etc/profile.d /opt/miniconda3/envs/testbed/bin
cat > /opt/miniconda3/etc/profile.d/conda.sh <<'END'
conda() {
  [ "$1" = activate ] || return 1
  local name=\${2-base} prefix=/opt/miniconda3
  [ "$name" = base ] || prefix=/opt/miniconda3/envs/$name
  [ -d "$prefix" ] || { echo "EnvironmentNameNotFound: $name" >&2; return 1; }
  export CONDA_DEFAULT_ENV=$name CONDA_PREFIX=$prefix PATH=$prefix/bin:$PATH
}
END
cat > /opt/miniconda3/bin/activate <<'END'
. /opt/miniconda3/etc/profile.d/conda.sh && conda activate "$@"
END
printf '#!/bin/sh\\nexec /usr/bin/python3 "$@"\\n' > /opt/miniconda3/envs/testbed/bin/python
chmod 755 /opt/miniconda3/envs/testbed/bin/python`;

/** A virtual environment at a path, without its library. */
export const venvLayout = (path: string): string => `mkdir -p ${path}/bin
echo 'home = /usr/bin' > ${path}/pyvenv.cfg
printf '#!/bin/sh\\nexec /usr/bin/python3 "$@"\\n' > ${path}/bin/python; chmod 755 ${path}/bin/python
echo 'export VIRTUAL_ENV=${path}; export PATH=$VIRTUAL_ENV/bin:$PATH; deactivate() { unset VIRTUAL_ENV; }' > ${path}/bin/activate`;

/** A repository at `/testbed` with two commits; the second is HEAD. */
export const repositoryLayout = `git init -q .; echo one > a.txt; git add -A; git commit -qm first
echo two > a.txt; mkdir -p pkg; echo 'x = 1' > pkg/m.py; git add -A; git commit -qm second`;
