"""How mail leaves: the server, our own address, and what to do when an answer never came."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Security = Literal["starttls", "tls", "none"]

FINAL_REPLY_SECONDS = 300.0
"""How long to wait for the answer after the final dot. RFC 5321 (4.5.3.2.6) asks for 10 minutes; a lease must outlast it."""


@dataclass(frozen=True, slots=True)
class MailSettings:
    """The mail section of the configuration. Without a host, digests are written to `out_dir` instead of being sent."""

    host: str = ""
    port: int = 587
    security: Security = "starttls"
    username: str = ""
    password: str = field(default="", repr=False)
    sender: str = "Vigie <vigie@localhost>"
    out_dir: Path = Path("var/digests")
    timeout: float = 30.0  # seconds, for each command
    unknown: Literal["resend", "hold"] = "resend"
    contact: str | None = None  # address that answers and takes back subscriptions; default: the sender's
    templates: Path | None = None  # a folder whose templates stand before the shipped ones
    final_reply: float = FINAL_REPLY_SECONDS
    registers: tuple[Path, ...] = ()  # the user's own, beside the shipped one: what people and posts are called
    ca_file: Path | None = None  # certificates to trust instead of the system's
