"""What an operator sees of the program: its log, and what the log does when it is not read."""
