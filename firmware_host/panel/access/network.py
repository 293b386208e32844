"""From where the panel may be reached: its address, its certificate, and the names that it answers to."""

import ipaddress
import socket
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

LOOPBACK: Final = "127.0.0.1"
LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_PORTS: Final = {"http": 80, "https": 443}


class NetworkError(ValueError):
    """The panel cannot be reached so; ``str()`` says what to do."""


class Network(NamedTuple):
    """Where the panel listens."""

    address: str = LOOPBACK
    """An IP address of this machine; ``0.0.0.0`` and ``::`` are all of them."""
    certificate: Path | None = None
    """PEM file, with the chain."""
    key: Path | None = None
    insecure: bool = False
    """Beyond loopback without TLS, because somebody said so."""
    names: tuple[str, ...] = ()
    """Further host names under which browsers find this machine."""

    @property
    def loopback(self) -> bool:
        """Nobody but this machine reaches it."""
        return ipaddress.ip_address(self.address).is_loopback

    @property
    def scheme(self) -> str:
        """``https`` with a certificate."""
        return "http" if self.certificate is None else "https"

    def check(self) -> None:
        """Refuse what is contradictory or careless. Raises ``NetworkError``."""
        try:
            loopback = self.loopback
        except ValueError:
            told = f"{self.address!r} is no address: write an IP address of this machine, or 0.0.0.0 for all of them"
            raise NetworkError(told) from None
        if (self.certificate is None) != (self.key is None):
            raise NetworkError("a certificate and its key go together: give both --tls-cert and --tls-key")
        if not loopback and self.certificate is None and not self.insecure:
            raise NetworkError(
                f"beyond this machine ({self.address}) PINs and presses would travel in the clear: give --tls-cert and "
                "--tls-key, or say --insecure-network if this network is yours alone"
            )
        self.context()

    def context(self) -> ssl.SSLContext | None:
        """Make what TLS needs; None without. Raises ``NetworkError``."""
        if self.certificate is None:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(self.certificate, self.key, password=lambda: "")
        except (OSError, ssl.SSLError) as error:
            told = f"{self.certificate} and {self.key} cannot be used ({error.strerror or error})"
            raise NetworkError(f"{told}: give a PEM certificate and its key without a password") from error
        return context

    def arguments(self) -> list[str]:
        """Give the options that say the same to another process."""
        told = ["--address", self.address]
        if self.certificate is not None and self.key is not None:
            told += ["--tls-cert", str(self.certificate), "--tls-key", str(self.key)]
        told += ["--insecure-network"] if self.insecure else []
        return told + [f"--name={name}" for name in self.names]

    def url(self, port: int) -> str:
        """Give the page's address, as a person would write it into a browser."""
        everywhere = ipaddress.ip_address(self.address).is_unspecified
        host = self.names[0] if self.names else socket.gethostname() if everywhere else self.address
        return f"{self.scheme}://{_bracketed(host)}:{port}/"


def why_closed(network: Network, *, has_pin: bool) -> str:
    """Say why the panel must not listen there yet; empty if it may."""
    if network.loopback or has_pin:
        return ""
    return (
        f"nobody has a PIN yet, so that anybody who reaches {network.address} could do anything: start once without "
        "--panel-address, open the panel on this machine, and add a person of the role service with a PIN"
    )


class Doors(NamedTuple):
    """What a browser's request must say of where it came from, on both listeners."""

    scheme: str
    page_port: int
    stop_port: int
    names: frozenset[str]

    def host(self, header: str | None) -> str | None:
        """Give the host that a request was sent to, without port; None if that is none of ours.

        A name must be known: a stranger's name that leads to this machine makes a browser send a stranger's page here.
        An address is its own proof.
        """
        try:
            found = (urlsplit(f"//{header}").hostname or "").lower()
        except ValueError:
            return None
        return found if found in self.names or _is_address(found) else None

    def is_own(self, origin: str | None, host_header: str | None) -> bool:
        """Tell whether a page of this origin is the panel's own, as reached by the host of this request."""
        host = self.host(host_header)
        return host is not None and origin is not None and origin.lower() == self.origin(host)

    def origin(self, host: str) -> str:
        """Give the page's origin, as browsers write it."""
        return _origin(self.scheme, host, self.page_port)

    def stop_origin(self, host: str) -> str:
        """Give the second listener's."""
        return _origin(self.scheme, host, self.stop_port)


def doors(network: Network, page_port: int, stop_port: int) -> Doors:
    """Give the names of this machine to the ports that it listens on."""
    known: Sequence[str] = network.names
    if not network.loopback:
        own = socket.gethostname()
        known = (*known, own, f"{own}.local", socket.getfqdn())
    names = frozenset({*LOOPBACK_NAMES, *(name.lower() for name in known)})
    return Doors(network.scheme, page_port, stop_port, names)


def _origin(scheme: str, host: str, port: int) -> str:
    place = "" if port == _PORTS[scheme] else f":{port}"
    return f"{scheme}://{_bracketed(host)}{place}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
