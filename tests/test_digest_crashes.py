"""Kill -9 at every durable step of two mornings: every meeting in one digest, no mail lost, and none twice but where nobody can know."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections import Counter
from pathlib import Path

import pytest
from mail.crasher import prepare
from mail.desk import ANNE, BADR, parse
from mail.servers import FaultySmtp
from mail.world import open_world

CRASHER = Path(__file__).parent / "mail" / "crasher.py"


async def _run(crasher: asyncio.subprocess.Process, store: Path, step: int) -> str:
    assert crasher.stdin and crasher.stdout
    crasher.stdin.write(f"{store} {step}\n".encode())
    await crasher.stdin.drain()
    return (await asyncio.wait_for(crasher.stdout.readline(), 60)).decode().strip()


def _check(store_file: Path, server: FaultySmtp, out: Path, step: int) -> None:
    store = open_world(store_file)
    with store.reading() as connection:
        ask = connection.exec_driver_sql
        assert ask("PRAGMA integrity_check").scalar() == "ok"
        assert ask("PRAGMA foreign_key_check").all() == []
        told = Counter(
            ask("SELECT d.profile, i.meeting_id FROM digest_items i JOIN digests d ON d.id = i.digest_id WHERE section = 'new'").all()
        )
        slots = ask("SELECT profile, local_date, state FROM slots ORDER BY profile, local_date").all()
        mails = ask("SELECT message_id, recipient, state, maybe_twice FROM outbox").all()
    store.close()
    assert set(told.values()) == {1}, (step, told)
    assert len(told) == 4, (step, told)  # two meetings for each of two profiles
    assert [tuple(slot) for slot in slots] == [
        (profile, day, "built") for profile in ("fichiers", "matin") for day in ("2026-11-25", "2026-11-26")
    ], step
    assert {mail[2] for mail in mails} == {"sent"}, (step, mails)
    copies: dict[tuple[str, str], list[bytes]] = {}
    for taken in server.taken:
        copies.setdefault((parse(taken.octets)["Message-ID"], taken.recipients[0]), []).append(taken.octets)
    assert sorted(recipient for _, recipient in copies) == sorted([ANNE, BADR] * 2), step
    for (message_id, recipient), octets in copies.items():
        assert len(octets) <= 2 and len(set(octets)) == 1, (step, "other bytes")
        if len(octets) == 2:
            (row,) = [mail for mail in mails if mail[0] == message_id]
            assert row[3], (step, recipient, "sent twice without saying maybe")
    assert sorted(path.name for path in out.iterdir() if not path.name.startswith(".")) == [
        "2026-11-25-fichiers.eml",
        "2026-11-25-fichiers.html",
        "2026-11-26-fichiers.eml",
        "2026-11-26-fichiers.html",
    ], step


@pytest.mark.parametrize(
    ("first_step", "stride"), [(1, 8), pytest.param(1, 1, marks=[pytest.mark.torture, pytest.mark.timeout(600)], id="every-step")]
)
async def test_killed_at_a_durable_step_nothing_is_lost_and_nothing_told_twice(tmp_path, first_step, stride):
    first = tmp_path / "first.sqlite"
    store = open_world(first)
    prepare(store)
    store.close()
    out = tmp_path / "out"
    async with FaultySmtp() as server:
        crasher = await asyncio.create_subprocess_exec(
            sys.executable, CRASHER, str(server.port), str(out), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        doubled = 0
        step = first_step - stride
        while True:
            step += stride
            server.taken.clear()
            shutil.rmtree(out, ignore_errors=True)
            copy = tmp_path / f"{step}.sqlite"
            shutil.copy(first, copy)
            ended = await _run(crasher, copy, step)
            assert await _run(crasher, copy, 0) == "done 0"
            _check(copy, server, out, step)
            doubled += len(server.taken) - 4
            if ended != "killed":
                assert ended == "done 0"
                break
        assert crasher.stdin
        crasher.stdin.close()
        await crasher.wait()
    # between the final dot and the commit of its answer, for each of four mails: answered, before the commit, and no more
    assert step > 40 and doubled <= 3 * 4, (step, doubled)
    print(f"{step} steps, {doubled} mails in doubt")
