"""Output in bulk: whole, in order, and at bounded cost when somebody does not read it."""

import json

import pytest
from frontend import decode

from .raw import Peer, execute, is_served, memory

MIB = 1 << 20


@pytest.mark.parametrize("size", [MIB, 50 * MIB], ids=["1 MB", "50 MB"])
def test_a_large_display_is_whole_at_every_client(kernel, connect, chance, size):
    piece = "".join(chance.choices("abcdefghijklmnopqrstuvwxyzäöü🌙", k=1000))
    times = size // len(piece.encode())
    clients = [connect(kernel) for _ in range(2)]
    cell = clients[0].run(f"display.html(('{piece}'):rep({times}));").succeeded()
    assert cell.all("display_data")[0].content["data"]["text/html"] == piece * times
    other = clients[1]
    other.wait(lambda: any(m.content.get("execution_state") == "idle" for m in other.foreign), "idle")
    shown = [m for m in other.foreign if m.type == "display_data"]
    assert [m.content["data"]["text/html"] for m in shown] == [piece * times]
    assert clients[0].run("1").plain == "1"


CELLS, LINES, WIDTH = 10, 10_000, 1000


def print_lines(n: int) -> str:
    return (
        f"local rest = ('x'):rep({WIDTH - 10})\n"
        f"for i = 1, {LINES} do print(('%08d '):format({n * LINES} + i) .. rest) end"
    )


def test_a_client_that_never_reads_costs_bounded_memory_and_is_told_what_it_missed(kernel, connect):
    """100,000 lines, 100 MB in all. The two that read get every line; the third gets what fits,
    a notice, and each status. It is the same for all of them again once it has caught up."""
    runs, watches = connect(kernel), connect(kernel)
    stalled = Peer(kernel, "iopub", receive_buffer=4096)
    assert b"iopub_welcome" in b"".join(stalled.receive())
    is_served(runs)
    before = memory(kernel)
    requests = []
    for n in range(CELLS):
        cell = runs.run(print_lines(n)).succeeded()
        requests.append(cell.request.id)
        lines = cell.text().split("\n")
        assert lines.pop() == ""
        assert [line[:8] for line in lines] == [f"{n * LINES + i:08d}" for i in range(1, LINES + 1)]
        assert {len(line) for line in lines} == {WIDTH - 1}
        # Both are up to date before more is printed: only the third is behind.
        watches.settle(watches.send("kernel_info_request", {}, "control"))
    seen = "".join(m.content["text"] for m in watches.foreign if m.type == "stream")
    assert [line[:8] for line in seen.split("\n")[:-1]] == [f"{i:08d}" for i in range(1, CELLS * LINES + 1)]
    cost = memory(kernel) - before
    print(f"{cost / MIB:.0f} MiB for who does not read")
    assert cost < 132 * MIB, "64 MiB for the client, 32 for the journal's disk, and what waits on the way"

    # Now it reads: what was kept, the notice, and to the end every status.
    statuses, text, notices = [], "", 0
    while (requests[-1], "idle") not in statuses:
        message = decode(runs.key, stalled.receive())
        if message.type == "status" and message.parent_id in requests:
            statuses.append((message.parent_id, message.content["execution_state"]))
        if message.type == "stream":
            notices += "[perilune: some output is missing here" in message.content["text"]
            text += message.content["text"]
    assert statuses == [(id, state) for id in requests for state in ("busy", "idle")]
    assert notices >= 1
    numbers = [line[:8] for line in text.split("\n") if line[:8].isdigit() and len(line) == WIDTH - 1]
    assert numbers == sorted(set(numbers)), "what arrives is in order and comes once"
    assert 50_000 < len(numbers) < CELLS * LINES
    runs.run("print 'all of this'").succeeded()
    while "all of this" not in (message := decode(runs.key, stalled.receive())).content.get("text", ""):
        assert message.type in ("status", "execute_input"), message
    assert memory(kernel) - before < 132 * MIB
    stalled.close()


def test_a_hundred_thousand_short_lines_reach_all_of_several_clients(kernel, connect, chance):
    """One of them reads nothing until the end, and misses nothing: it all fits."""
    clients = [connect(kernel) for _ in range(2)]
    stalled = Peer(kernel, "iopub", receive_buffer=4096)
    stalled.receive()
    salt = chance.randrange(1000)
    expected = "".join(f"{i} {salt}\n" for i in range(1, 100_001))
    cell = clients[0].run(f"for i = 1, 100000 do print(i .. ' {salt}') end").succeeded()
    assert cell.text() == expected
    other = clients[1]
    other.wait(lambda: any(m.content.get("execution_state") == "idle" for m in other.foreign), "idle")
    assert "".join(m.content["text"] for m in other.foreign if m.type == "stream") == expected
    late, text = [], ""
    while not late or late[-1].content.get("execution_state") != "idle":
        late.append(decode(clients[0].key, stalled.receive()))
    text = "".join(m.content["text"] for m in late if m.type == "stream")
    assert text == expected


def test_ten_thousand_cells_leave_nothing_behind(start, chance):
    """Code, output, results and errors, as fast as they go: faster than a disk may be, so without
    what waits for one (the soak is about that)."""
    kernel = start(arguments=("--set", "journal.enabled=false", "--no-history"))
    shell, iopub = Peer(kernel, "shell"), Peer(kernel, "iopub")
    kinds = [
        "x = (x or 0) + 1",
        "print(x)",
        "return {x, 'text'}",
        "error('no')",
        "local t = {} for i = 1, 100 do t[i] = i end",
    ]

    def cells(count: int) -> None:
        for _ in range(count // 50):
            batch = [chance.choice(kinds) for _ in range(50)]
            shell.send(b"".join(execute(kernel.connection, code, stop_on_error=False) for code in batch))
            for code in batch:
                reply = json.loads(shell.receive()[5])
                assert reply["status"] == ("error" if "error" in code else "ok")
            idle = 0
            while idle < len(batch):
                idle += b'{"execution_state":"idle"}' in iopub.receive()
        shell.send(execute(kernel.connection, "collectgarbage()"))
        shell.receive()
        while b'{"execution_state":"idle"}' not in iopub.receive():
            pass

    cells(2000)
    before = memory(kernel)
    cells(10_000)
    after = memory(kernel)
    print(f"{before / MIB:.2f} MiB before, {after / MIB:.2f} MiB after")
    assert after - before < 2 * MIB
