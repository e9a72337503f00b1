const assert = require("node:assert/strict");
const test = require("node:test");
const { Decoder, encode } = require("../src/dap/stream");

const messages = [
  { seq: 1, type: "event", event: "output", body: { output: "Ωrion 🌙\r\n\r\n" } },
  { seq: 2, type: "response", request_seq: 1, success: true },
];
const bytes = Buffer.concat(messages.map(encode));

test("the length is counted in bytes", () => {
  const text = encode(messages[0]).toString();
  assert.equal(text.split("\r\n")[0], `Content-Length: ${Buffer.byteLength(JSON.stringify(messages[0]))}`);
});

test("messages are read however they were cut", () => {
  for (let size = 1; size <= bytes.length; size++) {
    const decoder = new Decoder();
    const read = [];
    for (let at = 0; at < bytes.length; at += size) read.push(...decoder.push(bytes.subarray(at, at + size)));
    assert.deepEqual(read, messages, `pieces of ${size} bytes`);
  }
});

test("other fields of the header are passed over", () => {
  const read = new Decoder().push(Buffer.from('Content-Type: text\r\ncontent-length: 20\r\n\r\n{"seq":1,"type":"x"}'));
  assert.deepEqual(read, [{ seq: 1, type: "x" }]);
});

test("what is no message is refused", () => {
  assert.throws(() => new Decoder().push(Buffer.from("panicked at\r\n\r\n")), /no message/);
});
