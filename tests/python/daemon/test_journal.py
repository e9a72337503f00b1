"""The journal of a kernel: what it published, whoever asks and whatever happened to the disk."""

import json
import stat
import subprocess

import pytest
from frontend import Frontend


@pytest.fixture
def connect(home):
    """Connects front ends to daemons; they leave with the test."""
    clients = []

    def connect(daemon) -> Frontend:
        clients.append(daemon.connect())
        return clients[-1]

    yield connect
    for client in clients:
        client.close()


def journal(client, **content) -> dict:
    """What the kernel says it has published."""
    return client.ask("perilune_journal_request", content, "control").content


def printed(messages: list[dict]) -> str:
    return "".join(m["content"]["text"] for m in messages if m["header"]["msg_type"] == "stream")


def test_what_was_published_can_be_asked_for_page_by_page_and_by_request(daemon, connect):
    client = connect(daemon())
    requests = [client.execute(f"print('cell {number}')") for number in range(30)]
    heard = [client.settle(request) for request in requests]
    everything = journal(client)
    assert (everything["status"], everything["more"], everything["lost"]) == ("ok", False, 0)
    assert printed(everything["messages"]) == "".join(exchange.text() for exchange in heard)
    pages, after = [], None
    while True:
        page = journal(client, after=after, limit_bytes=4000)
        pages.append(page["messages"])
        after = page["next"]
        if not page["more"]:
            break
    assert len(pages) > 10 and sum(pages, []) == everything["messages"]
    of_one = journal(client, parent=requests[7].id)["messages"]
    assert [m["header"]["msg_id"] for m in of_one] == [m.header["msg_id"] for m in heard[7].iopub]
    behind = journal(client, after=of_one[-1]["header"]["msg_id"])["messages"]
    assert printed(behind) == "".join(exchange.text() for exchange in heard[8:])
    unknown = journal(client, after="nobody")
    assert (unknown["status"], unknown["ename"]) == ("error", "NoSuchMessage")


def test_it_is_answered_while_a_cell_runs_and_leaves_the_kernel_busy(daemon, connect):
    client = connect(daemon())
    request = client.execute("print('so far') while true do end")
    client.printed(request, "so far\n")
    page = journal(client, parent=request.id)
    assert printed(page["messages"]) == "so far\n"
    client.ask("interrupt_request", {}, "control")
    client.settle(request).failed()


def test_displays_and_their_buffers_are_kept_and_questions_of_monitors_are_not(daemon, connect):
    client = connect(daemon())
    client.run("display.html('<b>x</b>')")
    for _ in range(20):
        client.ask("kernel_info_request", {}, "control")
    kinds = [m["header"]["msg_type"] for m in journal(client)["messages"]]
    assert kinds == ["status", "status", "execute_input", "display_data", "status"]


def test_a_private_cell_leaves_nothing_there(daemon, connect, home):
    client = connect(daemon())
    secret = client.run("%%nohistory\nprint('secret ' .. 6 * 7)")
    assert secret.text() == "secret 42\n"
    client.run("print('public')")
    assert printed(journal(client)["messages"]) == "public\n"
    for file in (home.folder() / "journal").iterdir():
        assert b"secret" not in file.read_bytes()


def test_it_is_of_its_user_alone(daemon, connect, home):
    connect(daemon()).run("print(1)")
    folder = home.folder() / "journal"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


def test_killed_at_any_moment_it_has_all_that_it_ever_told_and_the_next_kernel_goes_on_in_it(daemon, home, chance):
    """What was published in the last moments before a kill -9 may be lost, but nothing in the middle."""
    told = []
    for life in range(8):
        kernel = daemon()
        client = kernel.connect()
        request = client.execute(f"local n = 0 while true do n = n + 1 print('{life} ' .. n) end")
        client.printed(request, f"{life} {chance.randrange(1, 3000)}\n")
        told.append((request.id, printed(journal(client, parent=request.id, limit_bytes=8 << 20)["messages"])))
        kernel.kill()
        client.close()
    for id, text in told:
        ended = home.run("kernel", "output", id)
        assert ended.returncode == 0, ended.stderr
        assert text and ended.stdout.startswith(text), "what was told was lost"
        lines = ended.stdout.splitlines()
        assert [line.split()[1] for line in lines] == [str(n) for n in range(1, len(lines) + 1)]
        assert "not the end" in ended.stderr


def test_what_its_bounds_remove_is_counted(daemon, connect, home):
    client = connect(daemon("small", "--set", "journal.max_size=1MiB"))
    for number in range(40):
        client.run(f"print('{number} ' .. ('x'):rep(100000))")
    page = journal(client)
    newest = printed(page["messages"]).splitlines()
    assert page["lost"] > 0 and newest[-1].startswith("39 ")
    sizes = [file.stat().st_size for file in (home.folder("small") / "journal").iterdir()]
    assert sum(sizes) <= 1 << 20
    ended = home.run("kernel", "attach", "small", "--no-follow")
    assert ended.returncode == 0
    assert f"{page['lost']} messages are missing here" in ended.stderr


def test_without_one_the_kernel_says_so(daemon, connect, home):
    client = connect(daemon("off", "--set", "journal.enabled=false"))
    client.run("print(1)")
    assert journal(client)["ename"] == "NoJournal"
    assert not (home.folder("off") / "journal").exists()
    ended = home.run("kernel", "attach", "off", "--no-follow")
    assert (ended.returncode, ended.stdout) == (0, "")
    assert "keeps no journal" in ended.stderr


def test_a_full_disk_loses_nothing_that_is_printed_while_it_lasts_and_is_said_once(home, tmp_path):
    """The kernel's folder is on a disk of 300 kB, which has room again when somebody removes a file."""
    disk = home.folder("full")
    disk.mkdir(parents=True)
    script = 'mount -t tmpfs -o size=300k tmpfs "$1" && head -c 250000 /dev/zero > "$1/ballast" && shift && exec "$@"'
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", str(disk)]
    command += [str(home.binary), "kernel", "start", "--foreground", "--name", "full"]
    log = tmp_path / "log"
    with open(log, "w") as output:
        kernel = subprocess.Popen(command, env=home.environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    assert home.run("kernel", "wait", "full", "--for", "ready").returncode == 0, log.read_text()
    client = Frontend(json.loads(home.connection_file("full").read_text()))
    try:
        for number in range(100):
            client.run(f"print('{number} ' .. ('x'):rep(10000))")
        numbers = [line.split()[0] for line in printed(journal(client, limit_bytes=8 << 20)["messages"]).splitlines()]
        assert numbers == [str(number) for number in range(100)], "what the disk does not take is in memory"
        client.run(f"os.remove('{disk}/ballast')")
        assert log.read_text().count("the journal cannot be written") == 1
    finally:
        client.close()
        kernel.terminate()
        kernel.wait(30)


def test_output_is_of_one_request_by_the_start_of_its_id_or_the_last_cell(daemon, home):
    daemon("a")
    first = home.run("kernel", "exec", "--detach", "a", "-e", "print('one')").stdout.strip()
    home.run("kernel", "exec", "a", "-e", "print('two') error('bad')")
    of = lambda *arguments: home.run("kernel", "output", "--kernel", "a", *arguments)
    assert of(first).stdout == of(first[:12]).stdout == "one\n"
    last = of("last")
    assert last.stdout.startswith("two\n") and "RuntimeError: cell[2]:1: bad" in last.stderr
    unknown = of("0000")
    assert (unknown.returncode, unknown.stdout) == (1, "") and "nothing of a request 0000" in unknown.stderr
    messages = [json.loads(line) for line in of(first, "--json").stdout.splitlines()]
    assert [m["header"]["msg_type"] for m in messages] == ["status", "execute_input", "stream", "status"]
    assert home.run("kernel", "stop", "a").returncode == 0
    assert of(first).stdout == "one\n", "also when the kernel has ended"


def test_a_cell_shows_again_what_others_have_shown(daemon, connect):
    client = connect(daemon())
    client.run("print('one') display.html('<b>x</b>') return 42")
    client.run("error('bad')").failed()
    shown = client.run("%output 1").succeeded()
    assert shown.text() == "one\n"
    assert [m.content["data"]["text/plain"] for m in shown.all("display_data")][-1] == "42"
    assert "<b>x</b>" in shown.all("display_data")[0].content["data"]["text/html"]
    assert "cell[2]:1: bad" in client.run("%output 2").succeeded().text("stderr")
    assert client.run("%output").succeeded().text("stderr").count("cell[2]:1: bad") == 1
    assert "no cell [99]" in client.run("%output 99").failed().error["evalue"]
