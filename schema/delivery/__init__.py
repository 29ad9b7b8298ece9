"""Delivery of events: broadcast groups, what they execute, who pays for it, and what they remember."""
