// A kernel for a notebook, and cells that run in it.

const { Adapter, Refused } = require("../dap/adapter");

/**
 * Which kernel: a new one of the notebook's own in a folder, or one that runs.
 * @typedef {{cwd: string} | {kernel: string}} Wanted
 */

/**
 * How a cell ended: Jupyter's reply to the request to run it.
 * @typedef {{status: "ok" | "error" | "aborted", payload?: any[]}} Ended
 */

/**
 * Who is told what a cell says while it runs.
 * @typedef {object} Listener
 * @property {(type: string, content: any) => void} output a message of Jupyter's IOPub channel
 * @property {(prompt: string, password: boolean) => Promise<string | undefined>} input asks the person; undefined if there is no answer
 */

/** Runs the cells of a notebook through a `perilune dap` that starts no debugger. */
class Runner {
  #adapter;
  /** @type {Map<number, Listener>} by the number of the request that runs the cell */
  #listeners = new Map();
  /** The kernel's connection file; known once {@link start} is done. */
  connectionFile = "";

  /**
   * @param {string} program
   * @param {string} cwd
   * @param {(reason: string) => void} ended is told once that the kernel is gone
   */
  constructor(program, cwd, ended) {
    let isOver = false;
    /** @param {string} reason */
    const over = (reason) => {
      if (!isOver) ended(reason);
      isOver = true;
    };
    this.#adapter = new Adapter(program, {
      cwd,
      event: ({ event, body }) => {
        if (event === "perilune/message") this.#hear(body);
        else if (event === "terminated") over("The kernel has ended.");
      },
      ended: over,
    });
  }

  /**
   * Starts or finds the kernel.
   * @param {Wanted} wanted
   */
  async start(wanted) {
    const client = { clientID: "vscode", clientName: "Notebook", adapterID: "perilune", pathFormat: "path" };
    await this.#adapter.request("initialize", client);
    const notebook = { notebook: true, noDebug: true };
    const body =
      "kernel" in wanted
        ? await this.#adapter.request("attach", { ...notebook, kernel: wanted.kernel })
        : await this.#adapter.request("launch", { ...notebook, cwd: wanted.cwd });
    if (!body?.connectionFile) throw new Refused("perilune dap did not say where its kernel is");
    this.connectionFile = body.connectionFile;
  }

  /**
   * Runs code.
   * @param {string} code
   * @param {Listener} listener
   * @returns {Promise<Ended>}
   */
  async execute(code, listener) {
    const { seq, reply } = this.#adapter.send("perilune/execute", { code });
    this.#listeners.set(seq, listener);
    try {
      return await reply;
    } finally {
      this.#listeners.delete(seq);
    }
  }

  /** @param {{request: number | null, channel: "iopub" | "stdin", msgType: string, content: any}} message */
  #hear({ request, channel, msgType, content }) {
    const listener = request === null ? undefined : this.#listeners.get(request);
    if (channel === "iopub") listener?.output(msgType, content);
    else if (msgType === "input_request") this.#ask(listener, content);
  }

  /**
   * @param {Listener | undefined} listener
   * @param {{prompt: string, password: boolean}} question
   */
  async #ask(listener, { prompt, password }) {
    const value = await listener?.input(prompt, password);
    // Who gives no answer does not want the cell to go on.
    if (value === undefined) await this.interrupt();
    else this.#adapter.send("perilune/input", { value });
  }

  /** Interrupts what runs. */
  interrupt() {
    return this.#adapter.request("perilune/interrupt", {});
  }

  /** Lets the kernel go: one of the notebook's own ends. */
  end() {
    this.#adapter.end();
  }
}

module.exports = { Runner };
