"""A digest of 500 meetings for 20 recipients: built in at most 5 s, in parts of at most 100 kB, nothing left out."""

from __future__ import annotations

import time
from datetime import timedelta

from mail.samples import MORNING, ZONE
from mail.world import crowded, open_world, watched

from monitor.mail import message, service
from monitor.mail.profile import Profile
from monitor.mail.settings import MailSettings
from monitor.store import digests as kept


def test_five_hundred_meetings_for_twenty_readers_are_built_in_five_seconds(tmp_path):
    store = open_world(tmp_path / "vigie.sqlite")
    watched(store, "https://atlas.example/feed")
    profile = Profile("matin", tuple(f"reader{n}@readers.test" for n in range(20)), timezone=ZONE)
    service.owe(store, [profile], MORNING - timedelta(days=1))
    crowded(store, 500)
    (slot,) = service.owe(store, [profile], MORNING)
    started, cpu = time.perf_counter(), time.process_time()
    built = service.build_digest(store, profile, slot, MORNING, settings=MailSettings())
    print(f"500 meetings, 20 readers: {time.perf_counter() - started:.2f} s, {time.process_time() - cpu:.2f} CPU s, {built.parts} parts")
    # CPU seconds, as tests share their machine
    assert time.process_time() - cpu < 5
    assert built.new == 500 and built.mails == 20 * built.parts
    with store.reading() as connection:
        sizes = list(connection.exec_driver_sql("SELECT length(CAST(html AS BLOB)) FROM digest_parts").scalars())
        told = connection.exec_driver_sql("SELECT count(DISTINCT meeting_id) FROM digest_items").scalar()
        one = kept.due_mails(connection, MORNING, resend_unknown=False)[0]
        message.check(kept.mail_bytes(connection, one))
    assert max(sizes) <= 100_000 and told == 500
    store.close()
