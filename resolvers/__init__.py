"""The use cases, one file each: an open session, the viewer and plain values in; rows out, or a domain error.

None of them commits, and none knows GraphQL.
"""
