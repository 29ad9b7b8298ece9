"""`python -m app`."""

import gc

# What importing makes lives to the end: the collector would only walk it, again and again, to find that out.
gc.disable()

from app.command_line import run  # noqa: E402 - the line above is of use before the imports alone

gc.freeze()
gc.enable()
run()
