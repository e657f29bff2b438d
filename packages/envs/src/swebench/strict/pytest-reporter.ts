/** Environment variable that tells the reporter where its key is and where its records go. */
export const reporterVariable = "TURNWISE_REPORT";

/**
 * A pytest plug-in that writes signed records of a session to a pipe: one per phase of a test, and a
 * last one with the exit status. It runs under Python 2.7 and 3, and pytest 3.6 to 8.
 *
 * It takes its key once, before any code of the repository runs, and removes its traces from the
 * environment. It also looks for patches of the test framework: a test that must fail is run through
 * the same hooks as real tests, and functions of pytest, pluggy and unittest are compared with those
 * that were there when it was loaded.
 */
export const pytestReporter = `
import copy
import hashlib
import hmac
import json
import os
import sys
import time
import types
import unittest
import unittest.case

import pytest

try:
    from _pytest.runner import CallInfo
except ImportError:
    CallInfo = None


def _begin():
    where = os.environ.pop("TURNWISE_REPORT", None)
    if where is None:
        return None, None
    name, key_path, report_path, root = json.loads(where)
    here = os.path.dirname(os.path.abspath(__file__))
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    rest = [path for path in paths if path and path != here]
    if rest:
        os.environ["PYTHONPATH"] = os.pathsep.join(rest)
    else:
        os.environ.pop("PYTHONPATH", None)
    sys.path[:] = [path for path in sys.path if path != here]
    words = os.environ.get("PYTEST_ADDOPTS", "").replace("-p " + name, "").strip()
    if words:
        os.environ["PYTEST_ADDOPTS"] = words
    else:
        os.environ.pop("PYTEST_ADDOPTS", None)

    out = os.open(report_path, os.O_WRONLY | os.O_NONBLOCK)
    import fcntl
    fcntl.fcntl(out, fcntl.F_SETFL, fcntl.fcntl(out, fcntl.F_GETFL) & ~os.O_NONBLOCK)
    source = os.open(key_path, os.O_RDONLY | os.O_NONBLOCK)
    key = b""
    last = time.time() + 30
    while not key.endswith(b"\\n") and time.time() < last:
        try:
            part = os.read(source, 4096)
        except OSError:
            part = b""
        if part:
            key += part
        else:
            time.sleep(0.01)
    os.close(source)
    if not key.endswith(b"\\n"):
        return None, None
    key = key.strip()
    owner = os.getpid()
    count = [0]
    dumps, new, sha256, write, getpid = json.dumps, hmac.new, hashlib.sha256, os.write, os.getpid

    def send(**fields):
        if getpid() != owner:
            return
        fields["n"] = count[0]
        count[0] += 1
        body = dumps(fields, sort_keys=True).encode("ascii")
        line = new(key, body, sha256).hexdigest().encode("ascii") + b" " + body + b"\\n"
        while line:
            line = line[write(out, line):]

    return send, root


def _plain(value):
    if isinstance(value, (staticmethod, classmethod)):
        return getattr(value, "__func__", value)
    if isinstance(value, property):
        return value.fget
    return value


def _code(value):
    return getattr(_plain(value), "__code__", None)


def _members():
    found = {}
    for name, module in list(sys.modules.items()):
        if module is None or name.split(".")[0] not in ("_pytest", "pytest", "pluggy", "unittest"):
            continue
        for attribute, value in list(vars(module).items()):
            if isinstance(value, types.FunctionType):
                found[(name, attribute)] = (value, _code(value))
            elif isinstance(value, type) and value.__module__ == name:
                for member, inner in list(vars(value).items()):
                    if _code(inner) is not None:
                        found[(name, attribute + "." + member)] = (inner, _code(inner))
    return found


def _replaced(before, root):
    after = _members()
    names = set(module for module, _ in before)
    suspects = []
    for key, (value, code) in after.items():
        old = before.get(key)
        if key[0] not in names or (old is not None and old[0] is value and old[1] is code):
            continue
        if _is_foreign(code, root):
            suspects.append(".".join(key))
    for key in before:
        if key in after:
            continue
        owner = sys.modules.get(key[0])
        for part in key[1].split("."):
            owner = getattr(owner, part, None)
        if owner is not None and _is_foreign(_code(owner), root):
            suspects.append(".".join(key))
    return sorted(suspects)


def _is_foreign(code, root):
    """Code of the repository, or without a file."""
    if code is None:
        return True
    path = os.path.abspath(code.co_filename)
    return path.startswith(root + os.sep) or not os.path.exists(path)


def _fail(*args, **kwargs):
    raise AssertionError("must fail")


class _Case(unittest.TestCase):
    def runTest(self):
        raise AssertionError("must fail")


def _is_framework_inside(root):
    import _pytest
    return os.path.abspath(_pytest.__file__).startswith(root + os.sep)


_send, _root = _begin()


def _make():
    send, root = _send, _root
    before = _members()
    inside = _is_framework_inside(root)
    state = {"canaries": 0, "passed": [], "config": None, "plugins": None}
    raised = {}

    def pytest_configure(config):
        state["config"] = config

    def identifier(nodeid):
        config = state["config"]
        relative = getattr(config, "cwd_relative_nodeid", None)
        try:
            return relative(nodeid) if relative is not None else nodeid
        except Exception:
            return nodeid

    def plugins():
        return dict((id(plugin), plugin) for plugin in state["config"].pluginmanager.get_plugins())

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(session):
        state["plugins"] = plugins()

    def intruders():
        found = []
        for key, plugin in plugins().items():
            if state["plugins"] is None or key in state["plugins"] or isinstance(plugin, types.ModuleType):
                continue
            kind = plugin if isinstance(plugin, type) else type(plugin)
            path = getattr(sys.modules.get(kind.__module__), "__file__", None) or ""
            if os.path.basename(path).startswith("conftest."):
                continue
            if not path or os.path.abspath(path).startswith(root + os.sep):
                found.append("plug-in " + kind.__module__ + "." + kind.__name__)
        return found

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_makereport(item, call):
        outcome = yield
        try:
            outcome.get_result()
        except BaseException:
            return
        if call.excinfo is not None and not getattr(item, "_turnwise_twin", False):
            raised[(item.nodeid, call.when)] = True

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(report):
        if report.outcome == "rerun":
            return
        failed = raised.pop((report.nodeid, report.when), False)
        if failed and report.outcome == "passed" and not hasattr(report, "wasxfail"):
            state["passed"].append(identifier(report.nodeid))
        send(t="test", id=identifier(report.nodeid), when=report.when, outcome=report.outcome,
             xfail=hasattr(report, "wasxfail"))

    def pytest_collectreport(report):
        if report.failed:
            send(t="collect", id=identifier(report.nodeid))

    def canary(item):
        if CallInfo is None or state["canaries"] >= 300 or type(item) is not pytest.Function:
            return
        if getattr(item, "get_closest_marker", None) is None:
            return
        if any(item.get_closest_marker(mark) for mark in ("xfail", "skip", "skipif", "asyncio", "anyio", "trio", "flaky")):
            return
        if not isinstance(item.obj, (types.FunctionType, types.MethodType)) or _code(item.obj) is None:
            return
        if _code(item.obj).co_flags & 0x2A0:
            return
        state["canaries"] += 1
        twin = copy.copy(item)
        twin.obj = _fail
        twin._turnwise_twin = True
        make = getattr(CallInfo, "from_call", None)
        call = make(twin.runtest, "call") if make is not None else CallInfo(twin.runtest, "call")
        outcome = twin.ihook.pytest_runtest_makereport(item=twin, call=call).outcome
        if outcome != "failed":
            state["passed"].append(identifier(item.nodeid))

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(item, nextitem):
        yield
        try:
            canary(item)
        except Exception as error:
            send(t="note", text="canary: %r" % (error,))

    @pytest.hookimpl(hookwrapper=True, trylast=True)
    def pytest_sessionfinish(session, exitstatus):
        yield
        result = unittest.TestResult()
        _Case().run(result)
        if len(result.failures) != 1:
            state["passed"].append("unittest.TestCase")
        trace = [_code(f) for f in (sys.gettrace(), sys.getprofile()) if f is not None]
        replaced = [] if inside else _replaced(before, root)
        replaced.extend(intruders())
        if any(_is_foreign(code, root) for code in trace if code is not None):
            replaced.append("sys.settrace")
        send(t="finish", status=int(getattr(session, "exitstatus", exitstatus)),
             canaries=state["canaries"], passed=state["passed"], replaced=replaced)

    return locals()


if _send is not None:
    _made = _make()
    for _name in list(_made):
        if _name.startswith("pytest_"):
            globals()[_name] = _made[_name]
    del _made
    _send(t="begin", version=pytest.__version__)
    del _send
`;
