"""What the campaigns in tools/ share: running the binary, talking to its server, counting checks."""

import argparse
import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEY = "campaign-owner-key"


def arguments(doc):
    """A parser whose help is the script's header and whose first argument is the binary."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "binary",
        nargs="?",
        type=pathlib.Path,
        default=ROOT / ".build/release/frontdesk",
        help="the frontdesk binary (default: the checkout's release build)",
    )
    return parser


def binary_of(options):
    if not options.binary.exists():
        sys.exit(f"error: there is no binary '{options.binary}': swift build -c release --product frontdesk")
    return options.binary.resolve()


def shared():
    """The folder of real data, or None; ends the run where it is required but absent."""
    named = os.environ.get("FRONTDESK_SHARED")
    folder = pathlib.Path(named) if named else ROOT.parent / "shared"
    if folder.is_dir():
        return folder.resolve()
    if os.environ.get("FRONTDESK_REQUIRE_SHARED") == "1":
        sys.exit(f"error: FRONTDESK_REQUIRE_SHARED=1, but there is no '{folder}'")
    return None


def cache(*parts):
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    folder = pathlib.Path(base, "frontdesk", *parts)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def scratch(name, keep=False):
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"frontdesk-{name}-"))
    try:
        yield folder
    finally:
        if keep:
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


class Checks:
    """Prints each check as it is made; the end says how many failed."""

    def __init__(self):
        self.passed = 0
        self.failures = []
        self.lock = threading.Lock()

    def __call__(self, ok, what, detail="", quiet=False):
        """`quiet` prints failures only, for checks made by the thousand."""
        with self.lock:
            if ok:
                self.passed += 1
            else:
                self.failures.append(what)
            if not ok or not quiet:
                print(f"{'ok  ' if ok else 'FAIL'} {what}" + (f": {detail}" if detail else ""), flush=True)
        return bool(ok)

    def finish(self):
        print(f"{self.passed} checks passed, {len(self.failures)} failed")
        return 1 if self.failures else 0


def figures(title, **values):
    """The figures of a run, in a form that can be pasted into a note."""
    print(f"\n## {title}\n")
    for name, value in values.items():
        print(f"- {name.replace('_', ' ')}: {value}")
    print(flush=True)


def table(rows, header):
    """Prints rows as a Markdown table."""
    print("| " + " | ".join(header) + " |")
    print("|" + "---|" * len(header))
    for row in rows:
        print("| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in row) + " |")
    print(flush=True)


def median(values):
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


class Finished:
    """A command that ended: exit code (negative: the signal), output, wall time, largest memory."""

    def __init__(self, code, out, err, seconds, peak_bytes):
        self.code, self.out, self.err, self.seconds, self.peak_bytes = code, out, err, seconds, peak_bytes

    @property
    def json(self):
        """The last line of standard output that is JSON."""
        lines = self.out.decode("utf-8").splitlines()
        if not lines:
            raise ValueError(f"no output; exit {self.code}; {self.err[-500:]!r}")
        return json.loads(lines[-1])

    @property
    def peak(self):
        return f"{self.peak_bytes / 1e6:.0f} MB"


class Running:
    """A command in the background, its output in files, so that no pipe can stall it."""

    def __init__(self, command, environment, stdin=None):
        self.out, self.err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        source = tempfile.TemporaryFile()
        source.write(stdin or b"")
        source.seek(0)
        self.start = time.monotonic()
        self.process = subprocess.Popen(
            [part if isinstance(part, bytes) else str(part) for part in command],
            stdin=source,
            stdout=self.out,
            stderr=self.err,
            env=environment,
        )
        source.close()
        self.pid = self.process.pid
        self.ended = None

    def poll(self):
        """Finished, or None while it runs."""
        if self.ended is None:
            pid, status, usage = os.wait4(self.pid, os.WNOHANG)
            if pid:
                self.process.returncode = os.waitstatus_to_exitcode(status)
                self.ended = Finished(
                    self.process.returncode,
                    self.read(self.out),
                    self.read(self.err),
                    time.monotonic() - self.start,
                    usage.ru_maxrss * 1024,
                )
        return self.ended

    def wait(self, timeout):
        deadline = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > deadline:
                self.kill()
                raise TimeoutError(
                    f"still running after {timeout} s; its last words: {self.read(self.err)[-800:]!r}"
                )
            time.sleep(0.002)
        return self.ended

    def kill(self):
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)
            while self.poll() is None:
                time.sleep(0.001)
        return self.ended

    @staticmethod
    def read(file):
        file.seek(0)
        return file.read()


class Frontdesk:
    """The binary on one data folder."""

    def __init__(self, binary, data):
        self.binary, self.data = pathlib.Path(binary), pathlib.Path(data)
        self.environment = dict(os.environ, FRONTDESK_DATA=str(data))
        self.environment.pop("FRONTDESK_API_KEY", None)

    def start(self, *command, stdin=None):
        return Running([self.binary, *command], self.environment, stdin)

    def run(self, *command, stdin=None, timeout=600):
        return self.start(*command, stdin=stdin).wait(timeout)

    def json(self, *command, codes=(0,), stdin=None, timeout=600):
        done = self.run(*command, "--json", stdin=stdin, timeout=timeout)
        if done.code not in codes:
            raise RuntimeError(
                f"frontdesk {' '.join(map(str, command))}: exit {done.code}; {done.err[-800:]!r}"
            )
        return done.json

    def has_model(self, name="all-MiniLM-L6-v2"):
        return any(m["name"] == name and m["installed"] for m in self.json("model", "list")["models"])

    def server(self, key=KEY, **settings):
        return Server(self, key, settings)


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        """The problem's code; None where the body is no problem document."""
        if not self.headers.get("content-type", "").startswith("application/problem+json"):
            return None
        return self.json.get("code")

    def __repr__(self):
        return f"{self.status} {self.body[:300]!r}"


class Server:
    """`frontdesk serve` on a free port; stops with the `with` block."""

    def __init__(self, frontdesk, key, settings):
        self.frontdesk, self.key, self.settings = frontdesk, key, settings
        self.running = self.port = self.start_seconds = None

    def __enter__(self):
        environment = dict(
            self.frontdesk.environment, **{f"FRONTDESK_{k.upper()}": str(v) for k, v in self.settings.items()}
        )
        if self.key:
            environment["FRONTDESK_API_KEY"] = self.key
        began = time.monotonic()
        port = [] if "FRONTDESK_PORT" in environment else ["--port", "0"]
        self.running = Running([self.frontdesk.binary, "serve", *port], environment)
        try:
            self.port = self._listening(began + 60)
            while self.request("GET", "/readyz").status != 200:
                if time.monotonic() > began + 60:
                    raise TimeoutError("not ready after 60 s")
                time.sleep(0.005)
        except BaseException:
            self.running.kill()
            raise
        self.start_seconds = time.monotonic() - began
        return self

    def _listening(self, deadline):
        while time.monotonic() < deadline:
            done = self.running.poll()
            text = done.out if done else os.pread(self.running.out.fileno(), 4096, 0)
            for line in text.decode().splitlines():
                with contextlib.suppress(ValueError):
                    event = json.loads(line)
                    if event.get("event") == "listening":
                        return event["port"]
            if done:
                raise RuntimeError(f"the server ended: exit {done.code}; {done.err[-800:]!r}")
            time.sleep(0.005)
        raise TimeoutError("not listening after 60 s")

    def __exit__(self, *_):
        self.stop()

    def stop(self, timeout=15):
        """Ends it as an operator would; returns seconds taken and exit code."""
        began = time.monotonic()
        if self.running.poll() is None:
            os.kill(self.running.pid, signal.SIGTERM)
        code = self.running.wait(timeout).code
        return time.monotonic() - began, code

    def kill(self):
        self.running.kill()

    def alive(self):
        return self.running.poll() is None

    def memory(self, field="VmRSS"):
        """Bytes resident (VmRSS) or the most there ever were (VmHWM)."""
        status = pathlib.Path(f"/proc/{self.running.pid}/status").read_text()
        return int(re.search(rf"{field}:\s+(\d+) kB", status)[1]) * 1024

    def request(self, method, target, body=None, headers=None, key=True, timeout=60):
        """One request on a connection of its own; `body` is bytes, or anything JSON can say."""
        fields = {}
        if key and self.key:
            fields["Authorization"] = f"Bearer {self.key}"
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            fields["Content-Type"] = "application/json"
        fields.update(headers or {})
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, target, body, fields)
            response = connection.getresponse()
            return Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def document(self, kb, external_id):
        return f"/v1/kbs/{kb}/documents/{urllib.parse.quote(external_id, safe='')}"

    def put(self, kb, external_id, text, title="", **fields):
        return self.request("PUT", self.document(kb, external_id), {"title": title, "text": text, **fields})

    def search(self, query, kb="default", **fields):
        return self.request("POST", "/v1/search", {"query": query, "kb": kb, **fields})

    def answer(self, question, kb="default"):
        return self.request("POST", "/v1/answers", {"question": question, "kb": kb})
