/** Test commands for rows without a script (SWE-bench 4.x), per repository. */
export interface RepositoryRules {
  /** Name of the parser for the output of the tests. */
  readonly logParser: string;
  /** Command that reinstalls the checkout; absent if only the log parser is known. */
  readonly install?: string;
  /** Command that runs test files, whose names are appended. */
  readonly testCommand?: string;
  /** Differences of some versions. */
  readonly versions?: readonly VersionRules[];
}

interface VersionRules {
  /** First version, inclusive. */
  readonly from?: string;
  /** Upper bound of versions, exclusive. */
  readonly below?: string;
  readonly install?: string;
  readonly testCommand?: string;
  /** Shell lines that run first. */
  readonly before?: readonly string[];
}

const editable = "python -m pip install -e .";
const pytest = "pytest -rA";
const setupInstall = "python setup.py install";
const djangoOldLocale = [
  "export LANG=en_US.UTF-8",
  "export LC_ALL=en_US.UTF-8",
  "export PYTHONIOENCODING=utf8",
  "export LANGUAGE=en_US:en",
];
const djangoLocale = [
  "sed -i '/en_US.UTF-8/s/^# //g' /etc/locale.gen && locale-gen",
  "export LANG=en_US.UTF-8",
  "export LANGUAGE=en_US:en",
  "export LC_ALL=en_US.UTF-8",
];

/**
 * Repositories of SWE-bench and its development split. A row of another repository needs its own
 * `eval_script` and `log_parser`.
 */
export const repositoryRules: ReadonlyMap<string, RepositoryRules> = new Map(
  Object.entries({
    "astropy/astropy": {
      logParser: "parse_log_astropy",
      install: "python -m pip install -e .[test] --verbose",
      testCommand: pytest,
      versions: [
        {
          below: "3.0",
          testCommand: "pytest -rA -vv -o console_output_style=classic --tb=no",
        },
      ],
    },
    "django/django": {
      logParser: "parse_log_django",
      install: editable,
      testCommand: "./tests/runtests.py --verbosity 2 --settings=test_sqlite --parallel 1",
      versions: [
        { below: "1.7", install: setupInstall },
        {
          from: "1.9",
          below: "1.10",
          install: setupInstall,
          testCommand: "./tests/runtests.py --verbosity 2",
          before: djangoOldLocale,
        },
        { from: "1.7", below: "3.0", install: setupInstall, before: djangoOldLocale },
        { from: "3.0", below: "4.0", before: djangoLocale },
      ],
    },
    "marshmallow-code/marshmallow": {
      logParser: "parse_log_marshmallow",
      install: "python -m pip install -e '.[dev]'",
      testCommand: pytest,
    },
    "matplotlib/matplotlib": {
      logParser: "parse_log_matplotlib",
      install: editable,
      testCommand: pytest,
      versions: [
        { below: "3.0", install: "python setup.py build; python setup.py install" },
        { from: "3.8", install: 'python -m pip install --no-build-isolation -e ".[dev]"' },
      ],
    },
    "mwaskom/seaborn": {
      logParser: "parse_log_seaborn",
      install: "python -m pip install -e .[dev]",
      testCommand: "pytest --no-header -rA",
      versions: [{ below: "0.12", install: editable }],
    },
    "pallets/flask": { logParser: "parse_log_flask", install: editable, testCommand: pytest },
    "psf/requests": {
      logParser: "parse_log_requests",
      install: "python -m pip install .",
      testCommand: pytest,
    },
    "pvlib/pvlib-python": {
      logParser: "parse_log_pvlib",
      install: "python -m pip install -e .[all]",
      testCommand: pytest,
    },
    "pydata/xarray": { logParser: "parse_log_xarray", install: editable, testCommand: pytest },
    "pydicom/pydicom": { logParser: "parse_log_pydicom", install: editable, testCommand: pytest },
    "pylint-dev/astroid": {
      logParser: "parse_log_astroid",
      install: editable,
      testCommand: pytest,
    },
    "pylint-dev/pylint": { logParser: "parse_log_pylint", install: editable, testCommand: pytest },
    "pytest-dev/pytest": { logParser: "parse_log_pytest", install: editable, testCommand: pytest },
    "pyvista/pyvista": { logParser: "parse_log_pyvista", install: editable, testCommand: pytest },
    "scikit-learn/scikit-learn": {
      logParser: "parse_log_scikit",
      install: "python -m pip install -v --no-use-pep517 --no-build-isolation -e .",
      testCommand: pytest,
    },
    "sphinx-doc/sphinx": {
      logParser: "parse_log_sphinx",
      install: "python -m pip install -e .[test]",
      testCommand: "tox --current-env -epy39 -v --",
    },
    "sqlfluff/sqlfluff": {
      logParser: "parse_log_sqlfluff",
      install: editable,
      testCommand: pytest,
    },
    "sympy/sympy": {
      logParser: "parse_log_sympy",
      install: editable,
      testCommand:
        "PYTHONWARNINGS='ignore::UserWarning,ignore::SyntaxWarning' bin/test -C --verbose",
    },
  } satisfies Record<string, RepositoryRules>),
);

/** Compares versions part by part, as numbers: `3.10` is above `3.9`. */
function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.replace(/^v/u, "").split(".").map(Number));
  for (let i = 0; i < Math.max(left!.length, right!.length); i++) {
    const difference = (left![i] ?? 0) - (right![i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Commands of a version's tests. */
export interface TestRules {
  readonly install: string;
  readonly testCommand: string;
  readonly before: readonly string[];
}

/** Rules of one version; `undefined` for a repository that is not in the table. */
export function testRules(repo: string, version: string): TestRules | undefined {
  const rules = repositoryRules.get(repo);
  if (rules?.install === undefined || rules.testCommand === undefined) return undefined;
  const special = rules.versions?.find(
    ({ from, below }) =>
      (from === undefined || compareVersions(version, from) >= 0) &&
      (below === undefined || compareVersions(version, below) < 0),
  );
  return {
    install: special?.install ?? rules.install,
    testCommand: special?.testCommand ?? rules.testCommand,
    before: special?.before ?? [],
  };
}
