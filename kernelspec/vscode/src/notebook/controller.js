// The kernel that VS Code offers for Lua notebooks.

const path = require("node:path");
const vscode = require("vscode");
const { CellDebugAdapter } = require("./debugging");
const { Outputs } = require("./outputs");
const { Runner } = require("./runner");

/** @typedef {import("./outputs").Output} Output */
/** @typedef {import("./outputs").Change} Change */
/** @typedef {import("./runner").Listener} Listener */

const NOTEBOOK = "jupyter-notebook";

/**
 * What a notebook says of itself, as VS Code's own reader of notebooks keeps it.
 * @param {vscode.NotebookDocument} notebook
 * @returns {{kernelspec?: {name?: string, language?: string}, language_info?: {name?: string}}}
 */
function about(notebook) {
  return notebook.metadata.metadata ?? notebook.metadata.custom?.metadata ?? {};
}

/** @param {vscode.NotebookDocument} notebook */
function isLua(notebook) {
  const { kernelspec, language_info } = about(notebook);
  return kernelspec?.language === "lua" || language_info?.name === "lua";
}

/**
 * Tells VS Code whether the notebook that is looked at is Lua's, for the buttons that depend on it.
 * @param {vscode.NotebookEditor | undefined} editor
 */
function tell(editor) {
  const is = editor?.notebook.notebookType === NOTEBOOK && isLua(editor.notebook);
  vscode.commands.executeCommand("setContext", "perilune.isLuaNotebook", is);
}

/**
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
   * Runs cells in order; after one that fails, no other.
   * @param {vscode.NotebookCell[]} cells
   */
  run(cells) {
    const generation = this.#generation;
    const executions = cells.map((cell) => this.controller.createNotebookCellExecution(cell));
    let isGoing = true;
    const all = executions.map((execution) => {
      const one = this.#queue.then(async () => {
        if (isGoing && generation === this.#generation) isGoing = await this.#execute(execution);
        else {
          // VS Code wants to hear a beginning before an end.
          execution.start();
          execution.end(undefined);
        }
      });
      this.#queue = one.catch(() => {});
      return one;
    });
    return Promise.all(all).then(() => {});
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

/**
 * What the configuration of a session that debugs a cell says, beside what VS Code wants.
 * @typedef {vscode.DebugConfiguration & {cell?: string}} CellConfiguration
 */

/** All notebooks, and the kernel that VS Code shows for them. */
class Notebooks {
  #controller = vscode.notebooks.createNotebookController("lua", NOTEBOOK, "Lua (perilune)");
  /** @type {Map<vscode.NotebookDocument, Session>} */
  #sessions = new Map();
  /** @type {Set<vscode.NotebookDocument>} those that run their cells here */
  #chosen = new Set();
  /** @type {vscode.Disposable[]} */
  #others = [];
  #findProgram;

  /** @param {() => Promise<string | undefined>} findProgram finds perilune, or says why it cannot */
  constructor(findProgram) {
    this.#findProgram = findProgram;
    const controller = this.#controller;
    controller.supportedLanguages = ["lua"];
    controller.supportsExecutionOrder = true;
    controller.description = "Runs and debugs cells";
    controller.executeHandler = (cells, notebook) => this.session(notebook).run(cells);
    controller.interruptHandler = (notebook) => this.session(notebook).interrupt();
    const prefer = (/** @type {vscode.NotebookDocument} */ notebook) => {
      if (notebook.notebookType === NOTEBOOK && isLua(notebook)) {
        controller.updateNotebookAffinity(notebook, vscode.NotebookControllerAffinity.Preferred);
      }
    };
    vscode.workspace.notebookDocuments.forEach(prefer);
    this.#others.push(
      controller,
      vscode.workspace.onDidOpenNotebookDocument(prefer),
      vscode.workspace.onDidCloseNotebookDocument((notebook) => {
        this.#sessions.get(notebook)?.restart();
        this.#sessions.delete(notebook);
      }),
      controller.onDidChangeSelectedNotebooks(({ notebook, selected }) => {
        if (!selected) return this.#chosen.delete(notebook);
        this.#chosen.add(notebook);
        this.#mark(notebook);
      }),
      vscode.window.onDidChangeActiveNotebookEditor((editor) => tell(editor)),
    );
    tell(vscode.window.activeNotebookEditor);
  }

  /** @param {vscode.NotebookDocument} notebook */
  session(notebook) {
    let session = this.#sessions.get(notebook);
    if (!session) {
      session = new Session(notebook, this.#controller, this.#findProgram);
      this.#sessions.set(notebook, session);
    }
    return session;
  }

  /**
   * Writes into a notebook that says nothing of a kernel that it is Lua's, for whoever opens it next.
   * @param {vscode.NotebookDocument} notebook
   */
  async #mark(notebook) {
    if (about(notebook).kernelspec || isLua(notebook)) return;
    const kernelspec = { name: "lua", display_name: "Lua", language: "lua" };
    const metadata = { ...notebook.metadata, metadata: { ...about(notebook), kernelspec } };
    const edit = new vscode.WorkspaceEdit();
    edit.set(notebook.uri, [vscode.NotebookEdit.updateNotebookMetadata(metadata)]);
    await vscode.workspace.applyEdit(edit);
  }

  /**
   * Runs a cell, and stops at breakpoints in it and in what it calls.
   * @param {vscode.NotebookCell} cell
   */
  async debug(cell) {
    const session = this.session(cell.notebook);
    // Whoever debugs already runs the cell, and stops there too.
    if (session.debugger) return session.run([cell]);
    if (!this.#chosen.has(cell.notebook)) {
      const kernel = { id: "lua", extension: "perilune.perilune", notebookUri: cell.notebook.uri };
      await vscode.commands.executeCommand("notebook.selectKernel", kernel);
    }
    /** @type {CellConfiguration} */
    const configuration = {
      type: "perilune",
      request: "launch",
      name: `Cell of ${path.basename(cell.notebook.uri.path)}`,
      internalConsoleOptions: "neverOpen",
      cell: cell.document.uri.toString(),
    };
    await vscode.debug.startDebugging(vscode.workspace.getWorkspaceFolder(cell.notebook.uri), configuration);
  }

  /**
   * The adapter for a session that debugs a cell.
   * @param {string} uri of the cell
   */
  async adapter(uri) {
    const cell = vscode.workspace.notebookDocuments
      .flatMap((notebook) => notebook.getCells())
      .find((cell) => cell.document.uri.toString() === uri);
    if (!cell) throw new Error("The cell is not there any more.");
    const session = this.session(cell.notebook);
    const program = await this.#findProgram();
    if (!program) throw new Error("There is no perilune to debug with.");
    const runner = await session.runner();
    const adapter = new CellDebugAdapter({
      program,
      notebook: cell.notebook,
      connectionFile: runner.connectionFile,
      run: () => session.run([cell]),
      interrupt: () => session.interrupt(),
      closed: () => {
        if (session.debugger === adapter) session.debugger = undefined;
      },
    });
    session.debugger = adapter;
    return adapter;
  }

  dispose() {
    for (const session of this.#sessions.values()) session.restart();
    for (const other of this.#others) other.dispose();
  }
}

module.exports = { Notebooks };
