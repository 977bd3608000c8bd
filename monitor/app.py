"""The parts of the application, put together from a configuration."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.config import Config, ConfigError
from monitor.owners import owner_name as owner_name
from pipelines.flow import ReadRules
from pipelines.store import FeedSpec

if TYPE_CHECKING:
    from monitor.mail.profile import Profile
    from monitor.mail.settings import MailSettings
    from monitor.store import SqlStore
    from monitor.workers import Workers
    from pipelines.detect.resources import Register
    from pipelines.fetch import Fetcher


def now() -> datetime:
    """The present time in UTC: the one place where the application reads the clock."""
    return datetime.now(UTC)


def feed_specs(config: Config) -> tuple[FeedSpec, ...]:
    """The configured feeds as the store keeps them."""
    return tuple(
        FeedSpec(
            feed.url,
            feed.outlet,
            feed.country,
            feed.language,
            feed.kind,
            max(feed.every, config.schedule.poll_every) if feed.every else config.schedule.poll_every,
            feed.full_text,
        )
        for feed in config.feeds
    )


def read_rules(config: Config) -> ReadRules:
    """How entries are read."""
    return ReadRules(
        page_timeout=config.read.page_timeout.total_seconds(),
        feed_timeout=max(30.0, config.read.page_timeout.total_seconds()),
        mode=config.read.mode,
        threshold=config.detect.threshold,
        possible=config.detect.possible,
        registers=register_files(config),
        languages=config.detect.languages,
    )


def register_files(config: Config) -> tuple[Path, ...]:
    """The user's own register files. Raises ConfigError for one that is missing."""
    paths = tuple(config.path(name) for name in config.detect.registers)
    missing = [f"detect.registers: no such file: {path}" for path in paths if not path.is_file()]
    if missing:
        raise ConfigError(missing)
    return paths


def load_register(config: Config) -> Register:
    """The register with the user's own files, after a check that the profiles name only what it holds.

    Raises ConfigError naming file and key.
    """
    from pipelines.detect import resources

    try:
        register = resources.load(register_files(config))
    except resources.RegisterError as problem:
        raise ConfigError([f"detect.registers: {problem}"]) from None
    problems = [
        f"profiles[{number}].{key}: {identifier!r} is not in the register{_near(identifier, known)}"
        for number, profile in enumerate(config.profiles, start=1)
        for key, wanted, known in (
            ("persons", profile.persons, register.persons),
            ("bodies", profile.bodies, register.bodies),
        )
        for identifier in wanted
        if identifier not in known
    ]
    if problems:
        raise ConfigError(problems)
    return register


def _near(word: str, known: Iterable[str]) -> str:
    import difflib

    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" (did you mean {close[0]!r}?)" if close else ""


def profiles(config: Config) -> tuple[Profile, ...]:
    """The configured profiles. Raises ConfigError for keywords or alert addresses that cannot be used."""
    from monitor.mail.profile import Profile
    from monitor.mail.push import problems as push_problems
    from monitor.mail.words import frame
    from monitor.slots import parse_days

    made, problems = [], []
    for number, profile in enumerate(config.profiles, start=1):
        urls = config.alert_urls(number - 1)
        problems += [f"profiles[{number}]: {problem}" for problem in push_problems(urls)]
        unknown = [code for code in profile.countries if frame("en").country(code) == code]
        problems += [f"profiles[{number}].countries: there is no country {code!r}" for code in unknown]
        try:
            made.append(
                Profile(
                    name=profile.name,
                    recipients=profile.recipients,
                    language=profile.language,
                    digest_at=profile.digest_at or config.schedule.digest_at,
                    timezone=profile.timezone or config.schedule.timezone,
                    days=parse_days(profile.days),
                    empty=profile.empty,
                    categories=profile.categories,
                    countries=profile.countries,
                    persons=profile.persons,
                    bodies=profile.bodies,
                    keywords_any=profile.keywords.any,
                    keywords_all=profile.keywords.all,
                    keywords_none=profile.keywords.none,
                    minimum_score=profile.minimum_score,
                    alert=profile.alert,
                    alerts_a_day=profile.alerts_a_day,
                    alert_pause=profile.alert_pause,
                    quiet_hours=profile.quiet_hours,
                    alert_urls=urls,
                )
            )
        except ValueError as problem:
            problems.append(f"profiles[{number}]: {problem}")
    if problems:
        raise ConfigError(problems)
    return tuple(made)


def mail_settings(config: Config) -> MailSettings:
    """How digests leave the house. Raises ConfigError for a file that is missing or a template that cannot be used."""
    from monitor.mail.settings import MailSettings

    mail = config.mail
    templates = config.path(mail.templates) if mail.templates else None
    ca_file = config.path(mail.ca_file) if mail.ca_file else None
    if ca_file and not ca_file.is_file():
        raise ConfigError([f"mail.ca_file: no such file: {ca_file}"])
    if templates:
        _check_templates(templates, {profile.language for profile in config.profiles})
    return MailSettings(
        host=mail.host,
        port=mail.port,
        security=mail.security,
        username=mail.username,
        password=config.mail_password,
        sender=mail.sender,
        out_dir=config.path(mail.out_dir),
        timeout=mail.timeout.total_seconds(),
        unknown=mail.unknown,
        contact=mail.contact or None,
        templates=templates,
        registers=register_files(config),
        ca_file=ca_file,
    )


def _check_templates(folder: Path, languages: set[str]) -> None:
    """Raises ConfigError unless a whole digest can be made with the templates of this folder, in each of the languages."""
    from monitor.mail.trial import template_problems

    if not folder.is_dir():
        raise ConfigError([f"mail.templates: no such folder: {folder}"])
    found = [f"mail.templates: {folder}: {problem}" for problem in template_problems(folder, languages or {"fr"})]
    if found:
        raise ConfigError(found)


def open_store(config: Config, *, read_only: bool = False) -> SqlStore:
    """The configured store, created and brought up to date unless `read_only`."""
    from monitor.store import open_store as open_it

    return open_it(config.store_url, read_only=read_only, upgrade=not read_only)


def make_fetcher(config: Config) -> Fetcher:
    """The one function everything is fetched through."""
    from pipelines.fetch import Fetcher, FetchRules

    fetch = config.fetch
    timeout = fetch.timeout.total_seconds()
    return Fetcher(
        FetchRules(
            user_agent=fetch.user_agent,
            contact=fetch.contact,
            timeout=timeout,
            page_timeout=timeout * 1.5,
            max_bytes=fetch.max_bytes,
            max_page_bytes=max(fetch.max_bytes // 3, 10_000),
            per_host=fetch.per_host,
            pause=fetch.pause.total_seconds(),
            respect_robots=fetch.respect_robots,
            allow_addresses=fetch.allow_addresses,
        )
    )


def make_workers(config: Config) -> Workers:
    """The processes that extract and detect."""
    from monitor.workers import Workers

    return Workers(config.read.workers)
