'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { binary, Home } = require('../home');

const framed = (text) => `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
const initialize = framed('{"seq":1,"type":"request","command":"initialize","arguments":{"adapterID":"x"}}');

describe('what is no message', () => {
  const home = new Home();
  after(() => home.close());

  // Sends these bytes, and returns how the adapter ended and what it said.
  const send = (bytes) =>
    new Promise((resolve) => {
      const adapter = spawn(binary, ['dap'], { env: home.env, cwd: home.work });
      let [stdout, stderr] = ['', ''];
      adapter.stdout.on('data', (data) => (stdout += data));
      adapter.stderr.on('data', (data) => (stderr += data));
      adapter.once('close', (code) => resolve({ code, stdout, stderr }));
      adapter.stdin.on('error', () => {});
      adapter.stdin.end(bytes);
    });

  it('is none at all: the session ends in good order', async () => {
    assert.deepEqual(await send(''), { code: 0, stdout: '', stderr: '' });
  });

  it('comes after a good one, which is answered', async () => {
    const { code, stdout, stderr } = await send(`${initialize}garbage`);
    assert.equal(code, 1);
    assert.match(stdout, /^Content-Length: \d+\r\n\r\n\{.*"command":"initialize","success":true/);
    assert.equal(stderr, 'perilune: a header line is "garbage"; NAME: VALUE is expected, and CR LF at its end\n');
  });

  const cases = {
    'a request of HTTP': ['GET / HTTP/1.1\r\n\r\n', /a header line is "GET \/ HTTP\/1\.1\\r\\n"/],
    'JSON without a header': ['{"seq":1,"type":"request"}', /NAME: VALUE is expected/],
    'lines that end otherwise': ['Content-Length: 2\n\n{}', /CR LF at its end/],
    'a header without a length': ['Content-Type: x\r\n\r\n{}', /Content-Length 0 times instead of once/],
    'a length that is no number': ['Content-Length: many\r\n\r\n', /"many", which is no number of bytes/],
    'more than is accepted': ['Content-Length: 99999999999\r\n\r\n', /at most/],
    'a header without an end': ['x'.repeat(10_000), /longer than 4096 bytes/],
    'a message that is cut off': [initialize.slice(0, -5), /cut off: \d+ of \d+ bytes came/],
    'no JSON': [framed('{"seq":'), /no message of the protocol: EOF while parsing[^:]*$/],
    'JSON that is no object': [framed('[1]'), /no message of the protocol/],
    'a request without a number': [framed('{"type":"request","command":"x"}'), /missing field `seq`/],
    'a type that there is not': [framed('{"seq":1,"type":"question"}'), /type is "question"/],
    'bytes that are no text': [Buffer.from([0xff, 0xfe, 13, 10, 13, 10]), /a header line is/],
  };
  for (const [name, [bytes, words]] of Object.entries(cases)) {
    it(`${name}: the adapter says so and ends with exit code 1`, async () => {
      const { code, stderr } = await send(bytes);
      assert.match(stderr, words);
      assert.equal(code, 1);
    });
  }

  it('is a response or an event of a client, which is let be', async () => {
    const bytes = framed('{"seq":1,"type":"response","request_seq":9,"success":true,"command":"x"}');
    assert.deepEqual(await send(bytes), { code: 0, stdout: '', stderr: '' });
  });
});
