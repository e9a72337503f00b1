"""The memory limit: exhaustion is an error of Lua, not the end of the kernel."""

import psutil


def test_too_much_memory_is_an_error_and_the_kernel_goes_on(start, connect):
    kernel = start(arguments=("--memory-limit", "64M"))
    client = connect(kernel)
    client.run("kept = 'here'").succeeded()
    error = client.run("local t = {}\nfor i = 1, 1e9 do t[i] = ('x'):rep(1000) .. i end").failed().error
    assert error["ename"] == "MemoryError"
    assert "memory" in error["evalue"]
    assert client.run("print(kept)").succeeded().text() == "here\n"
    assert psutil.Process(kernel.pid).memory_info().rss < 200 << 20


def test_one_huge_string_is_an_error_too(start, connect):
    client = connect(start(arguments=("--memory-limit", "64M")))
    client.run("s = ('x'):rep(1 << 30)").failed()
    assert client.run("print(pcall(string.rep, 'x', 1 << 30))").succeeded().text().startswith("false\t")
    assert client.run("1").plain == "1"


def test_below_the_limit_all_is_well(start, connect):
    client = connect(start(arguments=("--memory-limit", "64M")))
    assert client.run("#('x'):rep(20 << 20)").succeeded().plain == str(20 << 20)
