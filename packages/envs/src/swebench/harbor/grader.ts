/** Format of pytest's output that the grader reads, by log parser. */
export const graderForms: Readonly<Record<string, "plain" | "options" | "colored">> = {
  parse_log_pytest: "plain",
  parse_log_astroid: "plain",
  parse_log_flask: "plain",
  parse_log_marshmallow: "plain",
  parse_log_pvlib: "plain",
  parse_log_pyvista: "plain",
  parse_log_sqlfluff: "plain",
  parse_log_xarray: "plain",
  parse_log_pytest_options: "options",
  parse_log_pydicom: "options",
  parse_log_pylint: "options",
  parse_log_requests: "options",
  parse_log_pytest_v2: "colored",
  parse_log_astropy: "colored",
  parse_log_scikit: "colored",
  parse_log_sphinx: "colored",
};

/**
 * Python program that grades an evaluation log as `grade` does (SWE-bench 5.0.1), for containers
 * without Node.js: `grade.py LOG EXPECTED` prints 1 for a resolved instance, else 0. Needs Python 3.5.
 */
export const graderProgram: string = String.raw`"""Grades the log of an evaluation: grade.py LOG EXPECTED prints 1 if the instance is resolved, else 0."""
import json
import re
import sys

STATUSES = ("FAILED", "PASSED", "SKIPPED", "ERROR", "XFAIL")
START, END = ">>>>> Start Test Output", ">>>>> End Test Output"
FAILURES = tuple(">>>>> " + text for text in ("Patch Apply Failed", "Reset Failed", "Tests Errored", "Tests Timed Out"))


def summary(line):
    """Parses a line of pytest's summary: returns (test, status), or None for another line."""
    if not line.startswith(STATUSES):
        return None
    words = (line.replace(" - ", " ") if line.startswith("FAILED") else line).split()
    if len(words) < 2 or (line.startswith("SKIPPED") and re.match(r"\[\d+\]", words[1])):
        return None
    return words[1], words[0]


def shorten(test):
    """Shortens a parameter that is an absolute path to its last component."""
    start, end = test.find("["), test.rfind("]")
    if start == -1 or end <= start:
        return test
    option = test[start + 1 : end]
    if option.startswith("/") and not option.startswith("//") and "*" not in option:
        option = "/" + option.rsplit("/", 1)[1]
    return "%s[%s]" % (test[:start], option)


def colored(line):
    """Parses a coloured line, or a line that ends with the status: returns (test, status), or None."""
    line = re.sub("[\x01-\x1f]", "", re.sub(r"\[\d+m", "", line))
    if line.startswith(STATUSES):
        words = (line.split(" - ", 1)[0] if line.startswith("FAILED") else line).split()
        if len(words) < 2 or (line.startswith("SKIPPED") and re.match(r"\[\d+\]", words[1])):
            return None
        return " ".join(words[1:]), words[0]
    words = line.split()
    if line.endswith(STATUSES) and len(words) > 1:
        return " ".join(words[:-1]), words[-1]
    return None


def parse(log, form):
    statuses = {}
    for line in log.split("\n"):
        entry = colored(line) if form == "colored" else summary(line)
        if entry is not None:
            statuses[shorten(entry[0]) if form == "options" else entry[0]] = entry[1]
    return statuses


def passes(status):
    return status in ("PASSED", "XFAIL")


def find(test, statuses):
    """Returns the status of a test, or None. An id that was cut off inside its parameter matches all tests that start with it; these must agree on whether they pass."""
    if test in statuses or test.count("[") <= test.count("]"):
        return statuses.get(test)
    found = [status for name, status in statuses.items() if name.startswith(test)]
    if not found or any(passes(status) != passes(found[0]) for status in found):
        return None
    return found[0]


def grade(log, expected):
    if any(mark in log for mark in FAILURES) or START not in log or END not in log:
        return False
    form = expected["form"]
    statuses = parse(log.split(START)[1].split(END)[0], form) or parse(log, form)
    if not statuses:
        return False
    code = re.search(r">>>>> Test Exit Code: (-?[0-9]+)", log)
    if code and int(code.group(1)) != 0 and not {"FAILED", "ERROR"} & set(statuses.values()):
        return False
    return all(passes(find(test, statuses)) for test in expected["fail_to_pass"]) and all(
        passes(status) or status == "SKIPPED"
        for status in (find(test, statuses) for test in expected["pass_to_pass"])
    )


def main():
    with open(sys.argv[1], encoding="utf-8", errors="replace") as file:
        log = file.read()
    with open(sys.argv[2], encoding="utf-8") as file:
        print(int(grade(log, json.load(file))))


if __name__ == "__main__":
    main()
`;
