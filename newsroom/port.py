"""Say in one clear line when the port of `make run` is taken: python -m newsroom.port 8000."""

import socket
import sys


def main(port: str) -> int:
    if not port.isdecimal() or not 0 < int(port) < 65536:
        print(f"PORT={port} is no port. Choose a number up to 65535: make run PORT=8001")
        return 1
    with socket.socket() as probe:
        # As the server does: a port that only waits for old connections to end is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(port)))
        except OSError:
            print(f"Port {port} is taken. Choose another one: make run PORT={int(port) + 1}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
