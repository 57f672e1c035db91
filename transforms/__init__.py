"""Frames in, frames out: no input or output, no clock, no settings."""
