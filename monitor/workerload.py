"""Imported by the fork server only: what every worker needs, loaded once and shared by all that are forked from it.

Loading the register takes half a second (measured), and a worker is replaced after some hundred pages.
"""

import contextlib
import gc

# Whatever is wrong here is wrong in the worker too, and is said there; an exception would end the fork server
with contextlib.suppress(Exception):
    import pipelines.flow  # noqa: F401  what it imports is what workers run
    from pipelines import detect

    detect.load()

# What is loaded by now stays for good: left out of every later collection, and its memory stays shared
gc.collect()
gc.freeze()
