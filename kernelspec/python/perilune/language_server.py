"""Language servers for Lua, as jupyterlab-lsp starts them where they are installed.

Each knows what cells have beside Lua's own functions: ``display``, ``plot`` and so on.
"""

import logging
import shutil
import subprocess
import sysconfig
from pathlib import Path

_log = logging.getLogger(__name__)

_COMMON = {
    "version": 2,
    "languages": ["lua"],
    "mime_types": ["text/x-lua"],
    "requires_documents_on_disk": False,
}


def _library() -> list[str]:
    """The folder that describes the functions of cells, which the kernel's program writes."""
    program = Path(sysconfig.get_path("scripts")) / "perilune"
    if not program.exists():
        program = shutil.which("perilune")
    try:
        written = subprocess.run([program, "library"], capture_output=True, text=True, check=True, timeout=10)
    except (OSError, TypeError, subprocess.SubprocessError) as error:
        _log.warning("language servers will not know display and its kin: %s", error)
        return []
    return [written.stdout.rstrip("\n")]


def _specification(program: str, **more) -> dict:
    found = shutil.which(program)
    specification = _COMMON | {"argv": [found or program, *more.pop("arguments", ())], "display_name": program} | more
    if not found:
        install = "; ".join(more["install"].values())
        specification["troubleshoot"] = f"{program} is not on PATH. To install it: {install}"
    return specification


def emmylua(manager) -> dict:
    """EmmyLua's analyser, in Rust."""
    return {
        "emmylua_ls": _specification(
            "emmylua_ls",
            urls={
                "home": "https://github.com/EmmyLuaLs/emmylua-analyzer-rust",
                "issues": "https://github.com/EmmyLuaLs/emmylua-analyzer-rust/issues",
            },
            install={"cargo": "cargo install emmylua_ls"},
            workspace_configuration={"emmylua.runtime.version": "Lua5.4", "emmylua.workspace.library": _library()},
        )
    }


def lua_language_server(manager) -> dict:
    """LuaLS, in Lua."""
    return {
        "lua-language-server": _specification(
            "lua-language-server",
            urls={
                "home": "https://luals.github.io",
                "issues": "https://github.com/LuaLS/lua-language-server/issues",
            },
            install={"brew": "brew install lua-language-server", "conda": "conda install -c conda-forge lua-language-server"},
            workspace_configuration={
                "Lua.runtime.version": "Lua 5.4",
                "Lua.workspace.library": _library(),
                "Lua.workspace.checkThirdParty": False,
            },
        )
    }
