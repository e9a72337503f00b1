// The kernel that VS Code offers for Lua notebooks.

const path = require("node:path");
const vscode = require("vscode");
const { CellDebugAdapter } = require("./debugging");
const { Session } = require("./session");

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

/** How often `tell` has told. */
let told = 0;

/**
 * Tells VS Code which notebooks are Lua's, for the buttons that depend on it. Which one is looked at
 * VS Code knows itself, and tells extensions late or not at all. A cell's buttons are those of when
 * VS Code has made the cell, and stay so until something changes: so this is said anew, with another
 * number, when somebody turns to a cell.
 */
function tell() {
  told += 1;
  const lua = vscode.workspace.notebookDocuments.filter((it) => it.notebookType === NOTEBOOK && isLua(it));
  const paths = Object.fromEntries(lua.map((it) => [it.uri.path, told]));
  vscode.commands.executeCommand("setContext", "perilune.luaNotebooks", paths);
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
      vscode.workspace.onDidOpenNotebookDocument((notebook) => {
        prefer(notebook);
        tell();
      }),
      vscode.workspace.onDidChangeNotebookDocument(({ metadata }) => metadata && tell()),
      vscode.window.onDidChangeNotebookEditorSelection(tell),
      vscode.window.onDidChangeActiveTextEditor(tell),
      vscode.workspace.onDidCloseNotebookDocument((notebook) => {
        this.#sessions.get(notebook)?.restart();
        this.#sessions.delete(notebook);
        tell();
      }),
      controller.onDidChangeSelectedNotebooks(({ notebook, selected }) => {
        if (!selected) return this.#chosen.delete(notebook);
        this.#chosen.add(notebook);
        this.#mark(notebook);
      }),
    );
    tell();
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
