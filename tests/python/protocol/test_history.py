"""`history_request`: what the user ran, in this kernel and in all others."""

import os
import signal

import pytest


def history(client, **options) -> list:
    content = {"raw": True, "output": False, "hist_access_type": "tail"} | options
    reply = client.ask("history_request", content).content
    assert reply["status"] == "ok"
    return reply["history"]


@pytest.fixture
def remembered(client):
    """A kernel that has run five cells."""
    cells = ["a = 1", "a + 1", "print 'x'", "a + 1", "error 'no'"]
    for code in cells:
        client.run(code)
    return cells


def test_history_tail_has_the_newest_cells_oldest_first(client, remembered):
    """ILua returns the oldest."""
    entries = history(client, n=3)
    assert [code for _, _, code in entries] == remembered[-3:]
    assert [line for _, line, _ in entries] == [3, 4, 5]
    assert len({session for session, _, _ in entries}) == 1


def test_history_with_output_pairs_a_cell_with_its_value(client, remembered):
    entries = history(client, n=5, output=True)
    assert [pair[0] for _, _, pair in entries] == remembered
    assert entries[1][2][1] == "2"
    assert entries[0][2][1] is None


def test_history_ranges_end_before_stop(client, remembered):
    """xeus-lua's are off by one."""
    session = history(client, n=1)[0][0]
    for wanted in (session, 0):
        entries = history(client, hist_access_type="range", session=wanted, start=2, stop=4)
        assert [(line, code) for _, line, code in entries] == [(2, "a + 1"), (3, "print 'x'")]
    assert history(client, hist_access_type="range", session=session, start=10, stop=20) == []


def test_history_search_is_a_glob_newest_n_and_unique(client, remembered):
    assert [code for *_, code in history(client, hist_access_type="search", pattern="a*1")] == ["a = 1", "a + 1", "a + 1"]
    assert [code for *_, code in history(client, hist_access_type="search", pattern="a ? 1", unique=True)] == ["a = 1", "a + 1"]
    assert [line for _, line, _ in history(client, hist_access_type="search", pattern="*", n=2)] == [4, 5]
    assert history(client, hist_access_type="search", pattern="nothing*") == []


def test_history_knows_what_was_run_just_before(client):
    for number in range(1, 20):
        cell = client.execute(f"x = {number}")
        entries = history(client, n=1)
        assert entries[0][1:] == [number, f"x = {number}"]
        client.settle(cell)


def test_history_is_that_of_all_kernels_and_outlives_them(start, connect, tmp_path):
    shared = {"environment": {"PERILUNE_HISTORY": str(tmp_path / "history.sqlite")}}
    for number in (1, 2):
        kernel = start(**shared)
        client = connect(kernel)
        client.run(f"kernel = {number}")
        client.ask("shutdown_request", {"restart": False}, "control")
        kernel.wait(10)
    client = connect(start(**shared))
    assert [code for *_, code in history(client)] == ["kernel = 1", "kernel = 2"]
    client.run("own = 3")
    assert [code for *_, code in history(client, n=2)] == ["kernel = 2", "own = 3"]
    assert [code for *_, code in history(client, hist_access_type="search", pattern="kernel*")] == ["kernel = 1", "kernel = 2"]
    sessions = [session for session, *_ in history(client)]
    assert len(set(sessions)) == 3 and sessions == sorted(sessions)


def test_sessions_are_counted_backwards_from_ones_own(start, connect, tmp_path):
    shared = {"environment": {"PERILUNE_HISTORY": str(tmp_path / "history.sqlite")}}
    clients = []
    for number in (1, 2, 3):
        clients.append(connect(start(**shared)))
        clients[-1].run(f"kernel = {number}")
        history(clients[-1])

    def seen(client, session):
        return [code for *_, code in history(client, hist_access_type="range", session=session, start=1, stop=9)]

    assert [seen(clients[2], at) for at in (0, -1, -2, -3)] == [["kernel = 3"], ["kernel = 2"], ["kernel = 1"], []]
    assert [seen(clients[0], at) for at in (0, -1)] == [["kernel = 1"], []]


@pytest.mark.parametrize("code", ["%%nohistory\nsecret = 'swordfish'", "-- mine\n\n %%nohistory\nsecret = 'swordfish'"])
def test_a_private_cell_is_in_no_history_and_in_no_file(client, kernel, code):
    client.run("a = 1")
    client.settle(client.send("execute_request", {"code": code, "silent": False, "store_history": True}))
    client.run("b = 2")
    assert [code for *_, code in history(client)] == ["a = 1", "b = 2"]
    assert_is_nowhere(kernel, b"swordfish")


@pytest.mark.parametrize("options", [{"silent": True}, {"store_history": False}, {"silent": True, "store_history": True}])
def test_what_is_not_to_be_stored_is_in_no_history_and_in_no_file(client, kernel, options):
    client.run("a = 1")
    client.settle(client.send("execute_request", {"code": "secret = 'swordfish'", "silent": False} | options))
    assert [code for *_, code in history(client)] == ["a = 1"]
    assert_is_nowhere(kernel, b"swordfish")


def assert_is_nowhere(kernel, text: bytes):
    kernel.process.send_signal(signal.SIGTERM)
    kernel.wait(10)
    written = list(kernel.directory.glob("history*"))
    assert written
    for path in written:
        assert text not in path.read_bytes(), path


def test_a_kernel_that_ends_has_written_everything(start, connect):
    kernel = start()
    client = connect(kernel)
    cells = [
        client.execute(f"x = {number}")
        for number in range(200)
    ]
    client.ask("shutdown_request", {"restart": False})
    for cell in cells:
        client.settle(cell)
    assert kernel.wait(10) == 0
    again = connect(start(environment={"PERILUNE_HISTORY": str(kernel.history)}))
    assert [code for *_, code in history(again)] == [f"x = {number}" for number in range(200)]


@pytest.mark.parametrize(
    "without", [{"arguments": ("--no-history",)}, {"environment": {"PERILUNE_HISTORY": ""}}], ids=["option", "variable"]
)
def test_without_a_history_on_disk_a_kernel_still_knows_its_own(start, connect, without):
    kernel = start(**without)
    client = connect(kernel)
    client.run("a = 1")
    assert [code for *_, code in history(client)] == ["a = 1"]
    assert [code for *_, code in history(client, hist_access_type="range", session=0)] == ["a = 1"]
    assert not kernel.history.exists()
    assert not (kernel.directory / "history.sqlite").exists()


def test_a_kernel_in_which_nothing_ran_leaves_no_trace(start, connect):
    kernel = start()
    client = connect(kernel)
    client.ask("kernel_info_request")
    client.ask("shutdown_request", {"restart": False}, "control")
    kernel.wait(10)
    assert not kernel.history.exists()


def test_the_history_is_in_the_users_state_and_for_nobody_else(start, connect, tmp_path):
    client = connect(start(environment={"PERILUNE_HISTORY": None, "XDG_STATE_HOME": str(tmp_path / "state")}))
    client.run("a = 1")
    history(client)
    path = tmp_path / "state/perilune/history.sqlite"
    assert os.stat(path.parent).st_mode & 0o777 == 0o700
    for name in ("history.sqlite", "history.sqlite-wal", "history.sqlite-shm"):
        assert os.stat(path.parent / name).st_mode & 0o777 == 0o600, name


def test_the_oldest_entries_go_first(start, connect):
    client = connect(start(arguments=("--history-entries", "100")))
    for number in range(1, 301):
        client.run(f"x = {number}")
    kept = [line for _, line, _ in history(client)]
    assert kept == list(range(kept[0], 301))
    assert 100 <= len(kept) < 200, "they are counted now and then, not at each"
