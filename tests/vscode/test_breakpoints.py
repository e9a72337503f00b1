"""Breakpoints of every kind that VS Code has, set as a person sets them."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.timeout(240)

FLEET = """local fleet = {fuel = 100}

local function burn(amount)
  local left = fleet.fuel - amount
  fleet.fuel = left
  return left
end

local function double(n)
  return n * 2
end

for round = 1, 6 do
  local left = burn(double(round))
  print(round, left)
end
print("home", fleet.fuel)
"""


def test_messages_conditions_counts_functions_targets_and_data(project, open_folder):
    (project / "fleet.lua").write_text(FLEET)
    vscode = open_folder()
    page = vscode.page
    vscode.open("fleet.lua")
    # A line that says something each time, one that stops where a condition holds, and one that stops
    # at the third time.
    vscode.gutter_menu(15, "Add Logpoint...")
    vscode.fill_breakpoint("round {round} leaves {left}")
    expect(vscode.breakpoints()).to_have_count(1)
    vscode.gutter_menu(10, "Add Conditional Breakpoint...")
    vscode.fill_breakpoint("n == 2")
    expect(vscode.breakpoints()).to_have_count(2)
    vscode.gutter_menu(14, "Add Conditional Breakpoint...")
    page.locator(".breakpoint-select-container select").select_option("Hit Count")
    vscode.fill_breakpoint("3")
    expect(vscode.breakpoints()).to_have_count(3)
    vscode.keyboard.press("F5")
    vscode.stopped_at("return n * 2", 60)
    expect(vscode.variable("n")).to_contain_text("2")
    vscode.keyboard.press("F5")
    vscode.stopped_at("local left = burn(double(round))")
    expect(vscode.variable("round")).to_contain_text("3")
    vscode.show_console()
    for said in ("round 1 leaves 98", "round 2 leaves 94"):
        expect(vscode.console().filter(has_text=said)).to_have_count(1)
    vscode.photograph("breakpoints-log-and-count")
    # Into one of the two calls of the line.
    vscode.keyboard.press("Control+F11")
    targets = page.locator(".quick-input-list .monaco-list-row")
    expect(targets).to_have_count(2)
    vscode.photograph("breakpoints-targets")
    targets.filter(has_text="burn").click()
    vscode.stopped_at("local left = fleet.fuel - amount")
    expect(vscode.variable("amount")).to_contain_text("6")
    # A function by its name.
    vscode.add_function_breakpoint("double")
    vscode.keyboard.press("F5")
    vscode.stopped_at("return n * 2")
    expect(vscode.variable("n")).to_contain_text("4")
    expect(vscode.state()).to_contain_text("function breakpoint")
    vscode.photograph("breakpoints-function")
    # A field of a table, from its menu, in the frame that has the table.
    vscode.frames().nth(1).click()
    vscode.variable("fleet").click()
    vscode.variable("fuel").click(button="right")
    vscode.choose("Break on Value Change")
    expect(vscode.listed_breakpoint("fuel")).to_be_visible()
    vscode.keyboard.press("F5")
    vscode.stopped_at("fleet.fuel = left")
    expect(vscode.state()).to_contain_text("a change of data")
    expect(vscode.variable("left").first).to_contain_text("80")
    vscode.photograph("breakpoints-data")
    # Those that are taken away stop nothing; the rest still says its word.
    vscode.listed_breakpoint("double").locator("input").uncheck()
    vscode.listed_breakpoint("fuel").locator("input").uncheck()
    vscode.keyboard.press("F5")
    vscode.ended()
    said = vscode.console().filter(has_text="round 6 leaves 58")
    expect(said).to_have_count(1)
    expect(vscode.console().filter(has_text="home\t58")).to_have_count(1)
