"""What happens to one feed, one entry, one day: no database, no settings file, no clock."""
