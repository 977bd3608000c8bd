"""Failures that are expected in a watcher of strangers' pages. A bug is never one of these.

    PipelineError                 has `permanent`: trying again cannot help
    |-- FetchError                no usable answer came back; has url, reason, status, retry_after
    |   |-- AddressRefused        scheme or address is outside what may be fetched
    |   |-- TimedOut              the total deadline passed
    |   |-- TooLarge              more decoded bytes than allowed
    |   |-- BadAnswer             broken protocol, short body, refused content-coding
    |   |-- StatusError           4xx or 5xx
    |   |   |-- Gone              404 or 410
    |   |   |-- RateLimited       429, or 503 with Retry-After
    |   |   `-- BotWall           a challenge instead of the answer
    |   |-- RobotsRefused         robots.txt says no
    |   `-- TooManyRedirects
    |-- FeedError                 the bytes are no feed, or none that can be read
    |-- WorkerFailure             the process that worked on a feed or page had to be ended, or ended itself
    `-- PageError                 the page holds no article; has `kind`: not-html, soft-404, login, consent, ...
"""

from __future__ import annotations

from datetime import datetime


class PipelineError(Exception):
    """An expected failure. `permanent` says that trying again cannot help."""

    permanent = False


class FetchError(PipelineError):
    """The address could not be fetched. `retry_after` (UTC) is the server's own wish; `host_wide` if it holds for all of `host`."""

    def __init__(
        self,
        url: str,
        reason: str,
        *,
        permanent: bool = False,
        status: int | None = None,
        retry_after: datetime | None = None,
        host_wide: bool = False,
        host: str | None = None,
    ):
        super().__init__(f"{url}: {reason}")
        self.url = url
        self.reason = reason
        self.permanent = permanent
        self.status = status
        self.retry_after = retry_after
        self.host_wide = host_wide
        self.host = host  # who answered, at the end of the redirects; None: the host of `url`


class AddressRefused(FetchError):
    """The scheme or the address connected to is outside what may be fetched."""


class TimedOut(FetchError):
    """The total deadline passed, DNS and connecting included."""


class TooLarge(FetchError):
    """The decoded body is larger than allowed."""


class BadAnswer(FetchError):
    """Broken protocol, short body, or a content-coding nobody asked for."""


class StatusError(FetchError):
    """The server answered with a status that carries no article or feed."""


class Gone(StatusError):
    """404 or 410."""


class RateLimited(StatusError):
    """The server asks us to come back later."""


class BotWall(StatusError):
    """A challenge for browsers came instead of the answer."""


class RobotsRefused(FetchError):
    """The site's robots.txt asks us not to fetch this page."""


class TooManyRedirects(FetchError):
    """The chain of redirects is longer than allowed, or turns in a circle."""


class FeedError(PipelineError):
    """The bytes are not a feed we can read. `alternates` are feed addresses that the page itself offers."""

    def __init__(self, url: str, reason: str, *, alternates: tuple[str, ...] = ()):
        super().__init__(f"{url}: {reason}")
        self.url = url
        self.reason = reason
        self.alternates = alternates

    @property
    def in_words(self) -> str:
        """The reason, with up to three of the feeds on offer that it does not name itself."""
        unnamed = [address for address in self.alternates[:3] if address not in self.reason]
        return f"{self.reason}; it offers {', '.join(unnamed)}" if unnamed else self.reason


class WorkerFailure(PipelineError):
    """The process that worked on a feed or page had to be ended, or ended itself."""


class PageError(PipelineError):
    """The page holds no article."""

    def __init__(self, url: str, kind: str, reason: str, *, permanent: bool = True):
        super().__init__(f"{url}: {reason}")
        self.url = url
        self.kind = kind
        self.reason = reason
        self.permanent = permanent
