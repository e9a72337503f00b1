"""Measures the kernel beside ipykernel, a bare echo of canned messages, and plain Lua."""
