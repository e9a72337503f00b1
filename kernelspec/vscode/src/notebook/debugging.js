// Debugging of cells: stands between VS Code and a `perilune dap` that is attached to the notebook's
// kernel, and lets both sides find cells by their own names.

const vscode = require("vscode");
const { Adapter, Refused } = require("../dap/adapter");
const { Cells, replacePaths } = require("./sources");

/** @typedef {import("../dap/stream").Message} Message */

/**
 * What is to be debugged.
 * @typedef {object} Debuggee
 * @property {string} program the program perilune
 * @property {vscode.NotebookDocument} notebook
 * @property {string} connectionFile of its kernel
 * @property {() => Promise<void>} run runs the cell, and is done when that has ended
 * @property {() => Promise<void>} interrupt ends the cell
 * @property {() => void} closed is told when nobody debugs any more
 */

/** The document of a cell, wherever its notebook is.
 * @param {string} uri
 */
function document(uri) {
  for (const notebook of vscode.workspace.notebookDocuments) {
    for (const cell of notebook.getCells()) {
      if (cell.document.uri.toString() === uri) return cell.document;
    }
  }
}

/**
 * The URI that VS Code means by a source's path, if it is a cell's.
 * @param {string} path
 */
function cellUri(path) {
  return path.startsWith("vscode-notebook-cell:") ? vscode.Uri.parse(path).toString() : undefined;
}

/**
 * A debug adapter for one cell that is run, and all that are run meanwhile.
 * @implements {vscode.DebugAdapter}
 */
class CellDebugAdapter {
  #seq = 0;
  #sent = /** @type {vscode.EventEmitter<vscode.DebugProtocolMessage>} */ (new vscode.EventEmitter());
  onDidSendMessage = this.#sent.event;
  #cells = new Cells();
  /** @type {Map<string, any>} by the URI of a cell, the breakpoints that VS Code wants there */
  #breakpoints = new Map();
  #debuggee;
  #adapter;
  /** @type {Promise<void> | undefined} while the cell runs */
  #run;
  #isOver = false;

  /** @param {Debuggee} debuggee */
  constructor(debuggee) {
    this.#debuggee = debuggee;
    this.#adapter = new Adapter(debuggee.program, {
      event: ({ event, body }) => {
        if (event === "terminated" || event === "exited") return;
        this.#event(event, this.#named(body));
      },
      ended: (reason) => this.#end(this.#isOver ? undefined : reason),
    });
  }

  /** @param {vscode.DebugProtocolMessage} message a request of VS Code's */
  handleMessage(message) {
    const request = /** @type {Message} */ (message);
    if (request.type !== "request") return;
    this.#handle(request).then(
      (body) => this.#send({ type: "response", request_seq: request.seq, success: true, command: request.command, body }),
      (error) =>
        this.#send({
          type: "response",
          request_seq: request.seq,
          success: false,
          command: request.command,
          message: error.message,
        }),
    );
  }

  /**
   * @param {Message} request
   * @returns {Promise<any>} the body of the response
   */
  async #handle({ command, arguments: given }) {
    switch (command) {
      case "initialize": {
        const body = await this.#adapter.request(command, given);
        // A cell is not restarted by the kernel; VS Code begins anew.
        return { ...body, supportsRestartRequest: false, supportsTerminateRequest: false };
      }
      case "launch":
        return this.#adapter.request("attach", { connectionFile: this.#debuggee.connectionFile });
      case "setBreakpoints": {
        const uri = cellUri(given.source?.path ?? "");
        if (!uri) break;
        this.#breakpoints.set(uri, given);
        return this.#setBreakpoints(uri);
      }
      case "configurationDone": {
        // Functions of cells that ran before are stepped into.
        const cells = this.#debuggee.notebook.getCells().filter(({ kind }) => kind === vscode.NotebookCellKind.Code);
        await Promise.all(cells.map((cell) => this.#tell(cell.document.uri.toString())));
        const body = await this.#adapter.request(command, given);
        this.#run = this.#debuggee.run().finally(() => {
          this.#run = undefined;
          this.#end();
        });
        return body;
      }
      case "disconnect":
      case "terminate":
        this.#isOver = true;
        // First, or the cell would go on as soon as nobody debugs it.
        if (this.#run) await this.#debuggee.interrupt();
        // Whoever restarts runs the cell at once, which has to have ended for that.
        if (given?.restart) await this.#run?.catch(() => {});
        return this.#adapter.request("disconnect", { terminateDebuggee: false });
    }
    const body = await this.#adapter.request(command, await this.#filed(given));
    return this.#named(body);
  }

  /**
   * Tells the kernel a cell and its breakpoints, if VS Code knows such a cell.
   * @param {string} uri
   */
  async #setBreakpoints(uri) {
    const given = this.#breakpoints.get(uri);
    const file = await this.#tell(uri);
    if (file === undefined) {
      const message = "There is no such cell now.";
      return { breakpoints: given.breakpoints.map(() => ({ verified: false, message })) };
    }
    const source = { ...given.source, path: file };
    return this.#named(await this.#adapter.request("setBreakpoints", { ...given, source }));
  }

  /**
   * Tells the kernel the code of a cell as it is now.
   * @param {string} uri
   * @returns {Promise<string | undefined>} the file that the kernel knows it by
   */
  async #tell(uri) {
    const code = document(uri)?.getText();
    if (code === undefined) return undefined;
    const { sourcePath } = await this.#adapter.request("dumpCell", { code });
    this.#cells.tell(uri, sourcePath);
    return sourcePath;
  }

  /**
   * Makes ready for a cell that is about to run: its breakpoints belong to the code it has now.
   * @param {vscode.NotebookCell} cell
   */
  async prepare(cell) {
    if (this.#isOver) return;
    const uri = cell.document.uri.toString();
    try {
      if (this.#breakpoints.has(uri)) {
        const { breakpoints } = await this.#setBreakpoints(uri);
        for (const breakpoint of breakpoints) this.#event("breakpoint", { reason: "changed", breakpoint });
      } else {
        await this.#tell(uri);
      }
    } catch (error) {
      // The cell runs whether it can be debugged or not.
      if (!(error instanceof Refused)) throw error;
    }
  }

  /**
   * With the files of cells in place of their URIs.
   * @param {any} given
   */
  async #filed(given) {
    const filed = structuredClone(given);
    replacePaths(filed, (path) => {
      const uri = cellUri(path);
      return uri && this.#cells.file(uri);
    });
    return filed;
  }

  /**
   * With the URIs of cells in place of their files.
   * @param {any} body
   */
  #named(body) {
    replacePaths(body, (path) => this.#cells.cell(path));
    return body;
  }

  /**
   * @param {string} event
   * @param {any} [body]
   */
  #event(event, body) {
    this.#send({ type: "event", event, body });
  }

  /** @param {{type: string, [field: string]: any}} message */
  #send(message) {
    this.#sent.fire(/** @type {any} */ ({ seq: ++this.#seq, ...message }));
  }

  /** @param {string} [reason] why it ended, if nobody wanted it */
  #end(reason) {
    if (reason) this.#event("output", { category: "stderr", output: `${reason}\n` });
    if (!this.#isOver) this.#event("terminated");
    this.#isOver = true;
  }

  dispose() {
    this.#isOver = true;
    this.#adapter.end();
    this.#debuggee.closed();
    this.#sent.dispose();
  }
}

module.exports = { CellDebugAdapter };
