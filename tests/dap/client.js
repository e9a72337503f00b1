// VS Code's own test client, made strict: every message is judged by the protocol's schema, and an
// event that no test has asked for fails the test.
'use strict';

const assert = require('node:assert/strict');
const net = require('node:net');
const { DebugClient } = require('@vscode/debugadapter-testsupport');
const { wrong } = require('./schema');
const exercised = require('./exercised');

const LIMIT = 10_000;

// Answered without a body: Helix and Zed take one for an error.
const ACKNOWLEDGED = 'cancel configurationDone disconnect next pause restartFrame stepIn stepOut terminate'.split(' ');

class Client extends DebugClient {
  // `binary` is started with `dap` where no address is given later.
  constructor(binary, spawnOptions = {}) {
    super(binary, 'dap', 'perilune', spawnOptions);
    this.requests = new Map();
    this.events = [];
    this.history = [];
    this.waiting = [];
    this.faults = [];
    this.lastSeq = 0;
    this.closed = false;
  }

  // Over standard input and output, or to an address that `perilune dap --listen` has told.
  async open(address) {
    if (address === undefined) {
      await this.start();
      this.process = this._adapterProcess;
      this.said = '';
      this.process.stderr.on('data', (data) => (this.said += data));
      this.ended = new Promise((resolve) => this.process.once('close', (code) => resolve(code)));
    } else {
      const unix = address.startsWith('unix:');
      const port = Number(address.slice(address.lastIndexOf(':') + 1));
      this._socket = unix ? net.createConnection(address.slice(5)) : net.createConnection(port, '127.0.0.1');
      this.socket = this._socket;
      await new Promise((resolve, reject) => {
        this.socket.once('connect', resolve);
        this.socket.once('error', reject);
      });
      this.connect(this.socket, this.socket);
      this.ended = new Promise((resolve) => this.socket.once('close', resolve));
      this.socket.on('error', () => {});
    }
    this.ended.then(() => {
      this.closed = true;
      for (const answer of this.pendingRequests.values()) answer({ message: 'the adapter has closed' });
      this.pendingRequests.clear();
      this.wake();
    });
    return this;
  }

  doSend(command, args, answer) {
    const seq = this.sequence;
    const request = { command, arguments: args };
    this.requests.set(seq, request);
    super.doSend(command, args, (response) => {
      exercised.record(request, response);
      answer(response);
    });
  }

  dispatch(body) {
    const message = JSON.parse(body);
    const fault = wrong(message);
    if (fault) this.faults.push(`${fault}\n  in ${body.slice(0, 1000)}`);
    if (message.seq !== this.lastSeq + 1) this.faults.push(`seq ${message.seq} follows ${this.lastSeq}`);
    this.lastSeq = message.seq;
    this.history.push(message);
    if (message.type === 'response') {
      const request = this.requests.get(message.request_seq);
      this.requests.delete(message.request_seq);
      if (!request) this.faults.push(`nobody asked for ${body}`);
      else if (message.success && 'body' in message && ACKNOWLEDGED.includes(message.command)) {
        this.faults.push(`an acknowledgement has no body: ${body}`);
      } else if (request.command !== message.command) this.faults.push(`${request.command} was answered by ${body}`);
    } else {
      exercised.recordEvent(message);
      this.events.push(message);
      this.wake();
    }
    super.dispatch(body);
  }

  wake() {
    for (const look of this.waiting.splice(0)) look();
  }

  // The first event of this kind that was not taken yet, and that fits.
  async event(kind, fits = () => true, limit = LIMIT) {
    const until = Date.now() + limit;
    for (;;) {
      const place = this.events.findIndex((it) => it.event === kind && fits(it.body ?? {}));
      if (place >= 0) return this.events.splice(place, 1)[0];
      const left = until - Date.now();
      if (left <= 0 || this.closed) {
        const why = this.closed ? 'the adapter has closed' : `${limit} ms`;
        throw new Error(`no event ${kind} (${why}); there are ${JSON.stringify(this.events)} ${this.said ?? ''}`);
      }
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, left);
        this.waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  // Takes output of a category (of any, without one) that must begin with this text; what follows it
  // in the same event is left.
  async output(text, category) {
    let got = '';
    while (got.length < text.length) {
      const event = await this.event('output', (body) => !category || body.category === category);
      got += event.body.output;
      if (got.length > text.length) {
        const rest = { ...event, body: { ...event.body, output: got.slice(text.length) } };
        this.events.unshift(rest);
        got = got.slice(0, text.length);
      }
      assert.equal(got, text.slice(0, got.length));
    }
  }

  // Asks, and expects a refusal whose words it returns.
  async refused(command, args) {
    let answer;
    try {
      answer = await this.customRequest(command, args);
    } catch (error) {
      return error.message;
    }
    assert.fail(`${command} was not refused: ${JSON.stringify(answer)}`);
  }

  // Nothing has come that no test has asked for, and nothing is wrong with what has.
  settle() {
    assert.deepEqual(this.faults, []);
    assert.deepEqual(this.events.filter((it) => !this.isExpected(it)), [], 'events that nobody asked for');
    assert.deepEqual([...this.requests.values()], [], 'requests that were not answered');
  }

  isExpected(event) {
    return (this.expected ?? []).includes(event.event);
  }

  // Ends what a test may have left.
  kill() {
    this.process?.kill('SIGKILL');
    this.socket?.destroy();
  }
}

module.exports = { Client };
