"""`config.toml` read and checked as a whole. Defaults live here and nowhere else.

Order of precedence: environment (`VIGIE_SECTION__KEY`) over the file over the defaults. Every mistake is reported at
once, each with the file, the dotted key and a hint; nothing runs on a configuration with a mistake.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

Language = Literal["fr", "ar", "es", "en"]
Category = Literal["intelligence", "police", "gendarmerie", "interior", "justice", "military", "border", "cyber"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

LANGUAGES: tuple[Language, ...] = ("fr", "ar", "es", "en")
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class ConfigError(Exception):
    """The configuration cannot be used; `problems` are lines for people."""

    def __init__(self, problems: Iterable[str]):
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


def duration(value: Any) -> Any:
    """A length of time: seconds as a number, or "90s", "15m", "2h", "1d"."""
    if isinstance(value, timedelta):
        return value
    if isinstance(value, bool):
        raise ValueError('expected a length of time such as "15m"')
    if isinstance(value, int | float):
        return timedelta(seconds=value)
    if isinstance(value, str) and (found := re.fullmatch(r"\s*(\d{1,9}(?:\.\d{1,3})?)\s*([smhd]?)\s*", value)):
        return timedelta(seconds=float(found[1]) * _UNITS[found[2] or "s"])
    raise ValueError('expected a length of time such as "90s", "15m", "2h" or "1d"')


def clock_time(value: Any) -> Any:
    """A local time of day, "HH:MM"."""
    if isinstance(value, time):
        return value
    if isinstance(value, str) and (found := re.fullmatch(r"(\d{1,2}):(\d{2})", value.strip())):
        hour, minute = int(found[1]), int(found[2])
        if hour < 24 and minute < 60:
            return time(hour, minute)
    raise ValueError('expected a time of day such as "07:30"')


def clock_span(value: Any) -> Any:
    """Two local times of day, "22:00-06:30"; an empty text for none."""
    if not isinstance(value, str):
        return value
    if not value.strip():
        return None
    start, mark, end = value.partition("-")
    try:
        if not mark:
            raise ValueError
        return clock_time(start), clock_time(end)
    except ValueError:
        raise ValueError('expected two times of day such as "22:00-06:30", or "" for none') from None


def mail_address(value: str) -> str:
    """A mail address, with or without a name before it."""
    from monitor.mail.message import BadAddress, address

    try:
        address(value)
    except BadAddress as problem:
        raise ValueError(f"{problem}; expected one such as name@example.org") from None
    return value


def zone_name(value: str) -> str:
    """A name of the time zone database."""
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        from zoneinfo import available_timezones

        raise ValueError(f"unknown time zone {value!r}{_nearest(value, available_timezones())}") from None
    return value


def country_code(value: str) -> str:
    """Two capital letters of ISO 3166, or one of our own two."""
    if value not in ("INT", "EU") and not re.fullmatch(r"[A-Z]{2}", value):
        hint = f" (did you mean {value.upper()!r}?)" if re.fullmatch(r"[A-Za-z]{2}", value) else ""
        raise ValueError(f'{value!r} is no country code such as "MA" or "FR" (INT: international bodies, EU: of the Union){hint}')
    return value


def positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("must be longer than zero")
    return value


Duration = Annotated[timedelta, BeforeValidator(duration)]
PositiveDuration = Annotated[timedelta, BeforeValidator(duration), AfterValidator(positive)]
ClockTime = Annotated[time, BeforeValidator(clock_time)]
ClockSpan = Annotated[tuple[time, time] | None, BeforeValidator(clock_span)]
MailAddress = Annotated[str, AfterValidator(mail_address)]
ZoneName = Annotated[str, AfterValidator(zone_name)]
Country = Annotated[str, AfterValidator(country_code)]


class Section(BaseModel):
    """A table of the file: an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class StoreConfig(Section):
    url: str = "sqlite:///var/vigie.sqlite"
    keep_pages_days: int = Field(default=30, ge=1)
    keep_articles_days: int = Field(default=730, ge=1)

    @field_validator("url")
    @classmethod
    def _known_scheme(cls, value: str) -> str:
        scheme = value.split("://", 1)[0].split("+")[0]
        if "://" not in value or scheme not in ("sqlite", "postgresql"):
            raise ValueError('expected "sqlite:///path/to/file.sqlite" or "postgresql+psycopg://user@host/name"')
        return value


class ScheduleConfig(Section):
    timezone: ZoneName = "Africa/Casablanca"
    poll_every: PositiveDuration = timedelta(minutes=15)
    digest_at: ClockTime = time(7, 30)


class FetchConfig(Section):
    user_agent: str = Field(default="Vigie/0.1 (news monitor)", min_length=3, pattern=r"^[\x20-\x7e]+$")
    contact: str = Field(default="", pattern=r"^[\x20-\x7e]*$")
    timeout: PositiveDuration = timedelta(seconds=30)
    max_bytes: int = Field(default=15_000_000, ge=10_000)
    per_host: int = Field(default=2, ge=1, le=16)
    pause: Duration = timedelta(seconds=1)
    respect_robots: bool = True
    allow_addresses: tuple[str, ...] = ()

    @field_validator("allow_addresses")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            try:
                ipaddress.ip_network(network, strict=False)
            except ValueError:
                raise ValueError(f'{network!r} is not a network such as "127.0.0.1/32" or "fd00::/8"') from None
        return value


class ReadConfig(Section):
    workers: int = Field(default_factory=lambda: max(1, os.cpu_count() or 1), ge=1, le=64)
    page_timeout: PositiveDuration = timedelta(seconds=15)
    mode: Literal["all", "candidates"] = "all"


class DetectConfig(Section):
    threshold: float = Field(default=0.5, ge=0, le=1)
    possible: float = Field(default=0.3, ge=0, le=1)
    registers: tuple[str, ...] = ()
    languages: tuple[Language, ...] = Field(LANGUAGES, min_length=1)

    @model_validator(mode="after")
    def _line_below(self) -> DetectConfig:
        if self.possible > self.threshold:
            raise ValueError("possible must not lie above threshold")
        return self


class MailConfig(Section):
    host: str = ""
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password: str = Field(default="", repr=False)
    password_file: str = ""
    sender: MailAddress = "Vigie <vigie@localhost>"
    contact: str = ""
    out_dir: str = "var/digests"
    timeout: PositiveDuration = timedelta(seconds=30)
    unknown: Literal["resend", "hold"] = "resend"
    templates: str = ""
    ca_file: str = ""

    @field_validator("host")
    @classmethod
    def _a_name_alone(cls, value: str) -> str:
        if re.search(r"[\s/@]|:\d+$", value):
            raise ValueError(f"{value!r} is not a host name alone, such as smtp.example.org; the port stands in mail.port")
        return value

    @field_validator("contact")
    @classmethod
    def _contact(cls, value: str) -> str:
        return mail_address(value) if value else value


class KeywordsConfig(Section):
    any: tuple[str, ...] = ()
    all: tuple[str, ...] = ()
    none: tuple[str, ...] = ()


class ProfileConfig(Section):
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")
    recipients: tuple[str, ...] = ()
    language: Language = "fr"
    digest_at: ClockTime | None = None
    timezone: ZoneName | None = None
    days: tuple[Weekday, ...] = Field(WEEKDAYS, min_length=1)
    empty: Literal["skip", "send"] = "send"
    categories: tuple[Category, ...] = ()
    countries: tuple[Country, ...] = ()
    persons: tuple[str, ...] = ()
    bodies: tuple[str, ...] = ()
    keywords: KeywordsConfig = KeywordsConfig()
    minimum_score: float = Field(default=0.0, ge=0, le=1)
    alert: float | None = Field(default=None, ge=0, le=1)
    alerts_a_day: int = Field(default=4, ge=1, le=100)
    alert_pause: Duration = timedelta(minutes=30)
    quiet_hours: ClockSpan = (time(22, 0), time(6, 30))
    alert_urls_file: str = ""

    @field_validator("alert", mode="before")
    @classmethod
    def _alert(cls, value: Any) -> Any:
        """`alert = true` asks for an immediate mail at the score of a sure meeting, `false` for none."""
        return {True: 0.8, False: None}[value] if isinstance(value, bool) else value

    @field_validator("recipients")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        from monitor.mail.message import recipient_key

        seen: set[str] = set()
        for address in value:
            if recipient_key(mail_address(address)) in seen:
                raise ValueError(f"{address!r} stands there twice")
            seen.add(recipient_key(address))
        return value


class FeedConfig(Section):
    url: str = Field(max_length=2000)
    outlet: str = Field(min_length=1, max_length=200)
    country: Country | None = None
    language: Language | None = None
    kind: Literal["feed", "sitemap"] = "feed"
    every: PositiveDuration | None = None
    full_text: bool = False

    @field_validator("url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        if not re.match(r"https?://[^\s/?#]+", value, re.IGNORECASE):
            raise ValueError("expected an address that begins with https:// or http://")
        return value


class Config(BaseSettings):
    """The whole configuration. `base` is the folder that relative paths start from (that of the file)."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, env_prefix="VIGIE_", env_nested_delimiter="__", env_ignore_empty=True
    )

    feeds: tuple[FeedConfig, ...] = ()
    store: StoreConfig = StoreConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    fetch: FetchConfig = FetchConfig()
    read: ReadConfig = Field(default_factory=ReadConfig)
    detect: DetectConfig = DetectConfig()
    mail: MailConfig = MailConfig()
    profiles: tuple[ProfileConfig, ...] = ()

    _base: Path = Path()
    _file: Path | None = None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings

    @field_validator("profiles")
    @classmethod
    def _profile_names_differ(cls, value: tuple[ProfileConfig, ...]) -> tuple[ProfileConfig, ...]:
        _refuse_repeats((profile.name for profile in value), "profile name")
        return value

    @field_validator("feeds")
    @classmethod
    def _feed_addresses_differ(cls, value: tuple[FeedConfig, ...]) -> tuple[FeedConfig, ...]:
        _refuse_repeats((feed.url for feed in value), "feed address")
        return value

    @property
    def base(self) -> Path:
        return self._base

    @property
    def file(self) -> Path | None:
        return self._file

    def path(self, value: str) -> Path:
        """A path of the configuration; a relative one starts at the file's folder."""
        return (self._base / Path(value).expanduser()).resolve()

    @property
    def store_url(self) -> str:
        """The store's address, with a relative SQLite path made absolute."""
        scheme, _, rest = self.store.url.partition("://")
        if not scheme.startswith("sqlite") or rest in ("", "/:memory:", "/"):
            return self.store.url
        path, mark, query = rest[1:].partition("?")
        return f"{scheme}:///{self.path(path)}{mark}{query}"

    @property
    def mail_password(self) -> str:
        """The mail password from the environment or its file. Raises ConfigError if the file cannot be read."""
        if self.mail.password or not self.mail.password_file:
            return self.mail.password
        return self._secret("mail.password_file", self.mail.password_file).strip()

    def alert_urls(self, number: int) -> tuple[str, ...]:
        """Where the profile of this number (from 0) is alerted beside the mail: its file's lines and VIGIE_ALERT_URLS.

        They hold secrets, so they stand in no configuration. Raises ConfigError if the file cannot be read.
        """
        profile = self.profiles[number]
        if profile.alert is None:
            return ()
        lines = os.environ.get("VIGIE_ALERT_URLS", "").split()
        if profile.alert_urls_file:
            text = self._secret(f"profiles[{number + 1}].alert_urls_file", profile.alert_urls_file)
            lines += [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
        return tuple(dict.fromkeys(lines))

    def _secret(self, key: str, name: str) -> str:
        path = self.path(name)
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as problem:
            reason = getattr(problem, "strerror", None) or "not readable as text"
            raise ConfigError([f"{key}: cannot read {path}: {reason}"]) from None


def load_config(path: Path | str | None = None, environ: Mapping[str, str] | None = None) -> Config:
    """Read and check `path` (default: `config.toml` in the current folder, then the one that ships with the package).

    Raises ConfigError listing every mistake with its dotted key.
    """
    file = find_config(path)
    try:
        raw = file.read_bytes()
    except OSError as problem:
        raise ConfigError([f"{file}: cannot read the configuration: {problem.strerror}"]) from None
    try:
        data = tomllib.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as problem:
        line = raw[: problem.start].count(b"\n") + 1
        raise ConfigError([f"{file}: line {line}: not UTF-8 text; save the file as UTF-8"]) from None
    except tomllib.TOMLDecodeError as problem:
        raise ConfigError([f"{file}: not valid TOML: {problem}"]) from None
    if "password" in data.get("mail", {}):
        raise ConfigError([f"{file}: mail.password: keep it out of this file; use mail.password_file or VIGIE_MAIL__PASSWORD"])
    try:
        config = Config(**data)
    except ValidationError as problem:
        raise ConfigError(_lines(file, raw.decode("utf-8"), problem)) from None
    config._base = file.parent.resolve()
    config._file = file.resolve()
    return config


def find_config(path: Path | str | None = None) -> Path:
    """The file that will be read: the one asked for, else `config.toml` here. Raises ConfigError if there is none."""
    if path is None:
        path = os.environ.get("VIGIE_CONFIG") or None
    if path is not None:
        file = Path(path).expanduser()
        if not file.is_file():
            raise ConfigError([f"{file}: no such configuration file"])
        return file
    here = Path("config.toml")
    if here.is_file():
        return here
    raise ConfigError(["no config.toml in the current folder; name one with --config FILE or VIGIE_CONFIG"])


def _refuse_repeats(values: Iterable[str], what: str) -> None:
    seen: set[str] = set()
    for number, value in enumerate(values):
        if value in seen:
            raise ValueError(f"{what} {value!r} stands there twice (second time as number {number + 1})")
        seen.add(value)


def _nearest(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _lines(file: Path, text: str, problem: ValidationError) -> list[str]:
    lines = []
    for error in problem.errors():
        location = error["loc"]
        key = _dotted(location)
        if error["type"] == "extra_forbidden":
            message = f"unknown key{_nearest(str(location[-1]), _known_keys(location[:-1]))}"
        elif error["type"] == "missing":
            message = "this key is missing"
        elif error["type"] == "literal_error":
            hint = _nearest(str(error["input"]), _choices(error))
            message = f"{error['input']!r} is not one of {error['ctx']['expected']}{hint}"
        elif error["type"] == "value_error":
            message = str(error["ctx"]["error"])
        elif error["type"] == "string_pattern_mismatch":
            message = f"{error['input']!r} is not of the form asked for ({error['ctx']['pattern']})"
        else:
            message = error["msg"][0].lower() + error["msg"][1:]
            if not isinstance(error["input"], dict | list | tuple):
                message += f", not {error['input']!r}"
        lines.append(f"{file}{_line_of(text, location)}: {key}: {message}")
    return lines


def _choices(error: Any) -> list[str]:
    return re.findall(r"'([^']*)'", error["ctx"]["expected"])


def _dotted(location: tuple[int | str, ...]) -> str:
    dotted = ""
    for part in location:
        dotted += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if dotted else part
    return dotted


def _known_keys(location: tuple[int | str, ...]) -> list[str]:
    model: Any = Config
    for part in location:
        if isinstance(part, int):
            continue
        model = _inner(model.model_fields[part].annotation)
    return list(model.model_fields)


def _inner(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in get_args(annotation):
        if found := _inner(argument):
            return found
    return None


def _line_of(text: str, location: tuple[int | str, ...]) -> str:
    """Where the key stands, as `:12`, when that is plain to see."""
    names = [part for part in location if isinstance(part, str)]
    if not names:
        return ""
    section, key = (names[0], names[-1]) if len(names) > 1 else ("", names[0])
    numbers = [part for part in location if isinstance(part, int)]
    current, count = "", -1
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*(\[\[?)\s*([\w-]+)\s*\]", line):
            current = header[2]
            count += header[1] == "[[" and current == section
        elif current == section and re.match(rf"\s*{re.escape(key)}\s*=", line) and (not numbers or count == numbers[0]):
            return f":{number}"
    return ""
