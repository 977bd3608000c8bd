"""Runs two mornings of digests again and again in forked children, each killed (SIGKILL) at the durable step it is told.

`python crasher.py PORT OUT_DIR`; one line "STORE STEP FAULT_PHASE" on standard input is one child, one line back its end: "killed" or
"done". Step 0 is a run to the end. Forking spares the second of imports that a new process would need for each of a hundred.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from mail.desk import ANNE, BADR, mail_to
from mail.samples import MORNING, ZONE
from mail.world import LAUGIER, NEVES, open_world, talks, told_by

from monitor import log
from monitor.mail import service
from monitor.mail.profile import Profile
from monitor.mail.settings import MailSettings
from monitor.store import durable

DAY = timedelta(days=1)
PROFILES = [Profile("matin", (ANNE, BADR), timezone=ZONE), Profile("fichiers", timezone=ZONE)]


def prepare(store) -> None:
    """A store with a meeting for the first morning and one for the second, which also brings news of the first."""
    service.owe(store, PROFILES, MORNING - DAY)
    told_by(store, "Atlas", talks(other=replace(LAUGIER, name=None, person_id=None, known=False)), text="Un texte court. Un autre.")
    told_by(store, "Rif", talks(other=NEVES), text="Une dépêche. Une suite.")


def second_day(store) -> None:
    told_by(store, "Souss", talks(), at=MORNING + timedelta(hours=3), text="Le texte du Souss. La suite du Souss.")


async def mornings(store, settings: MailSettings) -> None:
    """Both mornings as the daemon goes through them, until nothing is owed."""
    for now in (MORNING, MORNING + timedelta(minutes=20), MORNING + DAY, MORNING + DAY + timedelta(minutes=20)):
        if now == MORNING + DAY:
            second_day(store)
        for slot in service.owe(store, PROFILES, now):
            profile = next(profile for profile in PROFILES if profile.name == slot.profile)
            service.build_digest(store, profile, slot, now, settings=settings)
        await service.deliver(store, settings, now)


def child(path: str, step: int, settings: MailSettings) -> None:
    store = open_world(Path(path))
    durable._count, durable._crash_at = 0, step
    asyncio.run(mornings(store, settings))
    store.close()


def main(port: int, out_dir: Path) -> None:
    log.configure(quiet=True)
    settings = replace(mail_to(port), out_dir=out_dir)
    for line in sys.stdin:
        path, step = line.split()
        number = os.fork()
        if number == 0:
            code = 1
            try:
                child(path, int(step), settings)
                code = 0
            finally:
                os._exit(code)
        _, status = os.waitpid(number, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        print("killed" if killed else f"done {os.waitstatus_to_exitcode(status)}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
