"""`python -m app`."""

from app.command_line import run

run()
