"""The store: SQLAlchemy over SQLite (or PostgreSQL by changing the URL)."""
