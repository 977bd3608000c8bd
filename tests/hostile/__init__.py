"""A server that misbehaves on purpose, one endpoint per fault."""
