"""A demonstration that needs no preparation."""

from app.settings import Settings


def serve_demonstration(settings: Settings) -> None:
    """Serve it."""
    raise SystemExit("soon")
