"""Puts something else in the place of a function or class, wherever a program has imported it."""

import sys
from collections.abc import Collection

OURS = frozenset({"app", "db", "domain", "resolvers", "schema", "execution"})


def replace_everywhere(original: object, replacement: object, packages: Collection[str] = OURS) -> None:
    """Have all modules of packages use `replacement` for `original`.

    Raises:
        LookupError: Where none of them does.
    """
    found = False
    for module_name, module in list(sys.modules.items()):
        if module_name.partition(".")[0] in packages:
            for name, value in list(vars(module).items()):
                if value is original:
                    setattr(module, name, replacement)
                    found = True
    if not found:
        raise LookupError(f"nothing uses {original}")
