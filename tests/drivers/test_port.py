"""The port on real lines: virtual serial ports, sockets, and pyserial's own network server."""

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import serial
import serial.rfc2217

from drivers.port import PortError, SerialPort, list_ports
from tests.waiting import LONGEST_S

pytestmark = pytest.mark.realtime


WITHOUT_ADDRESS = (
    *("socket://foo", "socket://h:99999", "socket://h:0", "socket://:5", "socket://h:abc"),
    *("rfc2217://foo", "rfc2217://h:99999"),
)


def read_all(port: SerialPort, size: int) -> bytes:
    """Read until so many bytes came; waiting is the port's own."""
    data = b""
    for _ in range(1000):
        port.wait(0.05)
        data += port.read()
        if len(data) >= size:
            return data
    raise AssertionError(f"only {data!r} came")


def until(done: Callable[[], bool]) -> None:
    for _ in range(100_000):
        if done():
            return
    raise AssertionError("never")


@pytest.fixture
def pty() -> Iterator[tuple[int, int, str]]:
    master, slave = os.openpty()
    yield master, slave, os.ttyname(slave)
    os.close(master)
    os.close(slave)


def test_bytes_both_ways_over_a_virtual_port(pty: tuple[int, int, str]) -> None:
    master, _, name = pty
    port = SerialPort(name, 115200)
    port.open()
    os.write(master, b"hello\0")
    assert read_all(port, 6) == b"hello\0"
    port.write(b"\x01\x02\0")
    assert os.read(master, 100) == b"\x01\x02\0"
    assert port.read() == b""
    port.close()
    assert not port.is_open


@pytest.mark.requirement("REQ-WIRE-PORT")
def test_a_cable_out_and_in_again(tmp_path: Path) -> None:
    link = tmp_path / "table"
    master, slave = os.openpty()
    link.symlink_to(os.ttyname(slave))
    port = SerialPort(str(link), 115200)
    port.open()
    os.close(slave)
    os.close(master)
    until(lambda: port.read() == b"" and not port.is_open)
    link.unlink()
    assert not port.poll(1.0)
    port.write(b"lost")
    assert port.dropped_writes == 1
    port.wait(0.0)
    master, slave = os.openpty()
    link.symlink_to(os.ttyname(slave))
    assert not port.poll(1.1), "not more often than every quarter of a second"
    assert port.poll(1.3)
    os.write(master, b"back")
    assert read_all(port, 4) == b"back"


@pytest.mark.requirement("REQ-WIRE-PORT")
def test_a_full_line_never_blocks_and_drops_whole_frames(pty: tuple[int, int, str]) -> None:
    master, _, name = pty
    port = SerialPort(name, 115200)
    port.open()
    frame = b"x" * 46 + b"\0"
    sent = 0
    while not port.dropped_writes:
        port.write(frame)
        sent += 1
    dropped = port.dropped_writes
    os.set_blocking(master, False)
    received = b""
    for _ in range(10):
        try:
            received += os.read(master, 1 << 20)
        except BlockingIOError:
            port.write(b"")  # what is left of a frame goes out before anything else
    port.write(b"last\0")
    for _ in range(10):
        try:
            received += os.read(master, 1 << 20)
        except BlockingIOError:
            break
    assert received.endswith(b"last\0")
    whole = received[: -len(b"last\0")]
    assert set(whole.split(b"\0")) <= {b"x" * 46, b""}
    assert whole.count(b"\0") >= sent - dropped - 1


def test_a_socket() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = SerialPort(f"socket://127.0.0.1:{server.getsockname()[1]}", 115200)
        port.open()
        client, _ = server.accept()
        with client:
            client.sendall(b"from the table")
            assert read_all(port, 14) == b"from the table"
            port.write(b"to the table")
            assert client.recv(100) == b"to the table"
        until(lambda: port.read() == b"" and not port.is_open)


@pytest.mark.requirement("REQ-WIRE-PORT")
def test_a_network_connection_is_made_anew_beside_the_control_loop() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = SerialPort(f"socket://127.0.0.1:{server.getsockname()[1]}", 115200)
        port.open()
        server.accept()[0].close()
        until(lambda: port.read() == b"" and not port.is_open)
        assert not port.poll(1.0), "somebody else is making it"
        client, _ = server.accept()
        now_s = iter(range(2, 1_000_000))
        until(lambda: port.poll(float(next(now_s))))
        with client:
            client.sendall(b"back")
            assert read_all(port, 4) == b"back"
        port.close()


def test_a_host_that_does_not_answer_keeps_nobody_waiting() -> None:
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        # Nobody takes these in, and so the system answers no further ones.
        waiting = [stack.enter_context(socket.socket()) for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(server.getsockname())
        port = SerialPort(f"socket://127.0.0.1:{server.getsockname()[1]}", 115200)
        assert not port.poll(1.0)
        assert not port.poll(2.0)
        port.write(b"lost")
        port.close()
    assert port.dropped_writes == 1


class NetworkPort(threading.Thread):
    """pyserial's RFC 2217 server for one client, in front of pyserial's port that gives back what is sent to it.

    A virtual serial port cannot stand behind it: the server asks for modem lines, which those do not have.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.serial = serial.serial_for_url("loop://", timeout=0)
        self.server = socket.create_server(("127.0.0.1", 0))
        self.url = f"rfc2217://127.0.0.1:{self.server.getsockname()[1]}"
        self.client: socket.socket | None = None

    def write(self, data: bytes) -> None:
        """What the server's protocol answers to the client."""
        assert self.client is not None
        self.client.sendall(data)

    def run(self) -> None:
        self.client, _ = self.server.accept()
        with self.server, self.client, self.serial:
            self.client.settimeout(0.005)
            # Typed for pyserial's own classes; what it asks of them are a port and an object with write().
            manager = serial.rfc2217.PortManager(self.serial, self)  # type: ignore[arg-type]
            with contextlib.suppress(OSError, serial.SerialException):
                while self._serve(manager, self.client):
                    pass

    def _serve(self, manager: serial.rfc2217.PortManager, client: socket.socket) -> bool:
        try:
            data = client.recv(1024)
        except TimeoutError:
            waiting = self.serial.read(1024)
            if waiting:
                client.sendall(b"".join(manager.escape(waiting)))
            return True
        self.serial.write(b"".join(manager.filter(data)))
        return bool(data)


@pytest.mark.filterwarnings("ignore:set(Daemon|Name):DeprecationWarning")  # in pyserial 3.5 itself
def test_a_network_port_by_rfc_2217() -> None:
    network = NetworkPort()
    network.start()
    port = SerialPort(network.url, 115200)
    port.open()
    port.write(b"over the network and back\xff\0")
    assert read_all(port, 27) == b"over the network and back\xff\0"
    port.write(b"all of it in one piece")
    pieces: list[bytes] = []
    while len(b"".join(pieces)) < 22:
        port.wait(1.0)
        pieces.append(port.read())
    assert b"".join(pieces) == b"all of it in one piece"
    assert len(pieces) < 11, "not a tick of the control loop for each byte"
    port.close()
    network.join()


@pytest.mark.requirement("REQ-WIRE-PORT")
@pytest.mark.filterwarnings("ignore:set(Daemon|Name):DeprecationWarning")  # in pyserial 3.5 itself
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # pyserial's thread, as is meant
@pytest.mark.parametrize("look", [SerialPort.read, lambda port: port.wait(0.0001)], ids=["read", "wait"])
def test_a_network_port_whose_reader_died_is_lost_and_made_anew(look: Callable[[SerialPort], object]) -> None:
    network = NetworkPort()
    network.start()
    port = SerialPort(network.url, 115200)
    port.open()
    reader = port._serial._thread
    network.write(b"\xff\xf0")  # the data FF F0 by a server that does not double FF
    reader.join(LONGEST_S)
    assert not reader.is_alive()
    look(port)
    assert not port.is_open
    network.join()
    port.poll(1.0)
    assert port._opening is not None
    port.close()


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        ("/dev/no-such-port", "righting ports"),
        ("/dev/null", "not a serial port"),
        ("/", "not a serial port"),
        ("nonsense://x", "socket://"),
        ("socket://127.0.0.1:1", "nobody listens"),
        *((url, "name host and port, as in socket://192") for url in WITHOUT_ADDRESS),
    ],
)
def test_what_cannot_be_opened_says_what_to_do(url: str, advice: str) -> None:
    with pytest.raises(PortError) as refused:
        SerialPort(url, 115200).open()
    assert url in str(refused.value)
    assert advice in str(refused.value)


def test_a_rate_that_no_port_can_do_says_so(pty: tuple[int, int, str]) -> None:
    with pytest.raises(PortError, match="no port can do 99999999999 baud"):
        SerialPort(pty[2], 99_999_999_999).open()


def test_a_busy_port_says_so(pty: tuple[int, int, str]) -> None:
    first = SerialPort(pty[2], 115200)
    first.open()
    with pytest.raises(PortError, match="another program"):
        SerialPort(pty[2], 115200).open()
    first.close()


def test_the_ports_of_this_machine_can_be_listed() -> None:
    assert all(name and isinstance(text, str) for name, text in list_ports())
