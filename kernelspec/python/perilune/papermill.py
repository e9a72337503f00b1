"""Lua for papermill: ``papermill in.ipynb out.ipynb -p x 1``.

papermill has entry points for engines and none for translators, and loads every engine when it
starts. So this module is loaded as that of an engine, and registers the translator.
"""

import math
import re

from papermill.engines import NBClientEngine
from papermill.models import Parameter
from papermill.translators import Translator, papermill_translators

_KEYWORDS = frozenset(
    "and break do else elseif end false for function goto if in local nil not or repeat return then true until while".split()
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}

# `local name <const> = value -- help`, the value being literals, names and operators up to a comment.
_ASSIGNMENT = re.compile(
    r"""^\s*(?:local\s+)?(?P<name>[A-Za-z_]\w*)\s*(?:<\s*\w+\s*>)?\s*=(?!=)\s*
        (?P<value>(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|-(?!-)|[^-"'])+?)\s*;?\s*
        (?:--\s*(?P<help>.*))?$""",
    re.VERBOSE,
)
_TYPE = re.compile(r"^\s*---@type\s+(?P<type>\S+)")


def _is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None and text not in _KEYWORDS


def _type_of(literal: str) -> str:
    """What a literal is, in the words of papermill: "None" if nobody can say."""
    if literal.startswith(('"', "'", "[[")):
        return "string"
    if literal in ("true", "false"):
        return "boolean"
    if literal == "nil":
        return "NoneType"
    if literal.startswith("{"):
        return "table"
    if re.fullmatch(r"-?\s*(?:0[xX][0-9A-Fa-f]+|\d+)", literal):
        return "integer"
    if re.fullmatch(r"-?\s*(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", literal):
        return "number"
    return "None"


class LuaTranslator(Translator):
    """Writes what JSON and YAML can say as Lua 5.4."""

    @classmethod
    def translate_none(cls, val):
        return "nil"

    @classmethod
    def translate_int(cls, val):
        # Its digits alone are a float, before the minus makes it negative.
        return "math.mininteger" if val == -(2**63) else str(val)

    @classmethod
    def translate_float(cls, val):
        if math.isnan(val):
            return "-(0/0)"
        if math.isinf(val):
            return "math.huge" if val > 0 else "-math.huge"
        return repr(val)

    @classmethod
    def translate_escaped_str(cls, str_val):
        return f'"{"".join(cls._escaped(character) for character in str(str_val))}"'

    @classmethod
    def _escaped(cls, character):
        if character in _ESCAPES:
            return _ESCAPES[character]
        code = ord(character)
        if code < 32 or code == 127:
            return f"\\{code:03d}"
        if 0xD800 <= code <= 0xDFFF:
            # Half of a pair is no character, and nothing that a notebook could hold.
            return f"\\u{{{code:X}}}"
        return character

    @classmethod
    def translate(cls, val):
        return cls.translate_list(val) if isinstance(val, (tuple, set, frozenset)) else super().translate(val)

    @classmethod
    def translate_list(cls, val):
        return f"{{{', '.join(map(cls.translate, val))}}}"

    @classmethod
    def translate_dict(cls, val):
        return f"{{{', '.join(f'{cls._key(key)} = {cls.translate(value)}' for key, value in val.items())}}}"

    @classmethod
    def _key(cls, key):
        if isinstance(key, str) and _is_name(key):
            return key
        if key is None or (isinstance(key, float) and math.isnan(key)):
            raise ValueError(f"{key} cannot be a key of a table in Lua")
        return f"[{cls.translate(key)}]"

    @classmethod
    def comment(cls, cmt_str):
        return "\n".join(f"-- {line}".strip() for line in cmt_str.splitlines() or [""])

    @classmethod
    def assign(cls, name, str_val):
        return f"{name} = {str_val}" if _is_name(name) else f"_G[{cls.translate_str(name)}] = {str_val}"

    @classmethod
    def inspect(cls, parameters_cell):
        """The parameters that a cell names, for ``papermill --help-notebook``."""
        parameters, type_name = [], None
        for line in parameters_cell["source"].splitlines():
            if annotation := _TYPE.match(line):
                type_name = annotation["type"]
                continue
            if found := _ASSIGNMENT.match(line):
                parameters.append(
                    Parameter(
                        name=found["name"],
                        inferred_type_name=type_name or _type_of(found["value"]),
                        default=found["value"],
                        help=(found["help"] or "").strip(),
                    )
                )
            type_name = None
        return parameters


papermill_translators.register("lua", LuaTranslator)


class Engine(NBClientEngine):
    """papermill's usual engine, under a second name."""
