"""The servers that ours is compared with. They are no part of the product."""
