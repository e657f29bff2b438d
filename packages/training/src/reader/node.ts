export { createFolderSource } from "./folder-source.ts";
