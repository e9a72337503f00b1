"""Races and abuse: what hurts a kernel that is only careful most of the time."""
