export { createFolderSource } from "./folder-source.ts";
export {
  listRunFolders,
  measureFolder,
  type FolderSize,
  type RunFolderEntry,
} from "./list-run-folders.ts";
