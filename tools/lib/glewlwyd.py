"""A real identity provider for the scripts in tools/gateway: glewlwyd on 127.0.0.1, with keys and users of its own."""

import base64
import gzip
import http.cookiejar
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.parse
import urllib.request

TABLES = "/usr/share/doc/glewlwyd/database/init.sqlite3.sql.gz"
MODULES = "/usr/lib/glewlwyd"
AUDIENCE, OTHER = "https://frontdesk.example", "https://other.example"
# Users have groups, beside what they have anyway.
GROUPS = '"groups":{"multiple":true,"read":true,"write":true,"profile-read":false,"profile-write":false},'


def is_absent():
    return shutil.which("glewlwyd") is None or not os.path.exists(TABLES)


class Provider:
    """A glewlwyd on 127.0.0.1; `put` makes its OpenID Connect instances. Its one user is `ann`, in the group `support`."""

    def __init__(self, folder):
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.base = f"http://127.0.0.1:{self.port}/api"
        self.admin = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        with gzip.open(TABLES, "rt") as script, sqlite3.connect(folder / "glewlwyd.db") as database:
            database.executescript(script.read())
            database.execute(
                "UPDATE g_user_module_instance SET gumi_parameters = replace(gumi_parameters, ?, ?)",
                ('"data-format":{', '"data-format":{' + GROUPS))
        (folder / "glewlwyd.conf").write_text(f"""
port={self.port}
bind_address="127.0.0.1"
external_url="http://127.0.0.1:{self.port}"
login_url="login.html"
api_prefix="api"
log_mode="file"
log_level="WARNING"
log_file="{folder}/glewlwyd.log"
cookie_secure=0
session_expiration=3600
session_key="SESSION"
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="{MODULES}/user"
client_module_path="{MODULES}/client"
user_auth_scheme_module_path="{MODULES}/scheme"
plugin_module_path="{MODULES}/plugin"
hash_algorithm="SHA512"
database = {{ type="sqlite3" path="{folder}/glewlwyd.db" }}
""")
        self.process = None
        self.start()
        self.call("POST", "/auth/", {"username": "admin", "password": "password"})
        for scope in ("support", "programs"):
            self.call("POST", "/scope/", {"name": scope, "display_name": scope, "password_required": False})
        self.user("POST", ["support"], password="ann-password")
        self.client("desk", ["password", "client_credentials"], "http://127.0.0.1/back")

    def user(self, method, groups, **members):
        path = "/user/" + ("ann" if method == "PUT" else "") + "?source=database"
        user = {"username": "ann", "name": "Ann", "enabled": True, "scope": ["openid", "support"], "groups": groups}
        self.call(method, path, {**user, **members})

    def client(self, name, kinds, redirect):
        """A client whose secret is its name and `-secret`."""
        self.call("POST", "/client/?source=database", {
            "client_id": name, "name": name, "confidential": True, "password": f"{name}-secret",
            "authorization_type": kinds, "scope": ["support", "programs"], "redirect_uri": [redirect], "enabled": True,
            "token_endpoint_auth_method": ["client_secret_basic"]})

    def start(self):
        log = open(self.folder / "out.log", "ab")
        self.process = subprocess.Popen(
            ["glewlwyd", "--config-file", str(self.folder / "glewlwyd.conf")], stdout=log, stderr=log)
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        sys.exit("error: glewlwyd does not start: " + (self.folder / "out.log").read_text()[-400:])

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(10)

    def call(self, method, path, body):
        request = urllib.request.Request(
            self.base + path, json.dumps(body).encode(), {"content-type": "application/json"}, method=method)
        with self.admin.open(request, timeout=10) as response:
            return response.read()

    def key(self, name):
        """A PEM file of a private key, made when first asked for, and one of its public half."""
        private, public = self.folder / f"{name}.key", self.folder / f"{name}.pub"
        if not private.exists():
            make = ["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", private]
            subprocess.run(make, check=True, capture_output=True)
            subprocess.run(["openssl", "pkey", "-in", private, "-pubout", "-out", public], check=True)
        return private.read_text(), public.read_text()

    def put(self, method, name, key, seconds, kinds=("password", "client", "refresh"), **further):
        """An instance whose access tokens live so long, signed by a key of that name."""
        private, public = self.key(key)
        flags = {f"auth-type-{kind}-enabled": kind in kinds for kind in (
            "code", "token", "id-token", "none", "password", "client", "device", "refresh")}
        parameters = {
            "iss": f"{self.base}/{name}", "jwt-type": "rsa", "jwt-key-size": "256", "key": private, "cert": public,
            "access-token-duration": seconds, "refresh-token-duration": 3600, "code-duration": 600,
            "refresh-token-rolling": True, "allow-non-oidc": True, **flags,
            "scope": [{"name": "support", "refresh-token-rolling": True}], "subject-type": "public",
            "name-claim": "no", "email-claim": "no", "scope-claim": "no", "resource-allowed": True,
            "resource-scope": {"support": [AUDIENCE, OTHER], "programs": [AUDIENCE]}, "resource-client-property": "resource",
            "resource-scope-and-client-property": False, "resource-change-allowed": False, "jwks-show": True,
            "additional-parameters": [], **further}
        path = "/mod/plugin/" + (name if method == "PUT" else "")
        self.call(method, path, {
            "module": "oidc", "name": name, "display_name": name, "order_rank": 0, "enabled": True,
            "parameters": parameters})
        if method == "PUT":
            self.call("PUT", f"/mod/plugin/{name}/disable", {})
            self.call("PUT", f"/mod/plugin/{name}/enable", {})

    def token(self, name="long", audience=AUDIENCE, client="desk", **form):
        """An access token, with client credentials where nothing else is said."""
        form = {"grant_type": "client_credentials", "scope": "support", "resource": audience, **form}
        request = urllib.request.Request(
            f"{self.base}/{name}/token", urllib.parse.urlencode(form).encode(),
            {"authorization": "Basic " + base64.b64encode(f"{client}:{client}-secret".encode()).decode()})
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)["access_token"]
