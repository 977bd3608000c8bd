"""Imported by the fork server only: importing it makes the process deaf to SIGTERM.

A service manager may send SIGTERM to every process of the group. The daemon decides what it means; if the fork server obeyed
it, the workers would die with it in the middle of their pages. It ends when the daemon's end of its pipe closes.
"""

import signal

signal.signal(signal.SIGTERM, signal.SIG_IGN)
