"""The whole application against the fault catalogue: real polls, real workers, a real store, real signals."""
