"""Completion and help as a client hears of them: the corpus that the interpreter is tested with."""

import tomllib
from pathlib import Path

import pytest

CORPUS = Path(__file__).resolve().parents[3] / "kernel" / "lua" / "tests" / "corpus"
TOPICS = sorted(CORPUS.glob("completion/*.toml"))


def marked(code: str) -> tuple[str, int, int]:
    """The code without its marks, the cursor, and where what is replaced begins."""
    code = code.replace("{files}", str(CORPUS / "files"))
    cursor = code.replace("‹", "").index("¦")
    start = code.index("‹") if "‹" in code else cursor
    return code.replace("‹", "").replace("¦", ""), cursor, start


def described(reply: dict) -> list[str]:
    types = reply["metadata"]["_jupyter_types_experimental"]
    assert [found["text"] for found in types] == reply["matches"]
    for found in types:
        assert (found["start"], found["end"]) == (reply["cursor_start"], reply["cursor_end"])
    return [" ".join(filter(None, (found["text"], found["type"], found["signature"]))) for found in types]


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.stem)
def test_every_case_is_completed(client, topic):
    corpus = tomllib.loads(topic.read_text())
    for cell in corpus["cells"]:
        client.run(cell.replace("{files}", str(CORPUS / "files"))).succeeded()
    for case in corpus["case"]:
        code, cursor, start = marked(case["code"])
        reply = client.ask("complete_request", {"code": code, "cursor_pos": cursor}).content
        assert (reply["cursor_start"], reply["cursor_end"]) == (start, cursor), case["name"]
        found = described(reply)
        if "matches" in case:
            assert found == case["matches"], case["name"]
        assert set(case.get("includes", ())) <= set(found), case["name"]


def test_every_case_of_inspection_is_answered(client):
    corpus = tomllib.loads((CORPUS / "inspection.toml").read_text())
    for number, cell in enumerate(corpus["cells"], 1):
        client.run(cell.replace("{files}", str(CORPUS / "files"))).succeeded()
    for case in corpus["case"]:
        code, cursor, _ = marked(case["code"])
        level = 1 if case.get("source") else 0
        reply = client.ask("inspect_request", {"code": code, "cursor_pos": cursor, "detail_level": level}).content
        assert reply["found"] == ("text" in case), case["name"]
        if reply["found"]:
            text = reply["data"]["text/plain"]
            assert text.replace(str(CORPUS / "files"), "{files}") == case["text"], case["name"]
            assert reply["data"]["text/markdown"]
