"""An nginx in front of a server: under a sub-path, over HTTPS, and a page that embeds it."""

import datetime
import ipaddress
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.browser.conftest import ROOT, free_port
from tests.store_tools import wait_until

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin") or "nginx"

MAIN = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  ssl_certificate {folder}/cert.pem;
  ssl_certificate_key {folder}/key.pem;
  server {{ listen 127.0.0.1:{plain}; {location} }}
  server {{ listen 127.0.0.1:{secure} ssl; {location} }}
  server {{
    listen 127.0.0.1:{other} ssl;
    default_type text/html;
    location / {{
      return 200 '<iframe name="app" src="{embedded}" width="1400" height="860"></iframe>';
    }}
  }}
}}
"""


@dataclass(frozen=True)
class Proxy:
    """Addresses that end with the sub-path; the embedding page is of another site."""

    plain: str
    secure: str
    embedding: str


def recommended(port: int) -> str:
    """Return the lines for nginx that the README tells, for a server on this port."""
    readme = (ROOT / "README.md").read_text("utf-8")
    return readme.split("```nginx\n")[1].split("```")[0].replace("8501", str(port))


@contextmanager
def proxied(server: str, folder: Path) -> Iterator[Proxy]:
    """Run nginx before a server whose address ends with its sub-path."""
    port = int(server.split(":")[2].split("/")[0])
    plain, secure, other = free_port(), free_port(), free_port()
    # 127.0.0.1 and localhost are two sites to a browser.
    found = Proxy(
        f"http://127.0.0.1:{plain}/charloom",
        f"https://127.0.0.1:{secure}/charloom",
        f"https://localhost:{other}/",
    )
    _certify(folder)
    settings = MAIN.format(
        folder=folder,
        plain=plain,
        secure=secure,
        other=other,
        location=recommended(port),
        embedded=f"{found.secure}/?rng=5",
    )
    (folder / "nginx.conf").write_text(settings, "utf-8")
    log = folder / "error.log"
    process = subprocess.Popen([NGINX, "-e", log, "-p", folder, "-c", folder / "nginx.conf"])
    try:
        wait_until(lambda: process.poll() is not None or all(map(_open, (plain, secure, other))))
        assert process.poll() is None, log.read_text("utf-8")
        yield found
    finally:
        process.terminate()
        process.wait(30)


def _open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _certify(folder: Path) -> None:
    """Make a certificate that nobody but a test would trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
