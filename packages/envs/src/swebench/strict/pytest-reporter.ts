/** Environment variable that tells the reporter the paths of its key and its report. */
export const reporterVariable = "TURNWISE_REPORT";

/**
 * Pytest plug-in that writes signed records of a session to a pipe: one record per phase of a test,
 * and a last record with the exit status. It runs under Python 2.7 and 3, and pytest 3.6 to 8.
 *
 * It reads its key once, before any code of the repository runs, and removes its traces from the
 * environment. The key exists only as the state of two hash objects, owned by a function that a C
 * object hides, and no Python function runs while a record is signed. The plug-in also detects
 * patches of the test framework: a canary test that must fail runs through the same hooks as real
 * tests, functions of pytest, pluggy and unittest are compared with the originals from load time,
 * and the code of plain test functions is compared with their files.
 *
 * Records name the repository files involved: files between a test and the exception that skipped
 * it (`through`), and files on the call stack of a hook (`via`). An audit hook (Python 3.8 and
 * later; it cannot be removed) immediately reports files that read the internals of the reporter,
 * replace the code of functions, list the objects of the process, or open its memory and streams.
 * Grading compares these files with the files that the patch changes.
 */
export const pytestReporter = `
import ast
import copy
import functools
import gc
import hashlib
import json
import os
import sys
import time
import types
import unittest
import unittest.case

import _pytest.main
import pytest

try:
    import _thread
except ImportError:
    import thread as _thread

try:
    from _pytest.runner import CallInfo
except ImportError:
    CallInfo = None


def _is_framework_inside(root):
    return os.path.abspath(_pytest.__file__).startswith(root + os.sep)


def _begin():
    where = os.environ.pop("TURNWISE_REPORT", None)
    if where is None:
        return None, None, None
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
        return None, None, None
    key = key.strip()
    # HMAC whose key exists only as the state of two hash objects, which cannot be read.
    block = bytearray(key.ljust(64, b"\\0"))
    inner = hashlib.sha256(bytes(bytearray(byte ^ 0x36 for byte in block)))
    outer = hashlib.sha256(bytes(bytearray(byte ^ 0x5C for byte in block)))
    del key, block, part
    owner = os.getpid()
    count = [0]
    # A lock of the interpreter: threads take turns, and a nested record does not deadlock.
    lock = getattr(_thread, "RLock", _thread.allocate_lock)()
    write, getpid, text = os.write, os.getpid, json.encoder.encode_basestring_ascii

    inside = _is_framework_inside(root)
    getframe, sep = sys._getframe, os.sep
    session = getattr(getattr(_pytest.main, "wrap_session", None), "__code__", None)

    # Calls only built-in functions: a Python function could be patched and inspect this frame.
    def send(kind, **fields):
        if getpid() != owner:
            return
        via = []
        isSession = inside or session is None or kind == "begin"
        frame = None if inside else getframe(1)
        while frame is not None:
            path = frame.f_code.co_filename
            isSession = isSession or frame.f_code is session
            isCode = path.startswith("<") and not path.startswith("<frozen ")
            if path.startswith(root + sep):
                path = path[len(root) + 1:]
            elif not isCode or frame.f_back is None:
                path = None
            if path is not None and path not in via and len(via) < 50:
                via.append(path)
            frame = frame.f_back
        if kind != "watch":
            fields["via"] = via if isSession else via + ["<no session>"]
        with lock:
            body = '{"t": "%s", "n": %d' % (kind, count[0])
            count[0] += 1
            for name in fields:
                value = fields[name]
                if value is True or value is False:
                    shown = "true" if value else "false"
                elif type(value) is int:
                    shown = "%d" % value
                elif type(value) is list:
                    shown = "[" + ", ".join([text(entry) for entry in value]) + "]"
                else:
                    shown = text(value)
                body += ', "' + name + '": ' + shown
            line = (body + "}").encode("ascii")
            first = inner.copy()
            first.update(line)
            last = outer.copy()
            last.update(first.digest())
            line = last.hexdigest().encode("ascii") + b" " + line + b"\\n"
            while line:
                line = line[write(out, line):]

    # Hidden in a C object that exposes neither its function nor the function's variables.
    try:
        wrap = functools._lru_cache_wrapper
        return wrap(send, 0, False, None), root, id(send)
    except Exception:
        return send, root, id(send)


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
    """True for code of the repository, and for code without a file."""
    if code is None:
        return True
    path = os.path.abspath(code.co_filename)
    return path.startswith(root + os.sep) or not os.path.exists(path)


def _inside(path, root):
    """Path relative to the repository, or None."""
    path = os.path.abspath(path)
    return path[len(root) + 1:] if path.startswith(root + os.sep) else None


def _through(excinfo, item, root):
    """Files of the repository between a test and the exception that ended it."""
    frames = []
    step = excinfo.tb
    while step is not None:
        frames.append(step.tb_frame.f_code.co_filename)
        step = step.tb_next
    own = _path(item)
    starts = [i for i, path in enumerate(frames) if os.path.abspath(path) == own]
    if starts:
        frames = frames[starts[0] + 1:]
    found = set(_inside(path, root) for path in frames)
    return sorted(path for path in found if path is not None)[:50]


def _definitions(path, cache):
    """Functions of a file by name: first and last line of the head, and True if all decorators are marks."""
    if path not in cache:
        found = {}
        try:
            with open(path, "rb") as source:
                tree = ast.parse(source.read())
        except Exception:
            tree = ast.Module()
            tree.body = []
        wrapped = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and not _is_marked_only(node):
                wrapped.update(node.body)
            if isinstance(node, ast.FunctionDef):
                isPlain = node not in wrapped and _is_marked_only(node)
                first = min([node.lineno] + [d.lineno for d in node.decorator_list])
                found.setdefault(node.name, []).append((first, node.lineno, isPlain))
        cache[path] = found
    return cache[path]


def _is_marked_only(node):
    names = [_dotted(decorator) for decorator in node.decorator_list]
    return all(name.startswith(("pytest.mark.", "mark.")) for name in names)


def _dotted(node):
    if isinstance(node, ast.Call):
        return _dotted(node.func)
    if isinstance(node, ast.Attribute):
        return _dotted(node.value) + "." + node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _path(node):
    return os.path.abspath(str(getattr(node, "path", None) or getattr(node, "fspath", "")))


def _source(item, name):
    """File that defines a test; for an inherited method, the file of its class."""
    path = _path(item)
    for kind in getattr(getattr(item, "cls", None), "__mro__", ()):
        if name in vars(kind):
            path = getattr(sys.modules.get(kind.__module__), "__file__", None) or path
            break
    return os.path.abspath(path[:-1] if path.endswith(".pyc") else path)


def _other_code(item, cache, root):
    """File of the code that runs instead of a plain test function; None for no such code."""
    name = getattr(item, "originalname", None) or item.name.split("[")[0]
    path = _source(item, name)
    definitions = _definitions(path, cache)
    found = definitions.get(name, [])
    if not found or not all(isPlain for _, _, isPlain in found):
        return None

    def is_defined(code):
        if code is None or os.path.abspath(code.co_filename) != path:
            return False
        return any(first <= code.co_firstlineno <= last for first, last, _ in definitions.get(code.co_name, []))

    function = getattr(item.obj, "__func__", item.obj)
    code = _code(function)
    if is_defined(code):
        return None
    if code is None or code.co_filename.startswith("<") or os.path.abspath(code.co_filename) == path:
        return "<other code>"
    file = _inside(code.co_filename, root)
    if file is not None:
        return file
    # Plug-ins may wrap test functions.
    for _ in range(20):
        if is_defined(_code(function)) or sys.version_info < (3, 4):
            return None
        function = getattr(function, "__wrapped__", None)
    return "<other code>"


def _fail(*args, **kwargs):
    raise AssertionError("must fail")


class _Case(unittest.TestCase):
    def runTest(self):
        raise AssertionError("must fail")


_send, _root, _sender = _begin()


def _watch(send, own, root):
    """Immediately reports suspicious actions of repository code on the process."""
    if not hasattr(sys, "addaudithook"):
        return
    reported = set()
    getframe, sep = sys._getframe, os.sep

    def is_suspect(event, args):
        if event in ("object.__getattr__", "object.__setattr__"):
            return id(args[0]) in own or (event == "object.__setattr__" and args[1] == "__code__")
        if event in ("gc.get_referents", "gc.get_referrers"):
            return event == "gc.get_referrers" or any(id(value) in own for value in args[0])
        if event == "open":
            path = args[0]
            if isinstance(path, bytes):
                path = path.decode("latin1")
            if not isinstance(path, str) or not path.startswith("/proc/"):
                return False
            return path.rstrip("/").endswith(("/mem", "/environ")) or "/fd/" in path
        return event in ("gc.get_objects", "sys._current_frames")

    def watch(event, args):
        if event not in ("object.__getattr__", "object.__setattr__", "gc.get_objects",
                         "gc.get_referrers", "gc.get_referents", "sys._current_frames", "open"):
            return
        try:
            if not is_suspect(event, args):
                return
            files = set()
            frame = getframe(1)
            while frame is not None:
                path = frame.f_code.co_filename
                if path.startswith(root + sep):
                    files.add(path[len(root) + 1:])
                elif path.startswith("<") and not path.startswith("<frozen "):
                    files.add(path)
                frame = frame.f_back
            for path in sorted(files):
                if (event, path) not in reported:
                    reported.add((event, path))
                    send("watch", event=event, id=path)
        except Exception:
            pass

    own.update((id(watch), id(is_suspect)))
    sys.addaudithook(watch)


def _make():
    send, root, sender = _send, _root, _sender
    before = _members()
    inside = _is_framework_inside(root)
    state = {"canaries": 0, "config": None, "plugins": None}
    raised = {}
    cache = {}
    other_code = {}
    excuses = (pytest.skip.Exception, pytest.xfail.Exception, unittest.SkipTest)
    # Reported immediately, because written records cannot be revoked.
    def patched(name):
        send("patched", id=name)

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
        # Plug-ins replace the exceptions of other frameworks.
        excinfo = call.excinfo
        outcome = yield
        try:
            outcome.get_result()
        except BaseException:
            return
        if getattr(item, "_turnwise_canary", False):
            return
        if excinfo is not None:
            isExcuse = isinstance(excinfo.value, excuses)
            raised[(item.nodeid, call.when)] = _through(excinfo, item, root) if isExcuse else []
        if call.when == "call" and type(item) is pytest.Function:
            code = _other_code(item, cache, root)
            if code is not None:
                other_code[item.nodeid] = [code]

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(report):
        if report.outcome == "rerun":
            return
        through = raised.pop((report.nodeid, report.when), None)
        if through is not None and report.outcome == "passed" and not hasattr(report, "wasxfail"):
            patched(identifier(report.nodeid))
        send("test", id=identifier(report.nodeid), when=report.when, outcome=report.outcome,
             xfail=hasattr(report, "wasxfail"), through=through or [],
             code=other_code.pop(report.nodeid, []) if report.when == "call" else [])

    def pytest_collectstart(collector):
        # Read before the file is imported, because code of the repository could rewrite it.
        if isinstance(collector, pytest.Module):
            _definitions(_path(collector), cache)

    def pytest_collectreport(report):
        if report.failed:
            send("collect", id=identifier(report.nodeid))

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
        canary = copy.copy(item)
        canary.obj = _fail
        canary._turnwise_canary = True
        make = getattr(CallInfo, "from_call", None)
        call = make(canary.runtest, "call") if make is not None else CallInfo(canary.runtest, "call")
        outcome = canary.ihook.pytest_runtest_makereport(item=canary, call=call).outcome
        if outcome != "failed":
            patched(identifier(item.nodeid))

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(item, nextitem):
        yield
        try:
            canary(item)
        except Exception as error:
            send("note", text="canary: %r" % (error,))

    @pytest.hookimpl(hookwrapper=True, trylast=True)
    def pytest_sessionfinish(session, exitstatus):
        yield
        result = unittest.TestResult()
        _Case().run(result)
        if len(result.failures) != 1:
            patched("unittest.TestCase")
        trace = [_code(f) for f in (sys.gettrace(), sys.getprofile()) if f is not None]
        replaced = [] if inside else _replaced(before, root)
        replaced.extend(intruders())
        if any(_is_foreign(code, root) for code in trace if code is not None):
            replaced.append("sys.settrace")
        send("finish", status=int(getattr(session, "exitstatus", exitstatus)),
             canaries=state["canaries"], replaced=replaced)

    found = dict(locals())
    hooks = dict((name, found[name]) for name in found if name.startswith("pytest_"))
    own = set(id(value) for value in found.values() if isinstance(value, types.FunctionType))
    own.add(sender)
    if not inside:
        _watch(send, own, root)
    return hooks


if _send is not None:
    _made = _make()
    globals().update(_made)
    del _made
    _send("begin", version=pytest.__version__)
    del _send
    # Hides all objects that exist now from gc.get_objects.
    if hasattr(gc, "freeze"):
        gc.freeze()
`;
