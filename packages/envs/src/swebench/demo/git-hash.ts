import { createHash } from "node:crypto";

function objectHash(kind: "blob" | "tree" | "commit", content: Buffer): string {
  return createHash("sha1").update(`${kind} ${content.length}\0`).update(content).digest("hex");
}

/** Committer and date; fixed, so that a repository has the same commit id everywhere. */
export const demoIdentity = {
  name: "Demo",
  email: "demo@example.org",
  date: "1767225600 +0000",
} as const;

function treeHash(files: readonly (readonly [path: string, content: string])[]): string {
  const entries = new Map<string, { readonly mode: string; readonly hash: string }>();
  const folders = new Map<string, (readonly [string, string])[]>();
  for (const [path, content] of files) {
    const slash = path.indexOf("/");
    if (slash === -1) {
      entries.set(path, { mode: "100644", hash: objectHash("blob", Buffer.from(content)) });
      continue;
    }
    const name = path.slice(0, slash);
    folders.set(name, [...(folders.get(name) ?? []), [path.slice(slash + 1), content]]);
  }
  for (const [name, inner] of folders) entries.set(name, { mode: "40000", hash: treeHash(inner) });
  // git sorts folders as if their names ended in a slash.
  const key = (name: string): string => (folders.has(name) ? `${name}/` : name);
  const names = [...entries.keys()].toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
  return objectHash(
    "tree",
    Buffer.concat(
      names.flatMap((name) => {
        const { mode, hash } = entries.get(name)!;
        return [Buffer.from(`${mode} ${name}\0`), Buffer.from(hash, "hex")];
      }),
    ),
  );
}

/** Computes the id of the first commit of these files, by {@link demoIdentity}. */
export function commitHash(files: Readonly<Record<string, string>>, message: string): string {
  const { name, email, date } = demoIdentity;
  const person = `${name} <${email}> ${date}`;
  const tree = treeHash(Object.entries(files));
  const text = `tree ${tree}\nauthor ${person}\ncommitter ${person}\n\n${message}\n`;
  return objectHash("commit", Buffer.from(text));
}
