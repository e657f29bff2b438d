/** Wording of prompts and tools for one kind of task. */
export interface ScaffoldWording {
  /** First paragraph of the system prompt: role, assignment and rules. */
  readonly assignment: string;
  /** Folder in which commands start, such as `the repository`. */
  readonly folder: string;
  /** Object of the submission, such as `the current state of the repository`. */
  readonly submission: string;
  /** Files that the file editor lists. */
  readonly listed: "Python files" | "files";
  /** First words of commands that are rejected, with explanations for the agent. */
  readonly rejected: ReadonlyMap<string, string>;
}

const interactive = "it is interactive. Run python with a script or with -c instead.";

/** Wording for issues in a repository, with the commands that R2E-Gym rejects. */
export const repositoryWording: ScaffoldWording = {
  assignment:
    "You are a software engineer. The user gives you a repository and describes an issue in it. " +
    "Find the cause, fix the source code, then submit your work. " +
    "Do not modify tests: hidden tests will check your fix. There is no network access.",
  folder: "the repository",
  submission: "the current state of the repository",
  listed: "Python files",
  rejected: new Map([
    [
      "cd",
      "every call starts a new shell in the repository. Use absolute paths, or (cd DIRECTORY && COMMAND).",
    ],
    ["pip", "there is no network access. The packages that the repository needs are installed."],
    ["nohup", "a command must end within its call. Run the command without nohup."],
    ["ipython", interactive],
    ["jupyter", interactive],
  ]),
};
