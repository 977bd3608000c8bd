"""The application around `pipelines`: command line, settings, scheduler, store, mail."""
