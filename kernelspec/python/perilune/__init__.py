"""What Python programs need to know about Perilune, a Lua kernel for Jupyter.

The kernel itself is a program, ``perilune``; nothing here runs in it. ``perilune.papermill`` writes
parameters as Lua, ``perilune.language_server`` tells jupyterlab-lsp how language servers for Lua are
started.
"""
