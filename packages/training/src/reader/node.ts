export { createFolderSource } from "./folder-source.ts";
export { listRunFolders, type RunFolderEntry } from "./list-run-folders.ts";
