"""The command line: the edge that reads arguments, prints, and catches what must not be printed."""
