"""The words of the field as types. Standard library only."""
