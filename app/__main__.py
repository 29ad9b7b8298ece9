"""`python -m app`."""

import gc

# What importing makes lives to the end: the collector would only walk it, again and again, to find that out.
gc.disable()

from app.command_line import run  # noqa: E402 - the line above is of use before the imports alone

gc.freeze()
# A crowd of requests under way makes objects by the thousand that all go again: to look at them so often finds nothing.
gc.set_threshold(25_000, 20, 20)
gc.enable()
run()
