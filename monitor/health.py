"""Telling the service manager how we are: readiness, a word of status, and signs of life fed by work that was finished."""

from __future__ import annotations

import os
import socket


def notify(message: str) -> bool:
    """Send `message` (READY=1, STATUS=..., WATCHDOG=1, STOPPING=1) to systemd. False if nobody listens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        try:
            channel.connect("\0" + address[1:] if address.startswith("@") else address)
            channel.sendall(message.encode("utf-8", "replace"))
        except OSError:
            return False
    return True
