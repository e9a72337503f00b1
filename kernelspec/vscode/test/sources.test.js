const assert = require("node:assert/strict");
const test = require("node:test");
const { Cells, replacePaths } = require("../src/notebook/sources");

test("every source in a message is found, wherever it stands", () => {
  const body = {
    stackFrames: [{ name: "f", source: { path: "/a", sourceReference: 7 } }, { name: "g" }],
    breakpoints: [{ source: { path: "/a", sources: [{ path: "/a" }] } }],
    source: { path: "/b", sourceReference: 8 },
    path: "/a",
    text: null,
  };
  replacePaths(body, (path) => (path === "/a" ? "cell:1" : undefined));
  assert.deepEqual(body, {
    stackFrames: [{ name: "f", source: { path: "cell:1" } }, { name: "g" }],
    breakpoints: [{ source: { path: "cell:1", sources: [{ path: "/a" }] } }],
    source: { path: "/b", sourceReference: 8 },
    path: "/a",
    text: null,
  });
});

test("a cell and its file are found by each other", () => {
  const cells = new Cells();
  cells.tell("cell:1", "/f1");
  cells.tell("cell:2", "/f2");
  assert.equal(cells.file("cell:1"), "/f1");
  assert.equal(cells.cell("/f2"), "cell:2");
  assert.equal(cells.cell("/elsewhere.lua"), undefined);
});

test("code that a cell had once is not in the cell any more", () => {
  const cells = new Cells();
  cells.tell("cell:1", "/old");
  cells.tell("cell:1", "/new");
  assert.equal(cells.cell("/new"), "cell:1");
  assert.equal(cells.cell("/old"), undefined);
});

test("of cells with the same code, the one that was told last is meant", () => {
  const cells = new Cells();
  cells.tell("cell:1", "/same");
  cells.tell("cell:2", "/same");
  assert.equal(cells.cell("/same"), "cell:2");
  cells.tell("cell:1", "/same");
  assert.equal(cells.cell("/same"), "cell:1");
});
