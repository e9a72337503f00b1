// A process `perilune dap`, and requests to it.

const { spawn } = require("node:child_process");
const { Decoder, encode } = require("./stream");

/** @typedef {import("./stream").Message} Message */

/** The adapter answered that it could not. */
class Refused extends Error {}

/** A debug adapter of our own: a process that ends with whoever started it. */
class Adapter {
  #seq = 0;
  /** @type {Map<number, {resolve: (body: any) => void, reject: (error: Error) => void}>} */
  #open = new Map();
  #process;
  #complaints = "";

  /**
   * @param {string} program
   * @param {object} options
   * @param {string} [options.cwd]
   * @param {(event: Message) => void} options.event is told every event
   * @param {(reason: string) => void} [options.ended] is told once that the process is gone, and what it said last
   */
  constructor(program, { cwd, event, ended }) {
    const decoder = new Decoder();
    this.#process = spawn(program, ["dap"], { cwd, stdio: ["pipe", "pipe", "pipe"] });
    this.#process.stdout.on("data", (bytes) => {
      for (const message of decoder.push(bytes)) {
        if (message.type === "event") event(message);
        else if (message.type === "response") this.#answer(message);
      }
    });
    this.#process.stderr.on("data", (bytes) => {
      this.#complaints = (this.#complaints + bytes).slice(-2000);
    });
    // Whoever writes to a process that has just ended hears of it below.
    this.#process.stdin.on("error", () => {});
    /** @param {string} reason */
    const gone = (reason) => {
      for (const { reject } of this.#open.values()) reject(new Refused(reason));
      this.#open.clear();
      ended?.(reason);
      ended = undefined;
    };
    this.#process.on("error", (error) => gone(`${program}: ${error.message}`));
    this.#process.on("close", () => gone(this.#complaints.trim() || "perilune dap has ended"));
  }

  /** @param {Message} response */
  #answer(response) {
    const open = this.#open.get(response.request_seq);
    this.#open.delete(response.request_seq);
    if (response.success) open?.resolve(response.body);
    else open?.reject(new Refused(response.body?.error?.format ?? response.message ?? "refused"));
  }

  /**
   * Sends a request.
   * @param {string} command
   * @param {object} [parameters]
   * @returns {{seq: number, reply: Promise<any>}} its number, and the body of its response
   */
  send(command, parameters) {
    const seq = ++this.#seq;
    const reply = new Promise((resolve, reject) => this.#open.set(seq, { resolve, reject }));
    // Some do not care for the reply.
    reply.catch(() => {});
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) {
      this.#open.get(seq)?.reject(new Refused("perilune dap has ended"));
      this.#open.delete(seq);
    } else {
      this.#process.stdin.write(encode({ seq, type: "request", command, arguments: parameters }));
    }
    return { seq, reply };
  }

  /**
   * Sends a request and waits for the body of its response.
   * @param {string} command
   * @param {object} [parameters]
   */
  request(command, parameters) {
    return this.send(command, parameters).reply;
  }

  /** Closes the conversation: the process ends by itself, and what it started with it. */
  end() {
    this.#process.stdin.end();
  }
}

module.exports = { Adapter, Refused };
