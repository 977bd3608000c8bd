"""The digest as mail: who wants it, how it looks, and how it is delivered once."""
