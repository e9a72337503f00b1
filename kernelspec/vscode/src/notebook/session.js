// A notebook and its kernel: cells that run one after the other, and what they show.

const path = require("node:path");
const vscode = require("vscode");
const { CellDebugAdapter } = require("./debugging");
const { Outputs } = require("./outputs");
const { Runner } = require("./runner");

/** @typedef {import("./outputs").Output} Output */
/** @typedef {import("./outputs").Change} Change */
/** @typedef {import("./runner").Listener} Listener */

/**
 * An output as VS Code draws it.
 * @param {Output} output
 * @returns {vscode.NotebookCellOutput}
 */
function drawn({ kind, items, error, metadata }) {
  const { NotebookCellOutput, NotebookCellOutputItem } = vscode;
  if (error) return new NotebookCellOutput([NotebookCellOutputItem.error(error)], metadata);
  const made = items.map(({ mime, data }) => {
    if (kind === "stdout") return NotebookCellOutputItem.stdout(String(data));
    if (kind === "stderr") return NotebookCellOutputItem.stderr(String(data));
    return typeof data === "string" ? NotebookCellOutputItem.text(data, mime) : new NotebookCellOutputItem(data, mime);
  });
  return new NotebookCellOutput(made, metadata);
}

/** A notebook with its kernel. */
class Session {
  /** @type {Promise<Runner> | undefined} */
  #runner;
  /** Cells run one after the other. */
  #queue = Promise.resolve();
  /** Cells that were asked for before this was raised do not run. */
  #generation = 0;
  /** @type {Map<vscode.NotebookCell, Promise<void>>} the cells that run or wait for it, and when each has ended */
  #going = new Map();
  /** @type {CellDebugAdapter | undefined} */
  debugger;
  /** @type {string | undefined} the kernel to run cells in, instead of one of its own */
  #kernel;
  #findProgram;

  /**
   * @param {vscode.NotebookDocument} notebook
   * @param {vscode.NotebookController} controller
   * @param {() => Promise<string | undefined>} findProgram
   */
  constructor(notebook, controller, findProgram) {
    this.notebook = notebook;
    this.controller = controller;
    this.#findProgram = findProgram;
  }

  /** The kernel, started if there is none. */
  runner() {
    this.#runner ??= this.#start().catch((error) => {
      this.#runner = undefined;
      throw error;
    });
    return this.#runner;
  }

  async #start() {
    const program = await this.#findProgram();
    if (!program) throw new Error("There is no perilune to run it.");
    const folder = vscode.workspace.getWorkspaceFolder(this.notebook.uri)?.uri.fsPath;
    const cwd = this.notebook.uri.scheme === "file" ? path.dirname(this.notebook.uri.fsPath) : (folder ?? process.cwd());
    const runner = new Runner(program, cwd, () => {
      this.#runner = undefined;
    });
    try {
      await runner.start(this.#kernel === undefined ? { cwd } : { kernel: this.#kernel });
    } catch (error) {
      runner.end();
      throw error;
    }
    return runner;
  }

  /**
   * Runs cells in order; after one that fails, no other. One that runs already does not run twice.
   * @param {vscode.NotebookCell[]} cells
   * @returns {Promise<void>} done when all of them have ended
   */
  run(cells) {
    const generation = this.#generation;
    const wanted = cells.filter((cell) => !this.#going.has(cell));
    const executions = wanted.map((cell) => this.controller.createNotebookCellExecution(cell));
    let isGoing = true;
    for (const execution of executions) {
      const one = this.#queue.then(async () => {
        if (isGoing && generation === this.#generation) isGoing = await this.#execute(execution);
        else {
          // VS Code wants to hear a beginning before an end.
          execution.start();
          execution.end(undefined);
        }
      });
      this.#queue = one.catch(() => {});
      this.#going.set(execution.cell, one.finally(() => this.#going.delete(execution.cell)));
    }
    return Promise.all(cells.map((cell) => this.#going.get(cell))).then(() => {});
  }

  /**
   * @param {vscode.NotebookCellExecution} execution
   * @returns {Promise<boolean>} whether it ended well
   */
  async #execute(execution) {
    execution.start(Date.now());
    const outputs = new Outputs();
    // Changes are asynchronous, and keep their order.
    let drawing = Promise.resolve(execution.clearOutput());
    /** @param {() => Thenable<void> | void} step */
    const draw = (step) => {
      drawing = drawing.then(step, step);
    };
    let isWell = false;
    try {
      const runner = await this.runner();
      await this.debugger?.prepare(execution.cell);
      /** @type {Listener} */
      const listener = {
        output: (type, content) => {
          for (const change of outputs.take(type, content)) draw(() => this.#apply(execution, change));
        },
        input: async (prompt, password) =>
          await vscode.window.showInputBox({ prompt, password, ignoreFocusOut: true, title: "Lua asks" }),
      };
      const ended = await runner.execute(execution.cell.document.getText(), listener);
      isWell = ended.status === "ok";
      for (const extra of ended.payload ?? []) {
        if (extra.source === "page") listener.output("display_data", { data: extra.data });
        else if (extra.source === "set_next_input") draw(() => this.#offer(execution.cell, extra));
      }
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      draw(() => execution.appendOutput(drawn({ kind: "error", items: [], error: { name: "perilune", message, stack: "" }, metadata: {} })));
    }
    await drawing.catch(() => {});
    execution.end(isWell, Date.now());
    return isWell;
  }

  /**
   * @param {vscode.NotebookCellExecution} execution
   * @param {Change} change
   */
  async #apply(execution, change) {
    switch (change.change) {
      case "order":
        execution.executionOrder = change.count;
        return;
      case "clear":
        return execution.clearOutput();
      case "append":
        return execution.appendOutput(drawn(change.output));
      case "grow": {
        const last = execution.cell.outputs.at(-1);
        const [item] = drawn({ kind: change.kind, items: [{ mime: "text/plain", data: change.text }], metadata: {} }).items;
        return last ? execution.appendOutputItems([item], last) : undefined;
      }
      case "update":
        for (const cell of this.notebook.getCells()) {
          for (const output of cell.outputs) {
            if (output.metadata?.transient?.display_id !== change.displayId) continue;
            const { items } = drawn(change.output);
            await execution.replaceOutputItems(items, output);
          }
        }
    }
  }

  /**
   * Writes what a cell asked for into it or below it.
   * @param {vscode.NotebookCell} cell
   * @param {{text: string, replace?: boolean}} input
   */
  async #offer(cell, { text, replace }) {
    const edit = new vscode.WorkspaceEdit();
    if (replace) {
      edit.replace(cell.document.uri, new vscode.Range(0, 0, cell.document.lineCount, 0), text);
    } else {
      const made = new vscode.NotebookCellData(vscode.NotebookCellKind.Code, text, "lua");
      edit.set(this.notebook.uri, [vscode.NotebookEdit.insertCells(cell.index + 1, [made])]);
    }
    await vscode.workspace.applyEdit(edit);
  }

  /** Ends what runs and what waits. */
  async interrupt() {
    this.#generation++;
    // A kernel that has ended needs no interrupt.
    await this.#runner?.then((runner) => runner.interrupt()).catch(() => {});
  }

  /** Ends the kernel; the next cell starts another. */
  async restart() {
    this.#generation++;
    const runner = this.#runner;
    this.#runner = undefined;
    (await runner?.catch(() => undefined))?.end();
  }

  /**
   * Has the next cell run in a kernel that lives already.
   * @param {string} kernel
   */
  async connect(kernel) {
    await this.restart();
    this.#kernel = kernel;
    await this.runner();
  }
}

module.exports = { Session };
