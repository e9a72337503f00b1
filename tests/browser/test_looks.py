"""What is shown can be read, in the light theme and in the dark."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.timeout(300)

# What the Web Content Accessibility Guidelines 2.2 ask of text (1.4.3): at least 4.5 to 1. Large text
# and that of errors, whose colours are the theme's, 3 to 1.
READABLE = 4.5
READABLE_LARGE = 3.0

# The contrast of each text in an element with what is behind it, as WCAG computes it.
CONTRASTS = """
element => {
    const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
    const rgba = color => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
        return [r, g, b, a / 255];
    };
    const over = (top, below) => top.slice(0, 3).map((part, i) => part * top[3] + below[i] * (1 - top[3]));
    const behind = element => {
        const chain = [];
        for (let at = element; at; at = at.parentElement) chain.push(rgba(getComputedStyle(at).backgroundColor));
        return chain.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
    };
    const luminance = color => {
        const [r, g, b] = color.map(part => {
            const c = part / 255;
            return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const found = [];
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const node = walker.currentNode;
        if (!node.textContent.trim()) continue;
        const below = behind(node.parentElement);
        const text = over(rgba(getComputedStyle(node.parentElement).color), below);
        const [high, low] = [luminance(text), luminance(below)].sort((a, b) => b - a);
        found.push([node.textContent.trim(), (high + 0.05) / (low + 0.05)]);
    }
    return found;
}
"""


def contrasts(output) -> list[tuple[str, float]]:
    """Each text of an output, with its contrast."""
    found = output.evaluate(CONTRASTS)
    assert found, "no text"
    return [(text, contrast) for text, contrast in found]


def unreadable(output, least: float) -> list[tuple[str, float]]:
    return [(text, contrast) for text, contrast in contrasts(output) if contrast < least]


def test_a_traceback_can_be_read(blank_notebook):
    cell = blank_notebook.run_new(
        "local function land(craft)\n    return craft.engine.thrust\nend\nland {name = 'Artemis', fuel = 3}"
    )
    output = cell.locator(".jp-OutputArea-output").first
    expect(output).to_contain_text("craft.engine.thrust", timeout=30_000)
    blank_notebook.photograph("traceback")
    assert unreadable(output, READABLE_LARGE) == []


CRAFT = """{
    {name = 'Artemis', orbit = 'low', fuel = 61.5},
    {name = 'Selene', orbit = 'polar', fuel = 12},
    {name = '嫦娥', orbit = 'frozen', fuel = 88.25},
}"""


def test_a_table_can_be_read(blank_notebook):
    shown = blank_notebook.run_new(CRAFT)
    table = shown.locator(".jp-OutputArea-output table").first
    expect(table).to_be_visible(timeout=30_000)
    titled = blank_notebook.run_new(f"display.table({CRAFT}, {{max = 2, title = 'Craft'}})")
    expect(titled.locator(".jp-OutputArea-output table").first).to_be_visible(timeout=30_000)
    blank_notebook.photograph("table")
    for cell in (shown, titled):
        assert unreadable(cell.locator(".jp-OutputArea-output").first, READABLE) == []
