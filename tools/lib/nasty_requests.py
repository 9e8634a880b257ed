"""Requests that a server must survive: a name, what is sent, and the statuses that are sane answers."""

import json
import socket

OK = (200,)
REFUSED = (400, 413, 414, 431)
SANE = (200, *REFUSED)


def searches():
    """(name, body bytes, statuses) for POST /v1/search; the knowledge base is `bad`."""

    def query(text, **fields):
        return json.dumps({"query": text, "kb": "bad", **fields}).encode()

    def raw(fields):
        return b'{"kb":"bad",' + fields + b"}"

    texts = {
        "empty": ("", REFUSED),
        "spaces": (" \t\n", REFUSED),
        "100 KB": ("parcel " * 14_300, REFUSED),
        "100 KB without a space": ("x" * 100_000, REFUSED),
        "largest": ("parcel " * 1170, OK),
        "many different words": (" ".join(f"w{i}" for i in range(1300)), OK),
        "double quotes": ('"parcel "warehouse', OK),
        "operators": ("parcel AND OR NOT NEAR/3 (x* -y +z ^2 ~1)", OK),
        "field operators": ("title:parcel text:* {a TO z}", OK),
        "only operators": ('"*(){}[]^~:\\/+-!&|', SANE),
        "SQL": ("'; DROP TABLE documents; --", OK),
        "NUL": ("par\0cel", SANE),
        "only NUL": ("\0\0", SANE),
        "emoji": ("\U0001f600\U0001f468\u200d\U0001f469", SANE),
        "stop words": ("the of and to a in", OK),
        "combining marks": ("e" + "\u0301" * 3000, SANE),
        "right to left": ("\u202eparcel\u202c", OK),
        "Chinese": ("你好世界", OK),
        "Thai": ("สวัสดีชาวโลก", OK),
        "special tokens": ("[CLS] [SEP] [MASK] [PAD]", OK),
        "punctuation": ("?!...,;", SANE),
        "one letter": ("a", OK),
        "newlines": ("a\r\nb\u2028c", OK),
        "private use": ("\ue000\uf8ff\U0010ffff", SANE),
        "zero width": ("\u200b\u200d\ufeff", SANE),
        "percent": ("100%_%00%2F", OK),
        "path": ("../../etc/passwd", OK),
        "HTML": ("<script>alert(1)</script>", OK),
    }
    for mode in ("hybrid", "lexical", "dense"):
        for name, (text, statuses) in texts.items():
            yield f"query {name}, {mode}", query(text, mode=mode), statuses
    for limit, statuses in (
        (0, REFUSED),
        (-1, REFUSED),
        (1_000_000, SANE),
        (1000, OK),
        (1, OK),
        (1.5, REFUSED),
        (2**63, REFUSED),
        (-(2**70), REFUSED),
        ("10", REFUSED),
        (True, REFUSED),
        ([], REFUSED),
    ):
        yield f"limit {limit!r}", query("parcel", limit=limit), statuses
    for number in (
        b"1e400",
        b"-0",
        b"1e2",
        b"0x10",
        b"NaN",
        b"1" * 5000,
        b"1." + b"0" * 5000,
        b"10.0",
        b"01",
        b"+1",
    ):
        yield f"limit {number[:10].decode()}", raw(b'"query":"parcel","limit":' + number), SANE
    for name, fields in {
        "mode unknown": {"mode": "vector"},
        "mode of wrong type": {"mode": 1},
        "group unknown": {"group": "page"},
        "kb of wrong type": {"kb": 5},
        "kb with NUL": {"kb": "a\0b"},
        "filter unknown": {"filter": {"colour": "x"}},
        "filter without a name": {"filter": {"attributes.": "x"}},
        "filter a list": {"filter": []},
        "filter nested": {"filter": {"tags": [["a"]]}},
        "history of wrong type": {"history": "no"},
        "history role": {"history": [{"role": "root", "text": "x"}]},
        "history too long": {"history": [{"role": "customer", "text": "x"}] * 1000},
        "min_generation negative": {"min_generation": -1},
        "min_generation a text": {"min_generation": "1"},
        "explain of wrong type": {"explain": "yes"},
    }.items():
        yield name, query("parcel", **fields), REFUSED
    yield "kb unknown", query("parcel", kb="nobody"), (404,)
    yield "kb empty", query("parcel", kb=""), (400, 404)
    yield "kb a path", query("parcel", kb="../default"), (400, 404)
    for name, fields in {
        "filter without matches": {"filter": {"tags": ["zq"]}},
        "filter empty": {"filter": {}},
        "filter of numbers": {"filter": {"tags": [1]}},
        "filter empty list": {"filter": {"tags": []}},
        "unknown field": {"colour": "red"},
        "filter of many": {"filter": {"tags": [f"t{i}" for i in range(1000)]}},
        "nulls": {"limit": None, "mode": None, "filter": None, "history": None},
    }.items():
        yield name, query("parcel", **fields), SANE
    for name, body in {
        "no body": b"",
        "not JSON": b"parcel",
        "cut JSON": b'{"query":"par',
        "an array": b"[]",
        "a string": b'"parcel"',
        "null": b"null",
        "no query": b"{}",
        "query null": b'{"query":null}',
        "query a number": b'{"query":1}',
        "query a list": b'{"query":["parcel"]}',
        "trailing text": b'{"query":"parcel"} x',
        "comment": b'{"query":"x"/**/}',
        "deep arrays": b'{"query":"x","filter":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        "deep objects": b'{"a":' * 100_000,
        "invalid UTF-8": b'{"query":"par\xff\xfe\xc3\x28cel","kb":"bad"}',
        "overlong UTF-8": b'{"query":"\xc0\xaf","kb":"bad"}',
        "UTF-16": '{"query":"parcel"}'.encode("utf-16"),
        "lone surrogate": b'{"query":"\\ud800","kb":"bad"}',
        "bad escape": b'{"query":"\\x41"}',
        "raw control": b'{"query":"a\x01b"}',
        "NUL bytes": b"\x00" * 1000,
        "5 MB": b'{"query":"' + b"a" * 5_000_000 + b'"}',
        "form": b"query=parcel",
    }.items():
        yield f"body {name}", body, REFUSED
    yield "body same key twice", b'{"query":"a","query":"parcel","kb":"bad"}', SANE
    yield "body of a million keys", b"{" + b",".join(b'"k%d":1' % i for i in range(200_000)) + b"}", SANE


def targets():
    """(name, method, raw target, statuses): ids and paths as no library would send them."""
    base = "/v1/kbs/bad/documents/"
    for name, target, statuses in (
        ("slash", "a%2Fb", (404,)),
        ("lower-case escape", "a%2fb", (404,)),
        ("NUL", "a%00b", (400, 404)),
        ("escape cut", "a%2", (400,)),
        ("escape of nothing", "a%", (400,)),
        ("no hex", "a%zz", (400,)),
        ("invalid UTF-8", "%ff%fe", (400,)),
        ("overlong", "%c0%af", (400,)),
        ("surrogate", "%ed%a0%80", (400,)),
        ("dots", "..", (400, 404)),
        ("escaped dots", "%2e%2e", (404,)),
        ("escaped path", "..%2F..%2Fetc%2Fpasswd", (404,)),
        ("double escape", "a%252Fb", (404,)),
        ("plus", "a+b", (404,)),
        ("emoji", "%F0%9F%98%80", (404,)),
        ("hash", "a%23b", (404,)),
        ("question mark", "a%3Fb", (404,)),
        ("newline", "a%0D%0AX-Evil:%201", (400, 404)),
        ("1,024 bytes", "x" * 1024, (404,)),
        ("1,025 bytes", "x" * 1025, (400,)),
        ("too long", "x" * 20_000, (400, 414, 431)),
        ("empty", "", (200, 400, 404)),
        ("two segments", "a/b", (404,)),
        ("version 0", "a?version=0", (400, 404)),
        ("version text", "a?version=x", (400,)),
        ("version huge", "a?version=99999999999999999999", (400,)),
        ("version twice", "a?version=1&version=2", (400, 404)),
        ("parameter cut", "a?version=%", (400,)),
        ("many parameters", "a?" + "x=1&" * 2000, (200, 400, 404, 414, 431)),
    ):
        yield f"GET id {name}", "GET", base + target, statuses
    for name, target in (
        ("limit 0", "?limit=0"),
        ("limit -1", "?limit=-1"),
        ("limit text", "?limit=x"),
        ("limit huge", "?limit=1000000000000000000000"),
        ("cursor", "?after=%00"),
        ("cursor text", "?after=zzz"),
    ):
        yield f"list {name}", "GET", "/v1/kbs/bad/documents" + target, (200, 400)
    yield "kb name escaped", "GET", "/v1/kbs/%2e%2e/documents", (400, 404)
    yield "kb name invalid", "GET", "/v1/kbs/%ff/documents", (400, 404)
    yield "purge of wrong type", "DELETE", base + "a?purge=maybe", (400,)
    yield "double slashes", "GET", "//v1//kbs", (400, 404)
    yield "no such route", "GET", "/v2/search", (404,)
    yield "wrong method", "DELETE", "/v1/search", (405,)
    yield "unknown method", "BREW", "/v1/search", (400, 404, 405, 501)


def documents():
    """(name, id segment, headers, body, statuses) for PUT."""
    as_json = {"Content-Type": "application/json"}

    def fields(**values):
        return json.dumps(values).encode()

    for name, body, statuses in (
        ("no text", fields(title="x"), (400, 422)),
        ("empty text", fields(title="x", text=""), (200, 201, 400, 422)),
        ("text a number", fields(text=1), (400,)),
        ("NUL in text", fields(text="a\0b"), (200, 201, 400, 422)),
        ("NUL in title", fields(title="\0", text="words"), (200, 201, 400)),
        ("tags a text", fields(text="x", tags="a"), (200, 201, 400)),
        ("10,000 tags", fields(text="x", tags=[f"t{i}" for i in range(10_000)]), (200, 201, 400)),
        ("attributes nested", fields(text="x", attributes={"a": {"b": 1}}), (400,)),
        ("visibility wrong", fields(text="x", visibility="everyone!\0"), (400,)),
        ("language wrong", fields(text="x", language="klingon-" * 100), (200, 201, 400)),
        ("url wrong", fields(text="x", url="javascript:alert(1)"), (200, 201, 400)),
        ("1 MB title", fields(title="t" * 1_000_000, text="x"), (200, 201, 400)),
        ("not JSON", b"{", (400,)),
        ("empty", b"", (400, 415, 422)),
    ):
        yield name, "json", as_json, body, statuses
    for name, kind, body, statuses in (
        ("PDF that is none", "application/pdf", b"%PDF-1.4 garbage", (400, 415, 422)),
        ("image", "image/png", b"\x89PNG\r\n\x1a\n" + b"\0" * 100, (400, 415, 422)),
        ("unknown type", "application/x-nothing", b"\x00\x01\x02" * 100, (400, 415, 422)),
        ("wrong charset", "text/plain; charset=klingon", b"words are here", (200, 201, 400, 415, 422)),
        ("type cut", "text/", b"words are here", (200, 201, 400, 415, 422)),
        ("long type", "text/plain; x=" + "y" * 4000, b"words are here", (200, 201, 400, 415, 422, 431)),
        ("gzip", "text/plain", b"\x1f\x8b\x08\x00" + b"\x01" * 50, (400, 415, 422)),
        ("FAQ of two", "text/csv", b"question,answer\na?,b\nc?,d\n", (400, 415, 422)),
    ):
        yield name, "raw", {"Content-Type": kind}, body, statuses
    yield "unknown encoding", "encoded", {"Content-Type": "text/plain", "Content-Encoding": "br"}, b"words", (
        400,
        415,
    )
    for name, segment in (
        ("NUL", "a%00b"),
        ("invalid UTF-8", "%ff"),
        ("escape cut", "a%2"),
        ("1,025 bytes", "x" * 1025),
    ):
        yield f"id {name}", segment, as_json, fields(text="x"), (400,)


def exchange(port, data, timeout=20):
    """Sends raw bytes, returns all that comes back."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while piece := connection.recv(65536):
            received += piece
        return received


def malformed():
    """(name, raw bytes): HTTP that is none; the answer is 4xx or a close, and the server lives."""
    yield "no HTTP", b"hello\r\n\r\n"
    yield "binary", bytes(range(256)) * 10
    yield "TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200
    yield "header without a name", b"GET /livez HTTP/1.1\r\nHost: localhost\r\n: x\r\n\r\n"
    yield "huge header", b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 200_000 + b"\r\n\r\n"
    yield "many headers", b"GET /livez HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 20_000 + b"\r\n"
    yield "negative length", b"POST /v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n"
    yield "huge length", b"POST /v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n"
    yield "bad chunk", b"POST /v1/search HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n"
    yield "both lengths", (
        b"POST /v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    )
    yield "raw bytes in the target", b"GET /v1/kbs/\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n"
    yield "NUL in the target", b"GET /v1/\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n"
    yield "body cut", b"POST /v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"
    yield "pipelined", b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n" * 200
