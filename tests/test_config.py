from __future__ import annotations

import os
from datetime import time, timedelta
from pathlib import Path

import pytest

from monitor.config import ConfigError, load_config

SHIPPED = Path(__file__).parent.parent / "config.toml"


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch):
    for name in list(os.environ):
        if name.startswith("VIGIE_"):
            monkeypatch.delenv(name)


def load(tmp_path: Path, text: str):
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    return load_config(tmp_path / "config.toml")


def problems(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    return str(caught.value)


def test_the_shipped_configuration_runs_as_it_stands():
    config = load_config(SHIPPED)
    assert len(config.feeds) >= 70
    assert {feed.language for feed in config.feeds} == {"fr", "ar", "es", "en"}
    assert sum(feed.country in ("MA", "FR") for feed in config.feeds) > 60
    assert not config.mail.host


def test_every_shipped_feed_stands_on_a_line_of_its_own():
    lines = [line for line in SHIPPED.read_text(encoding="utf-8").splitlines() if "{ url" in line]
    assert len(lines) == len(load_config(SHIPPED).feeds)


def test_what_the_shipped_file_states_are_the_defaults(tmp_path):
    shipped, empty = load_config(SHIPPED), load(tmp_path, "")
    for section in ("store", "schedule", "fetch", "read", "detect", "mail"):
        assert getattr(shipped, section) == getattr(empty, section)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[store]\nurll = "x"', ":2: store.urll: unknown key (did you mean 'url'?)"),
        ("[schedul]\n", "schedul: unknown key (did you mean 'schedule'?)"),
        ('[schedule]\ntimezone = "Africa/Casablanka"', "did you mean 'Africa/Casablanca'?"),
        ('[schedule]\npoll_every = "15 minutes"', "schedule.poll_every: expected a length of time"),
        ('[schedule]\npoll_every = "0s"', "longer than zero"),
        ('[schedule]\ndigest_at = "25:00"', "schedule.digest_at: expected a time of day"),
        ('[mail]\nsecurity = "startls"', "(did you mean 'starttls'?)"),
        ('[mail]\npassword = "s"', "mail.password: keep it out of this file"),
        ("[mail]\nport = 0", "mail.port"),
        ("[read]\nworkers = 0", "read.workers"),
        ("[detect]\nthreshold = 0.2\npossible = 0.4", "possible must not lie above threshold"),
        ("[detect]\nlanguages = []", "detect.languages"),
        ('[detect]\nlanguages = ["de"]', "detect.languages[1]"),
        ('[fetch]\nallow_addresses = ["localhost"]', "is not a network"),
        ('[store]\nurl = "mysql://x"', "store.url"),
        ('feeds = [{ url = "ftp://x", outlet = "A" }]', "feeds[1].url: expected an address"),
        ('feeds = [{ url = "https://a.example/f" }]', "feeds[1].outlet: this key is missing"),
        ('feeds = [{ url = "https://a.example/f", outlet = "A", kin = "feed" }]', "(did you mean 'kind'?)"),
        ('feeds = [{url="https://a.example/", outlet="A"}, {url="https://a.example/", outlet="B"}]', "stands there twice"),
        ('[[profiles]]\nname = "a"\n[[profiles]]\nname = "a"', "profile name 'a' stands there twice"),
        ('[[profiles]]\nname = "a"\n[[profiles]]\nname = "b"\nlanguag = "fr"', ":5: profiles[2].languag: unknown key"),
        ('[[profiles]]\nname = "a"\nrecipients = ["x@y.org", "X@y.org"]', "stands there twice"),
        ('[[profiles]]\nname = "a"\nrecipients = ["x@y.org\\nBcc: z@y.org"]', "is not a mail address"),
        ('[[profiles]]\nname = "../a"', "profiles[1].name"),
        ("[store\n", "not valid TOML"),
    ],
)
def test_a_mistake_is_named_with_its_dotted_key(tmp_path, text, said):
    assert said in problems(tmp_path, text)


def test_all_mistakes_are_told_at_once(tmp_path):
    told = problems(tmp_path, '[store]\nurll = "x"\n[mail]\nport = "x"\n[nope]\n').splitlines()
    assert len(told) == 3


def test_a_file_in_another_encoding_is_named_with_its_line(tmp_path):
    (tmp_path / "c.toml").write_bytes('[mail]\nsender = "Vigie é"'.encode("latin-1"))
    with pytest.raises(ConfigError, match=r"line 2: not UTF-8"):
        load_config(tmp_path / "c.toml")


def test_the_environment_wins_over_the_file(tmp_path, monkeypatch):
    monkeypatch.setenv("VIGIE_SCHEDULE__POLL_EVERY", "5m")
    monkeypatch.setenv("VIGIE_MAIL__PASSWORD", "secret")
    config = load(tmp_path, '[schedule]\npoll_every = "1h"\ndigest_at = "06:45"')
    assert config.schedule.poll_every == timedelta(minutes=5)
    assert config.schedule.digest_at == time(6, 45)
    assert config.mail_password == "secret"
    assert "secret" not in repr(config)


def test_a_mistake_in_the_environment_is_a_mistake(tmp_path, monkeypatch):
    monkeypatch.setenv("VIGIE_STORE__URK", "x")
    assert "store.urk" in problems(tmp_path, "")


def test_the_password_can_come_from_a_file(tmp_path):
    (tmp_path / "secret").write_text("s3cret\n")
    assert load(tmp_path, '[mail]\npassword_file = "secret"').mail_password == "s3cret"


def test_a_password_file_that_is_missing_is_named(tmp_path):
    config = load(tmp_path, '[mail]\npassword_file = "nowhere"')
    with pytest.raises(ConfigError, match=r"mail.password_file: cannot read .*nowhere"):
        _ = config.mail_password


def test_relative_paths_start_at_the_folder_of_the_file(tmp_path):
    config = load(tmp_path, "")
    assert config.store_url == f"sqlite:///{tmp_path.resolve()}/var/vigie.sqlite"
    assert config.path("x.toml") == tmp_path.resolve() / "x.toml"


def test_without_a_file_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="--config FILE"):
        load_config()
    with pytest.raises(ConfigError, match="no such configuration file"):
        load_config("nowhere.toml")
