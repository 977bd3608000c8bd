"""Measurements: what a pass and a reading cost, beside the obvious way of doing it. See README.md."""
