import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isEnvironmentTampering, protectedPaths, protectionByName } from "./protected-paths.ts";

const before = new Set([
  "setup.cfg",
  "src/_pytest/runner.py",
  "src/_pytest/__init__.py",
  "pkg/__init__.py",
  "pkg/core.py",
  "tests/test_a.py",
]);

const protectionsOf = (...added: readonly string[]): readonly (readonly [string, string])[] =>
  protectedPaths({
    before,
    after: new Set([...before, ...added]),
    changed: added,
    installed: new Set(["numpy"]),
  }).map(({ path, protection }) => [path, protection] as const);

describe("protectedPaths", () => {
  it("protects test configuration, start-up code, metadata, compiled code and environments", () => {
    const names = {
      "pytest.ini": "test configuration",
      "sub/conftest.py": "test configuration",
      "sub/conftest/__init__.py": "test configuration",
      "conftest.cpython-311-x86_64-linux-gnu.so": "test configuration",
      "pyproject.toml": "test configuration",
      "jest.config.js": "test configuration",
      ".gitattributes": "test configuration",
      "src/sitecustomize.py": "start-up code",
      "usercustomize/__init__.py": "start-up code",
      "x.pth": "start-up code",
      "evil.egg-info/entry_points.txt": "package metadata",
      "lib/evil-1.0.dist-info/entry_points.txt": "package metadata",
      "tests/__pycache__/test_a.cpython-311-pytest-7.2.1.pyc": "compiled code",
      "pkg/core.pyc": "compiled code",
      ".venv/bin/python": "virtual environment",
      ".git/config": "git metadata",
      ".git/hooks/post-checkout": "git metadata",
      "sub/.git/config": "git metadata",
    } as const;
    for (const [path, protection] of Object.entries(names)) {
      expect([path, protectionByName(path)]).toEqual([path, protection]);
    }
    for (const path of [
      ".git/index",
      "pkg/core.py",
      "docs/conf.py",
      "pkg/setup_cfg.py",
      "tests/x.py",
    ]) {
      expect([path, protectionByName(path)]).toEqual([path, undefined]);
    }
  });

  it("finds new modules in import folders that shadow installed ones", () => {
    const shadows = [
      "pytest.py",
      "_pytest/__init__.py",
      "src/json.py",
      "tests/unittest/__init__.py",
      "numpy/__init__.py",
      "scripts/re.py",
      "pytest",
      "pluggy.cpython-311.so",
    ];
    for (const path of shadows) expect(protectionsOf(path)).toEqual([[path, "shadowed module"]]);
  });

  it("ignores modules inside packages, and existing modules", () => {
    expect(
      protectionsOf("pkg/json.py", "pkg/types.py", "src/_pytest/runner.py", "pkg/new.py"),
    ).toEqual([]);
    expect(protectionsOf("pytest.md", "json.txt", "newmodule.py")).toEqual([]);
  });

  it("protects existing tests, unless the test run rewrites them", () => {
    const files = [
      "tests/test_a.py",
      "tests/helpers.py",
      "pkg/core_test.go",
      "src/a.spec.ts",
      "e2e/x.js",
      "tests/data.json",
      "pkg/contest.py",
      "pkg/testing.py",
    ];
    const findProtected = (rewritten: readonly string[]): readonly string[] =>
      protectedPaths({
        before: new Set(files),
        after: new Set([...files, "tests/test_new.py"]),
        changed: [...files, "tests/test_new.py"],
        rewritten: new Set(rewritten),
        installed: new Set(),
      }).map(({ path }) => path);
    expect(findProtected([])).toEqual(files.slice(0, 5));
    expect(findProtected(["tests/test_a.py", "e2e/x.js"])).toEqual(files.slice(1, 4));
  });

  it("protects a name in every folder, whatever else changes", () => {
    const part = fc.constantFrom("a", "pkg", "src", "tests", "deep");
    const name = fc.constantFrom(
      "conftest.py",
      "pytest.ini",
      "tox.ini",
      "x.pth",
      "sitecustomize.py",
    );
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 5 }),
        name,
        fc.array(part),
        (folders, file, others) => {
          const path = [...folders, file].join("/");
          const found = protectionsOf(path, ...others.map((other) => `pkg/${other}_x.py`));
          expect(found.map(([protectedPath]) => protectedPath)).toEqual([path]);
        },
      ),
    );
  });
});

describe("isEnvironmentTampering", () => {
  it("distinguishes changed programs, frameworks and start-up files from a repeated installation", () => {
    const site = "/opt/miniconda3/envs/testbed/lib/python3.9/site-packages";
    const tampering = [
      "/usr/bin/python3.11",
      "/bin/bash",
      `${site}/_pytest/runner.py`,
      `${site}/evil.pth`,
      `${site}/sitecustomize.py`,
      "/usr/lib/python3.11/unittest/case.py",
      "/root/.bashrc",
      "/etc/ld.so.preload",
      "/usr/lib/x86_64-linux-gnu/libc.so.6",
    ];
    const harmless = [
      "/testbed/pkg/core.py",
      "/tmp/x",
      "/usr/bin",
      "/usr/lib/python3.11",
      site,
      `${site}/__editable__.pkg-1.0.pth`,
      `${site}/easy-install.pth`,
      `${site}/pkg.egg-link`,
      `${site}/pkg-1.0.dist-info/RECORD`,
      `${site}/_pytest/__pycache__/runner.cpython-39.pyc`,
      `${site}/requests/api.py`,
      "/opt/miniconda3/envs/testbed/bin/sphinx-build",
      "/root/.cache/pip/x",
    ];
    const isDetected = (path: string): boolean =>
      isEnvironmentTampering(path, "/testbed", "requests");
    expect(tampering.filter((path) => !isDetected(path))).toEqual([]);
    expect(harmless.filter(isDetected)).toEqual([]);
    expect(isEnvironmentTampering(`${site}/_pytest/runner.py`, "/testbed", "pytest")).toBe(false);
  });
});
