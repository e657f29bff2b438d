/** Files of the repository whose names match, relative to its root and sorted. */
export declare function listFiles(name: RegExp): string[];
