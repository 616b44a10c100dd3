"""hooks: the CDS Hooks service on this machine."""

from __future__ import annotations

import ipaddress
import socket

from ostealgia.cli.failures import DONE
from ostealgia.cli.output import print_text
from ostealgia.errors import OptionError


def execute(host: str, port: str, origins: list[str], *, public: bool, quiet: bool) -> int:
    """Serve until stopped."""
    address, number = checked_host(host, public=public), checked_port(port)
    try:
        import uvicorn

        from ostealgia.web.hooks_service import hooks_app
    except ModuleNotFoundError:
        raise OptionError(
            "the service needs Starlette, uvicorn and fhirclient. Install them: pip install 'ostealgia[web,fhir]'."
        ) from None
    listening = bound(address, number)
    if not quiet:
        shown = f"[{address}]" if ":" in address else address
        print_text(
            f"CDS Hooks 2.0: http://{shown}:{number}/cds-services\n"
            "Nothing of a request is logged or kept, and no other machine is called. Stop with Ctrl-C."
        )
    # no access log: its lines would hold what is asked about whom
    with listening:
        config = uvicorn.Config(hooks_app(origins=origins), log_level="warning", access_log=False)
        uvicorn.Server(config).run(sockets=[listening])
    return DONE


def bound(address: str, port: int) -> socket.socket:
    """A socket that listens there, or an OptionError that says why not."""
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((address, port))
    except OSError as error:
        made.close()
        raise OptionError(
            f"port {port} at {address} cannot be used: {error.strerror}. Give another one by --port."
        ) from None
    return made


def checked_host(host: str, *, public: bool) -> str:
    """A loopback address, or any address with ``public``.

    >>> checked_host("localhost", public=False), checked_host("::1", public=False)
    ('127.0.0.1', '::1')
    >>> checked_host("0.0.0.0", public=False)
    Traceback (most recent call last):
    ...
    ostealgia.errors.OptionError: --host 0.0.0.0 can be reached from other machines, and the service has no sign-in. ...
    """
    named = "127.0.0.1" if host in ("", "localhost") else host
    try:
        loopback = ipaddress.ip_address(named).is_loopback
    except ValueError:
        raise OptionError(f"--host {host} is no address. Give one such as 127.0.0.1 or ::1.") from None
    if not loopback and not public:
        raise OptionError(
            f"--host {host} can be reached from other machines, and the service has no sign-in. Add --public if a gateway in front of it "
            "checks who calls."
        )
    return named


def checked_port(port: str) -> int:
    """A port that may be listened on."""
    text = port or "8799"
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise OptionError(f"--port {port} is no port. Give a number from 1 to 65535.")
    return int(text)
