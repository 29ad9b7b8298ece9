"""Documents that are made to be dear."""

from collections.abc import Callable, Iterator


def _names(count: int, name: str = "f") -> str:
    return " ".join(f"{name}{number}" for number in range(count))


def _chain(length: int) -> str:
    spreads = " ".join(f"fragment f{step} on Viewer {{ ...f{step + 1} }}" for step in range(length))
    return f"{{ viewer {{ ...f0 }} }} {spreads} fragment f{length} on Viewer {{ user {{ id }} }}"


def _everyone(count: int, others: Callable[[int], Iterator[int]]) -> str:
    """Return fragments each of which spreads others of them."""
    parts = (
        f"fragment f{each} on Viewer {{ {' '.join(f'...f{other}' for other in others(each))} user {{ id }} }}"
        for each in range(count)
    )
    return "{ viewer { ...f0 } } " + " ".join(parts)


def _twice(depth: int) -> str:
    return "id" if depth == 0 else f"organisation {{ orders {{ nodes {{ {_twice(depth - 1)} }} }} }} " * 2


def _in_filter(inside: str) -> str:
    return '{ organisation(id: "") { orders(where: {' + inside + "}) { totalCount } } }"


_USER = "{ viewer { user { id } } }"
_PAGES = "organisation { orders(first: 100) { nodes { "
_INVALID = "GRAPHQL_VALIDATION_FAILED"
_TOO_COMPLEX = "QUERY_TOO_COMPLEX"
_UNPARSABLE = "GRAPHQL_PARSE_FAILED"

HARD_DOCUMENTS: dict[str, tuple[str, str | None]] = {
    # Fragments.
    "sixty fragments that spread each other twice": (
        "{ viewer { ...f0 } } "
        + " ".join(f"fragment f{step} on Viewer {{ ...f{step + 1} ...f{step + 1} }}" for step in range(60))
        + " fragment f60 on Viewer { user { id } }",
        _TOO_COMPLEX,
    ),
    "a circle of sixty": (_everyone(60, lambda each: iter(((each + 1) % 60, (each + 7) % 60))), _INVALID),
    "everyone spreads everyone": (_everyone(25, lambda each: iter(set(range(25)) - {each})), _INVALID),
    "everyone spreads all who come later": (_everyone(32, lambda each: iter(range(each + 1, 32))), _TOO_COMPLEX),
    "a chain of 500": (_chain(500), _TOO_COMPLEX),
    "a chain of 151": (_chain(151), _TOO_COMPLEX),
    "a chain of 100": (_chain(100), None),
    "150 that nobody spreads": (
        _USER + " ".join(f"fragment f{each} on User {{ id name }}" for each in range(150)),
        _INVALID,
    ),
    "151": (_USER + " ".join(f"fragment f{each} on User {{ id }}" for each in range(151)), _TOO_COMPLEX),
    "148 of the same name": ("{ viewer { ...f } } " + "fragment f on Viewer { user { id } } " * 148, _INVALID),
    "a large one in 150": (
        "{ viewer { ...f0 } } fragment large on Viewer { "
        + _names(280)
        + " } "
        + " ".join(f"fragment f{each} on Viewer {{ ...large }}" for each in range(149)),
        _TOO_COMPLEX,
    ),
    "spreads of 690 that do not exist": ("{ viewer { " + _names(690, "...f") + " } }", _INVALID),
    "on 200 types that do not exist": (
        "{ viewer { " + " ".join(f"... on Viewe{each} {{ f{each} }}" for each in range(200)) + " } }",
        _INVALID,
    ),
    # Operations.
    "fifty operations of a large fragment": (
        " ".join(f"query q{each} {{ viewer {{ ...z }} }}" for each in range(50))
        + " fragment z on Viewer { "
        + _names(950)
        + " }",
        _TOO_COMPLEX,
    ),
    "fifty operations of nine fragments": (
        " ".join(f"query q{each} {{ viewer {{ {_names(9, '...f')} }} }}" for each in range(50))
        + " ".join(f"fragment f{each} on Viewer {{ user {{ id name }} memberships {{ role }} }}" for each in range(9)),
        "BAD_USER_INPUT",
    ),
    "fifty operations of one name": ("query q { viewer { user { id } } } " * 50, _INVALID),
    "51 operations": (" ".join(f"query q{each} {_USER}" for each in range(51)), _TOO_COMPLEX),
    # Fields again and again.
    "one field 1,400 times": ("{ viewer { user { " + "id " * 1_400 + "} } }", _TOO_COMPLEX),
    "one field 201 times": ("{ viewer { user { " + "id " * 201 + "} } }", None),
    "one field 202 times": ("{ viewer { user { " + "id " * 202 + "} } }", _TOO_COMPLEX),
    "as many nested repeats as are allowed": ("{ " + "viewer { user { id } } " * 67 + "}", None),
    "one nested repeat more": ("{ " + "viewer { user { id } } " * 68 + "}", _TOO_COMPLEX),
    "twice in two deep": ('{ order(id: "") { ' + _twice(2) + " } }", None),
    "twice in twice in twice": ('{ order(id: "") { ' + _twice(4) + " } }", _TOO_COMPLEX),
    "twice six deep": ('{ order(id: "") { ' + _twice(6) + " } }", _TOO_COMPLEX),
    "1,490 fields that do not exist": ("{ " + _names(1_490) + " }", _INVALID),
    "1,490 fields that nearly exist": ("{ viewer { user { " + _names(1_490, "referenc") + " } } }", _INVALID),
    "100 long names": ("{ " + _names(100, "sharedOrders" * 50) + " }", _INVALID),
    "a name of 65,000": ("{ " + "a" * 65_000 + " }", _INVALID),
    "a hundred aliases": ("{ " + " ".join(f'x{each}: node(id: "") {{ id }}' for each in range(100)) + " }", None),
    # Directives, variables, arguments.
    "200 directives": ("{ viewer " + "@skip(if: false) " * 200 + "{ user { id } } }", _INVALID),
    "600 directives": ("{ viewer " + "@skip(if: false) " * 600 + "{ user { id } } }", _TOO_COMPLEX),
    "directives of variables": (
        "query(" + " ".join(f"$v{each}: Int @a @b" for each in range(180)) + ") " + _USER,
        _INVALID,
    ),
    "360 variables that are not used": (
        "query(" + " ".join(f"$v{each}: Int" for each in range(360)) + ") " + _USER,
        _INVALID,
    ),
    "360 variables of types that nearly exist": (
        "query(" + " ".join(f"$v{each}: OrderFilte{each}" for each in range(360)) + ") " + _USER,
        _INVALID,
    ),
    "360 variables of one name": ("query(" + "$v: Int " * 360 + ") " + _USER, _INVALID),
    "700 variables that are not there": ("{ nodes(ids: [" + _names(700, "$v") + "]) { id } }", _INVALID),
    "one variable 700 times": ("query($v: ID!) { nodes(ids: [" + "$v " * 700 + "]) { id } }", "BAD_USER_INPUT"),
    "480 arguments": (
        "{ viewer { sharedOrders(" + " ".join(f"firs{each}: 1" for each in range(480)) + ") { totalCount } } }",
        _INVALID,
    ),
    "480 times one argument": ("{ viewer { sharedOrders(" + "first: 1 " * 480 + ") { totalCount } } }", _INVALID),
    "480 times one input field": (_in_filter("shareable: true " * 480), _INVALID),
    "480 input fields": (_in_filter(" ".join(f"shareabl{each}: true" for each in range(480))), _INVALID),
    "1,470 values that nearly exist": (_in_filter("statuses: [" + _names(1_470, "IN_FORC") + "]"), _INVALID),
    # Long tokens, and what is between them.
    "5,000 digits": ("{ viewer { sharedOrders(first: " + "9" * 5_000 + ") { totalCount } } }", _INVALID),
    "65,000 digits": ("{ viewer { sharedOrders(first: " + "9" * 65_000 + ") { totalCount } } }", _INVALID),
    "65,000 decimals": ("{ viewer { sharedOrders(first: 1." + "9" * 65_000 + ") { totalCount } } }", _INVALID),
    "a string of 65,000": ('{ node(id: "' + "a" * 65_000 + '") { id } }', None),
    "a string of 250,000": ('{ node(id: "' + "a" * 250_000 + '") { id } }', _TOO_COMPLEX),
    "10,000 escapes": ('{ node(id: "' + "\\u0041" * 10_000 + '") { id } }', None),
    "20,000 lines of a block": ('{ node(id: """' + "a\n " * 20_000 + '""") { id } }', None),
    "a comment of 65,000": (_USER + " #" + "a" * 65_000, None),
    "32,000 comments": (_USER + "#\n" * 32_000, _TOO_COMPLEX),
    "65,000 commas": (_USER + "," * 65_000, None),
    "a fault after 65,000 lines": ("{" + "\n" * 65_000 + "!", _UNPARSABLE),
    "a string without end": ('{ node(id: "' + "a" * 65_000, _UNPARSABLE),
    # Nesting.
    "1,900 selections in selections": ("{ viewer " * 1_900 + "}" * 1_900, _TOO_COMPLEX),
    "1,900 lists in lists": ("{ nodes(ids: " + "[" * 1_900 + "]" * 1_900 + ") { id } }", _TOO_COMPLEX),
    "80 lists in lists": ("{ nodes(ids: " + "[" * 80 + "]" * 80 + ") { id } }", _INVALID),
    "950 objects in objects": (_in_filter("search: {" * 950 + "}" * 950), _TOO_COMPLEX),
    "1,900 types in types": ("query($it: " + "[" * 1_900 + "Int" + "]" * 1_900 + ") " + _USER, _TOO_COMPLEX),
    "950 fragments in fragments": ("{ viewer { " + "... { " * 950 + "user { id }" + "}" * 950 + " } }", _TOO_COMPLEX),
    "60,000 brackets": ("[" * 60_000, _UNPARSABLE),
    # Dear answers.
    "pages of pages of pages": (
        '{ organisation(id: "") { orders(first: 100) { nodes { sharedOrders(first: 100) { nodes { order {'
        " sharedOrders(first: 100) { nodes { id } } } } } } } } }",
        _TOO_COMPLEX,
    ),
    "pages six deep": (
        '{ organisation(id: "") { orders(first: 100) { nodes { ' + _PAGES * 5 + "id" + " }" * 19,
        _TOO_COMPLEX,
    ),
    "pages side by side": (
        '{ organisation(id: "") { '
        + " ".join(
            f"x{each}: orders(first: 100) {{ nodes {{ sharedOrders(first: 100) {{ nodes {{ id }} }} }} }}"
            for each in range(59)
        )
        + " } }",
        _TOO_COMPLEX,
    ),
    "the schema, eight deep": (
        "{ __schema { types { " + "fields { type { " * 8 + "name" + " } }" * 8 + " } } }",
        _INVALID,
    ),
    "the schema, through fragments": (
        "{ __schema { types { ...a } } } fragment a on __Type { fields { type { ...b } } }"
        " fragment b on __Type { fields { type { ...c } } } fragment c on __Type { fields { type { name } } }",
        _INVALID,
    ),
}
"""What each is, by its name, and the code of the error that it is refused with; None where it is served."""
