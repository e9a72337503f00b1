"""Requests of every type with contents of every kind: each is busy, answered and idle."""

import json

from frontend import DELIMITER, sign

from .raw import is_served

FIELDS = {
    "execute_request": ["code", "silent", "store_history", "user_expressions", "stop_on_error"],
    "inspect_request": ["code", "cursor_pos", "detail_level"],
    "complete_request": ["code", "cursor_pos"],
    "history_request": ["output", "raw", "hist_access_type", "session", "start", "stop", "n", "pattern", "unique"],
    "is_complete_request": ["code"],
    "connect_request": [],
    "comm_info_request": ["target_name"],
    "kernel_info_request": [],
    "comm_open": ["comm_id", "target_name", "data"],
    "comm_msg": ["comm_id", "data"],
    "comm_close": ["comm_id", "data"],
    "debug_request": ["seq", "command", "arguments"],
    "create_subshell_request": [],
    "list_subshell_request": [],
    "no_such_request": ["anything"],
}
ON_CONTROL = ["kernel_info_request", "interrupt_request", "usage_request", "debug_request", "no_such_request"]

CODE = [
    "",
    "1 + 1",
    "return nil, false, {}",
    "print('🌙', 'é')",
    "error({code = 1})",
    "error(setmetatable({}, {__tostring = function() error('twice') end}))",
    "x = = 1",
    "for i = 1,",
    "[[ open",
    "perilune.sleep(0.001)",
    "return setmetatable({}, {__index = function(t, k) error(k) end, __pairs = error})",
    "string.rep",
    "local t <const> = {} t.t = t return t",
    "coroutine.yield(1)",
    "return ('x'):rep(1000):rep(100)",
    "os.execute('echo hello')",
    "display.html('<b>x</b>')",
    "\x00\x01",
    "é🌙" * 50,
    "(" * 300,
    "return " + "{" * 150 + "}" * 150,
]
VALUES = {
    "code": CODE,
    "cursor_pos": [0, 1, 3, 10**6],
    "detail_level": [0, 1],
    "hist_access_type": ["tail", "range", "search"],
    "n": [0, 1, 10],
    "session": [0, 1, -1],
    "start": [0, 1],
    "stop": [0, 5],
    "pattern": ["*", "a?*", "[", "\\"],
    "silent": [True, False],
    "stop_on_error": [False],
    "user_expressions": [{}, {"a": "1 + 1", "b": "error('x')", "c": "= =", "d": 5}],
    "comm_id": ["one", "two", ""],
    "target_name": ["nowhere", "one"],
    "data": [{}, {"a": [1, {"b": None}]}],
}


def anything(chance, depth: int = 0):
    """Any JSON at all."""
    kind = chance.randrange(10 if depth < 4 else 8)
    if kind == 8:
        return [anything(chance, depth + 1) for _ in range(chance.randrange(4))]
    if kind == 9:
        return {str(anything(chance, 9)): anything(chance, depth + 1) for _ in range(chance.randrange(4))}
    return [None, True, False, chance.randrange(-(2**70), 2**70), chance.uniform(-1e300, 1e300), "", "text 🌙", -1][kind]


def content(chance, type: str) -> bytes:
    fields = {}
    for name in FIELDS.get(type, []):
        dice = chance.random()
        if dice < 0.75 and name in VALUES:
            fields[name] = chance.choice(VALUES[name])
        elif dice < 0.9:
            fields[name] = anything(chance)
    if chance.random() < 0.1:
        fields["something else"] = anything(chance)
    dice = chance.random()
    if dice < 0.03:
        return json.dumps(anything(chance)).encode()
    text = json.dumps(fields).encode()
    if dice < 0.06:
        return text[: chance.randrange(len(text))]
    return text


def test_every_request_ends(kernel, client, chance):
    """Two thousand of them, in bursts. The client fails on a second reply, on anything after an
    idle, on a status out of turn and on a message that the specification does not know."""
    for _ in range(100):
        sent = []
        for _ in range(20):
            channel = "control" if chance.random() < 0.2 else "shell"
            type = chance.choice(ON_CONTROL if channel == "control" else list(FIELDS))
            header = client.header(type)
            if type in ("execute_request", "complete_request", "history_request") and chance.random() < 0.05:
                header["subshell_id"] = chance.choice(["", "none", None, 5])
            parts = [
                json.dumps(header).encode(),
                chance.choice([b"{}", b"null", b"[]", b"{"]) if chance.random() < 0.05 else b"{}",
                chance.choice([b"{}", b"null", b"[]", b"{", b'{"deletedCells": 5}']),
                content(chance, type),
            ]
            sent.append(client.send_frames([DELIMITER, sign(client.key, parts), *parts], channel))
        for request in sent:
            client.settle(request, patience=30)
    is_served(client)
