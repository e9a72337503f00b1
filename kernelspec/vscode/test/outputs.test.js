const assert = require("node:assert/strict");
const test = require("node:test");
const { Outputs } = require("../src/notebook/outputs");

/** @typedef {import("../src/notebook/outputs").Change} Change */

/** @type {(name: string, text: string) => [string, object]} */
const stream = (name, text) => ["stream", { name, text }];

/**
 * The changes that messages make.
 * @param {...[string, object]} messages
 */
function changes(...messages) {
  const outputs = new Outputs();
  return messages.flatMap(([type, content]) => outputs.take(type, content));
}

test("text of the same stream grows one output", () => {
  const [first, second, ...others] = changes(stream("stdout", "a"), stream("stdout", "b"));
  assert.equal(first.change, "append");
  assert.deepEqual(second, { change: "grow", kind: "stdout", text: "b" });
  assert.deepEqual(others, []);
});

test("streams that take turns stay in order", () => {
  const made = changes(stream("stdout", "a"), stream("stderr", "b"), stream("stdout", "c"));
  assert.deepEqual(
    made.map((change) => change.change === "append" && change.output.kind),
    ["stdout", "stderr", "stdout"],
  );
});

test("a picture is bytes, a page and a drawing are text, data is JSON", () => {
  const data = {
    "image/png": "iVBORw==",
    "text/html": ["<b>", "x</b>"],
    "image/svg+xml": "<svg/>",
    "application/json": { a: 1 },
    "application/vnd.vegalite.v5+json": { mark: "bar" },
  };
  const [made] = changes(["display_data", { data, metadata: { a: 1 }, transient: { display_id: "d" } }]);
  assert.ok(made.change === "append");
  assert.deepEqual(made.output.items, [
    { mime: "image/png", data: Buffer.from([0x89, 0x50, 0x4e, 0x47]) },
    { mime: "text/html", data: "<b>x</b>" },
    { mime: "image/svg+xml", data: "<svg/>" },
    { mime: "application/json", data: '{"a":1}' },
    { mime: "application/vnd.vegalite.v5+json", data: '{"mark":"bar"}' },
  ]);
  assert.deepEqual(made.output.metadata, {
    outputType: "display_data",
    metadata: { a: 1 },
    transient: { display_id: "d" },
  });
});

test("a result says which it is", () => {
  const [order, made] = changes(
    ["execute_input", { code: "7", execution_count: 3 }],
    ["execute_result", { data: { "text/plain": "7" }, metadata: {}, execution_count: 3 }],
  );
  assert.deepEqual(order, { change: "order", count: 3 });
  assert.ok(made.change === "append");
  assert.deepEqual(made.output.metadata, { outputType: "execute_result", metadata: {}, executionCount: 3 });
});

test("an error keeps its traceback, and what a notebook's file says of it", () => {
  const [made] = changes(["error", { ename: "RuntimeError", evalue: "boom", traceback: ["one", "two"] }]);
  assert.ok(made.change === "append");
  assert.deepEqual(made.output.error, { name: "RuntimeError", message: "boom", stack: "one\ntwo" });
  assert.deepEqual(made.output.metadata.originalError, {
    output_type: "error",
    ename: "RuntimeError",
    evalue: "boom",
    traceback: ["one", "two"],
  });
});

test("outputs are cleared at once, or when there is something else", () => {
  const at_once = changes(stream("stdout", "a"), ["clear_output", { wait: false }], stream("stdout", "b"));
  assert.deepEqual(at_once.map(({ change }) => change), ["append", "clear", "append"]);
  const waiting = changes(stream("stdout", "a"), ["clear_output", { wait: true }]);
  assert.deepEqual(waiting.map(({ change }) => change), ["append"]);
  const later = changes(stream("stdout", "a"), ["clear_output", { wait: true }], stream("stdout", "b"));
  assert.deepEqual(later.map(({ change }) => change), ["append", "clear", "append"]);
});

test("a display is updated by its id, and one without an id is not", () => {
  const content = { data: { "text/plain": "2" }, metadata: {}, transient: { display_id: "d" } };
  const [made, ...others] = changes(["update_display_data", content]);
  assert.ok(made.change === "update");
  assert.equal(made.displayId, "d");
  assert.deepEqual(others, []);
  assert.deepEqual(changes(["update_display_data", { ...content, transient: {} }]), []);
});

test("what shows nothing changes nothing", () => {
  assert.deepEqual(changes(["status", { execution_state: "busy" }], ["comm_open", {}]), []);
});
