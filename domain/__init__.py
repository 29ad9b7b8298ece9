"""The rules of sharing, claiming and processing orders: pure functions over plain values, standard library only."""
