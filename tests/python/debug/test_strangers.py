"""Requests that make no sense: each is answered, and the kernel lives."""

import json
import random

import pytest
from frontend.wire import encode

from .session import Refused

COMMANDS = """attach breakpointLocations completions configurationDone continue copyToGlobals dataBreakpointInfo
debugInfo dumpCell evaluate exceptionInfo fly gotoTargets initialize inspectVariables loadedSources modules next
pause restartFrame richInspectVariables scopes setBreakpoints setDataBreakpoints setExceptionBreakpoints
setExpression setFunctionBreakpoints setVariable source stackTrace stepIn stepInTargets stepOut terminateThreads
threads variables""".split()
NAMES = """accessType breakpoints code column condition context count dataId dstVariableName endLine expression
filter filterOptions filters format frameId frameIds granularity hitCondition levels line lines linesStartAt1 logMessage
name path source sourceModified sourceReference srcFrameId srcVariableName start startFrame targetId text threadId
value variableName variablesReference""".split()
SAID = ["/nowhere.lua", "x", "", "=", "return", "🌙", "while", "0", "{", "repl", "\x00", "a" * 1000]


def anything(chance: random.Random, depth: int = 0):
    kind = chance.randrange(12 if depth < 3 else 9)
    if kind < 9:
        numbers = [0, 1, -1, 2, 2**31, 2**63, -(2**70), 0.5, 1e300]
        return [None, True, False, *[chance.choice(numbers) for _ in range(3)], *[chance.choice(SAID) for _ in range(3)]][kind]
    if kind == 9:
        return [anything(chance, depth + 1) for _ in range(chance.randrange(4))]
    return {chance.choice(NAMES): anything(chance, depth + 1) for _ in range(chance.randrange(5))}


def test_a_thousand_of_them(debugger):
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    code = "local t = {1, 2}\nreturn #t"
    debugger.break_at(code, 2)
    cell = debugger.execute(code)
    debugger.stopped()
    stops, refusals = 0, 0
    for number in range(1000):
        command = chance.choice(COMMANDS)
        arguments = {chance.choice(NAMES): anything(chance) for _ in range(chance.randrange(5))}
        content = {"seq": number, "type": "request", "command": command, "arguments": arguments}
        if chance.randrange(10) == 0:
            content["arguments"] = anything(chance)
        try:
            debugger.answer(debugger.send(command, content=content))
        except Refused as refusal:
            assert str(refusal)
            refusals += 1
        stops += 1
    assert refusals > 100
    debugger.drain()
    debugger._events.clear()
    debugger.request("setExceptionBreakpoints", filters=[])
    debugger.request("setFunctionBreakpoints", breakpoints=[])
    debugger.request("setDataBreakpoints", breakpoints=[])
    debugger.request("disconnect")
    debugger.finish(cell)
    debugger.drain()
    debugger._events.clear()
    assert debugger.run("return 1").result == "1"


NO_REQUESTS = [[], [1, 2], "text", 7, None, {}, {"seq": "one"}, {"command": 7}, {"type": "event", "event": "stopped"}]


@pytest.mark.parametrize("channel", ["control", "shell"])
def test_what_is_no_request_at_all(client, channel):
    for content in NO_REQUESTS:
        header = json.dumps(client.header("debug_request")).encode()
        frames = encode(client.key, header, json.dumps(content).encode())
        reply = client.settle(client.send_frames(frames, channel)).content
        assert (reply["type"], reply["success"]) == ("response", False), content
        assert reply["message"]
