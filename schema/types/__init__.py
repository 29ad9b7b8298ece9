"""The types of the schema."""

import schema.enums  # noqa: F401 - registers the enums before a type uses them
