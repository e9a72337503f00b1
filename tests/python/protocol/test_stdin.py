"""Questions to the person in front."""

import pytest


def test_a_question_is_asked_and_answered(client):
    """Reference system, defect 9: input_request went nowhere and its reply was never understood."""
    request = client.execute("name = perilune.input('Your name? ')\nprint('Hello, ' .. name)", allow_stdin=True)
    question = client.question(request)
    assert question.content == {"prompt": "Your name? ", "password": False}
    client.answer(question, "Selene 🌙")
    assert client.settle(request).succeeded().text() == "Hello, Selene 🌙\n"


def test_a_password_is_marked_as_one(client):
    """ILua and xeus-lua know no passwords."""
    request = client.execute("secret = perilune.input('Key: ', {password = true})", allow_stdin=True)
    question = client.question(request)
    assert question.content == {"prompt": "Key: ", "password": True}
    client.answer(question, "open sesame")
    client.settle(request).succeeded()
    assert client.run("print(secret)").text() == "open sesame\n"


def test_io_read_asks_too(client):
    request = client.execute("a = io.read() b = io.read('n') print(a, b)", allow_stdin=True)
    client.answer(client.question(request), "first line")
    client.answer(client.question(request), "42")
    assert client.settle(request).succeeded().text() == "first line\t42\n"


def test_io_lines_reads_until_the_end_of_input(client):
    request = client.execute("for line in io.lines() do print('<' .. line .. '>') end", allow_stdin=True)
    client.answer(client.question(request), "one")
    client.answer(client.question(request), "two")
    client.answer(client.question(request), "\x04")
    assert client.settle(request).succeeded().text() == "<one>\n<two>\n"


def test_what_was_printed_stands_before_the_question(client):
    request = client.execute("io.write('Think of a number. ') io.read()", allow_stdin=True)
    client.question(request)
    client.printed(request, "Think of a number. ")
    request_2 = client.send("kernel_info_request", {}, "control")
    client.settle(request_2)
    client.ask("interrupt_request", {}, "control")
    client.settle(request)


@pytest.mark.parametrize("ask", ["perilune.input('?')", "io.read()", "io.lines()()"])
def test_a_client_that_allows_no_questions_is_asked_none(client, ask):
    """ark ignores allow_stdin; the papermill or nbclient that asked would hang for ever."""
    cell = client.run(f"return {ask}", allow_stdin=False).failed()
    assert "allow_stdin" in cell.error["evalue"] or "input" in cell.error["evalue"].lower()
    caught = client.run(f"print(pcall(function() return {ask} end))", allow_stdin=False).succeeded()
    assert caught.text().startswith("false\t")


def test_the_question_goes_to_the_client_that_runs_the_cell(kernel, connect):
    """deno broadcasts its questions to everyone."""
    asked, other = connect(kernel), connect(kernel)
    for client, bystander, answer in [(asked, other, "mine"), (other, asked, "yours")]:
        request = client.execute("print(io.read())", allow_stdin=True)
        question = client.question(request)
        bystander.drain()
        assert not bystander.sockets["stdin"].poll(100), "a question to the wrong client"
        client.answer(question, answer)
        assert client.settle(request).text() == f"{answer}\n"


def test_another_clients_answer_does_not_count(kernel, connect):
    asked, other = connect(kernel), connect(kernel)
    request = asked.execute("print(io.read())", allow_stdin=True)
    question = asked.question(request)
    other.answer(question, "intruder")
    asked.ask("kernel_info_request", {}, "control")
    asked.answer(question, "owner")
    assert asked.settle(request).text() == "owner\n"


def test_a_stale_answer_is_not_taken_for_the_next_question(client):
    first = client.execute("io.read()", allow_stdin=True)
    stale = client.question(first)
    client.ask("interrupt_request", {}, "control")
    client.settle(first).failed()
    client.answer(stale, "too late")
    second = client.execute("print(io.read())", allow_stdin=True)
    client.answer(client.question(second), "in time")
    assert client.settle(second).succeeded().text() == "in time\n"
