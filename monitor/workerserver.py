"""Imported by the fork server only; its side effects on that process, and so on the workers forked from it, are its purpose.

SIGTERM is ignored: a service manager may send it to every process of the group, and the daemon decides what it means. If the fork
server obeyed it, the workers would die with it in the middle of their pages. It ends when the daemon's end of its pipe closes.

The daemon's main script is not run again in every worker, as multiprocessing would: it costs an import of the command line each time,
and no worker could start any more after an upgrade had moved the script.
"""

import signal
from multiprocessing import spawn


def _leave_main_alone(_: str) -> None:
    """Stands in for multiprocessing's import of the main script."""


signal.signal(signal.SIGTERM, signal.SIG_IGN)
spawn._fixup_main_from_path = _leave_main_alone  # type: ignore[attr-defined]
spawn._fixup_main_from_name = _leave_main_alone  # type: ignore[attr-defined]
